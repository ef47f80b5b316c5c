using Tenon.Tests.Support;

namespace Tenon.Tests.Cli.Recipes;

/// <summary>Columns of training data and of benchmarks, as recipes and <c>eval</c> name them.</summary>
public sealed class DataColumnsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact, Trait("Speed", "slow")]
    public void Training_columns_do_not_leak_to_benchmarks_and_each_benchmark_names_its_own()
    {
        File.WriteAllText(_folder["train.jsonl"], "{\"question\":\"1+1=?\",\"meta\":{\"key\":\"2\"}}\n");
        File.WriteAllText(_folder["usual.jsonl"], "{\"problem\":\"1+2=?\",\"answer\":\"3\"}\n");
        File.WriteAllText(_folder["other.csv"], "text,key\n1+3=?,4\n");
        Train("usual.jsonl@1", "").ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(0, c.Error));
        Train("other.csv@1", "")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("other.csv, line 2 has no column 'problem'"));
        Train("other.csv@1", $"  columns: {{ {_folder["other.csv"]}: {{ problem-column: text, answer-column: key }} }}\n")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(0, c.Error));
        Train("other.csv@1", "  columns: { else.csv: { problem-column: text } }\n")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("'else.csv' is no benchmark of this run"));
        Train("other.csv@1", $"  columns: {{ {_folder["other.csv"]}: {{ problem-colum: text }} }}\n")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("nearest: problem-column"));
        Eval("--problem-column", "text", "--answer-column", "key").ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(0, c.Error));
        Eval("--problem-column", "txt")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("problem-column: text"));
    }

    [Fact]
    public void Conversations_are_trained_on_as_conversations()
    {
        File.WriteAllText(_folder["train.jsonl"],
            "{\"prompt\":[{\"role\":\"system\",\"content\":\"Add.\"},{\"role\":\"user\",\"content\":\"123+45=?\"}],\"reward_model\":{\"style\":\"rule\",\"ground_truth\":\"168\"}}\n");
        File.WriteAllText(_folder["r.yaml"],
            $"model: tiny\ndata: {{ train: {_folder["train.jsonl"]}, prompt: plain }}\nrollout: {{ prompts: 1, group: 2, "
            + $"max-new-tokens: 8 }}\nsteps: 1\n");
        var call = Call.Tenon("train", _folder["r.yaml"], "--output", _folder["run"]);
        call.Exit.ShouldBe(0, call.Error);
        call.Error.ShouldContain("the golds are read from column 'reward_model.ground_truth'");
        var sample = File.ReadLines(Path.Combine(_folder["run"], "samples", "000001.jsonl")).First();
        sample.ShouldContain("\"problem\":\"123+45=?\"");
        sample.ShouldContain("\"answer\":\"168\"");
        Call.Tenon("train", _folder["r.yaml"], "--set", "data.answer-column=reward_model", "--output", _folder["no"])
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("answer-column: reward_model.ground_truth"));
    }

    private Call Train(string benchmark, string columns)
    {
        File.WriteAllText(_folder["r.yaml"],
            $"model: tiny\ndata: {{ train: {_folder["train.jsonl"]}, answer-column: meta.key, prompt: plain }}\nrollout: {{ prompts: 1, "
            + $"group: 2, max-new-tokens: 8 }}\nsteps: 1\n"
            + $"evaluate:\n  benchmarks: [{_folder[benchmark]}]\n{columns}");
        return Call.Tenon("train", _folder["r.yaml"], "--dry-run");
    }

    private Call Eval(params string[] options) =>
        Call.Tenon(
        ["eval", "tiny", "--benchmark", _folder["other.csv"] + "@1", "--prompt", "plain", "--max-new-tokens", "4", "--output",
        _folder[Guid.NewGuid().ToString("N")], .. options]);
}
