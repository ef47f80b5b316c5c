using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

[Trait("Speed", "slow")]
public class SpectraCommandTests
{
    [Theory]
    [InlineData("lora")]
    [InlineData("dora")]
    [InlineData("ia3")]
    public void Every_matrix_has_a_line_and_the_last_says_whether_it_collapsed(string method)
    {
        using var folder = new TemporaryFolder();
        var run = Train(folder, method);
        var call =
            Call.Tenon("spectra", "tiny", "--run", run, "--json", "--modules", "layers.0.", "--angles", "2", "--exact");
        call.Exit.ShouldBe(0, call.Error);
        var lines = call.Lines.Select(l => JsonNode.Parse(l)!).ToList();
        lines.Count.ShouldBeGreaterThan(2);
        foreach (var line in lines.SkipLast(1))
        {
            line["step"]!.GetValue<int>().ShouldBeInRange(1, 2);
            line["energy"]!.AsArray().Sum(x => x!.GetValue<double>()).ShouldBe(1, 1e-9);
            line["energy"]!.AsArray().Count.ShouldBe(10);
            line["update_norm"]!.GetValue<double>().ShouldBeGreaterThan(0);
            line["angles_left"]!.AsArray().Count.ShouldBe(2);
            line["sparsity"]!.GetValue<double>().ShouldBeInRange(0, 1);
        }

        lines[^1]["summary"]!["steps"]!.ToJsonString().ShouldBe("[1,2]");
        lines[^1].AsObject().ContainsKey("collapse").ShouldBeTrue();
    }

    [Fact]
    public void A_cache_and_a_drawing_are_written_where_asked_for()
    {
        using var folder = new TemporaryFolder();
        var run = Train(folder, "lora");
        string[] words =
            ["spectra", "tiny", "--adapter", Path.Combine(run, "checkpoints", "2"), "--modules", "layers.0.self_attn",
            "--cache", folder.File("svd")];
        var first = Call.Tenon([.. words, "--svg", folder.File("e.svg")]);
        first.Exit.ShouldBe(0, first.Error);
        first.Out.ShouldContain("first tenth");
        first.Out.ShouldContain("collapse");
        File.ReadAllText(folder.File("e.svg")).ShouldStartWith("<svg xmlns=");
        Directory.GetFiles(folder.File("svd")).Length.ShouldBe(4);
        var again = Call.Tenon(words);
        again.Out.ShouldBe(first.Out);
        again.Error.ShouldNotContain("kept");
    }

    [Fact]
    public void What_has_no_spectrum_is_a_wrong_call()
    {
        Call.Tenon("spectra", "tiny")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("--adapter DIR or --run DIR"));
        Call.Tenon("spectra", "tiny", "--run", "/nowhere").Exit.ShouldBe(2);
        using var folder = new TemporaryFolder();
        var run = Train(folder, "ln-tuning");
        Call.Tenon("spectra", "tiny", "--run", run)
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("norms alone"));
    }

    /// <summary>Two steps on the embedded model with a checkpoint after each.</summary>
    private static string Train(TemporaryFolder folder, string method)
    {
        var recipe = folder.File("r.yaml");
        File.WriteAllText(recipe, $$"""
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            adapter: { method: {{method}} }
            rollout: { prompts: 6, group: 4, max-new-tokens: 48 }
            checkpoint: { every: 1, keep: 0 }
            steps: 2
            """);
        var call = Call.Tenon("train", recipe, "--output", folder.File("run"));
        call.Exit.ShouldBe(0, call.Error);
        return folder.File("run");
    }
}
