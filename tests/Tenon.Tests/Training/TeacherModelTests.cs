using System.Text.Json.Nodes;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>Another model as the teacher: one with the policy's tokens teaches, one with others is refused.</summary>
public sealed class TeacherModelTests : IDisposable
{
    private const string Recipe = """
        model: tiny
        adapter: { method: lora, rank: 2, alpha: 4 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 2, group: 2, max-new-tokens: 16 }
        objective: { preset: opd, teacher-model: TEACHER }
        optimizer: { learning-rate: 1.0e-3 }
        steps: 2
        checkpoint: { every: 0 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact, Trait("Speed", "slow")]
    public void Another_model_with_the_same_tokens_teaches_and_its_gap_is_logged()
    {
        Succeed("model", "export", "tiny", _runs.RunFolder("tiny"));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(_runs.RunFolder("tiny"), "config.json")))!.AsObject();
        config["num_hidden_layers"] = 5;
        File.WriteAllText(Path.Combine(_runs.Folder, "config.json"), config.ToJsonString());
        Succeed("model", "random", "--like", Path.Combine(_runs.Folder, "config.json"), _runs.RunFolder("teacher"));
        var tokens = Directory.GetFiles(_runs.RunFolder("tiny"), "*token*").Concat(Directory.GetFiles(_runs.RunFolder("tiny"), "*.jinja"));
        foreach (var file in tokens)
            File.Copy(file, Path.Combine(_runs.RunFolder("teacher"), Path.GetFileName(file)), overwrite: true);
        Succeed("train", _runs.Recipe(Recipe.Replace("TEACHER", _runs.RunFolder("teacher"))), "--output", _runs.RunFolder("run"));
        foreach (var line in File.ReadLines(Path.Combine(_runs.RunFolder("run"), "metrics.jsonl")).Select(text => JsonNode.Parse(text)!))
        {
            ((double)line["teacher_gap"]!).ShouldBeLessThan(-0.5);
            ((double)line["teacher_missing"]!).ShouldBe(0);
            ((double)line["grad_norm"]!).ShouldBePositive();
        }

        // Its whole distributions teach, too.
        Succeed("train", _runs.Recipe(Recipe.Replace("opd", "gkd").Replace("TEACHER", _runs.RunFolder("teacher"))),
            "--output", _runs.RunFolder("whole"));
        foreach (var line in File.ReadLines(Path.Combine(_runs.RunFolder("whole"), "metrics.jsonl")).Select(text => JsonNode.Parse(text)!))
        {
            ((double)line["teacher_divergence"]!).ShouldBeInRange(1e-3, Math.Log(2));
            ((double)line["grad_norm"]!).ShouldBePositive();
        }

        // The run knows its teacher: another one in its place is refused.
        var described = JsonNode.Parse(File.ReadAllText(Path.Combine(_runs.RunFolder("run"), "run.json")))!;
        ((string?)described["teacher_fingerprint"])!.ShouldNotBe((string?)described["model_fingerprint"]);
        Succeed("train", "--resume", _runs.RunFolder("run"), "--set", "steps=3");
        Succeed("model", "random", "--like", Path.Combine(_runs.Folder, "config.json"), _runs.RunFolder("second"), "--seed", "5");
        File.Copy(Path.Combine(_runs.RunFolder("second"), "model.safetensors"),
            Path.Combine(_runs.RunFolder("teacher"), "model.safetensors"), overwrite: true);
        var call = Call.Tenon("train", "--resume", _runs.RunFolder("run"), "--set", "steps=4");
        call.Exit.ShouldBe(2, call.Error);
        call.Error.ShouldContain("the teacher's file has changed since");
    }

    [Fact]
    public void A_model_with_other_tokens_is_refused_by_the_first_that_differs()
    {
        Succeed("model", "export", "tiny", _runs.RunFolder("other"));
        var path = Path.Combine(_runs.RunFolder("other"), "tokenizer.json");
        var tokenizer = JsonNode.Parse(File.ReadAllText(path))!;
        var words = tokenizer["model"]!["vocab"]!.AsObject();
        var (a, b) = ((int)words["a"]!, (int)words["b"]!);
        (words["a"], words["b"]) = (b, a);
        File.WriteAllText(path, tokenizer.ToJsonString());
        var recipe = _runs.Recipe(Recipe.Replace("TEACHER", _runs.RunFolder("other")));
        var call = Call.Tenon("train", recipe, "--output", _runs.RunFolder("no"));
        call.Exit.ShouldBe(2, call.Error);
        call.Error.ShouldContain("objective.teacher-model");
        call.Error.ShouldContain($"token {Math.Min(a, b)} is");
    }

    private static void Succeed(params string[] arguments)
    {
        var call = Call.Tenon(arguments);
        call.Exit.ShouldBe(0, call.Error);
    }
}
