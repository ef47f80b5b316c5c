using System.Text.Json.Nodes;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Statistics;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>What <c>compare</c> says of real runs: seeds of one recipe, trained against base, equal costs, several benchmarks.</summary>
public sealed class CompareRunsTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private string Out(string name) => Path.Combine(_runs.Folder, name);

    private static List<JsonNode> Rows(Call call, string benchmark)
    {
        call.Exit.ShouldBe(0, call.Error);
        return [.. call.Lines.Select(l => JsonNode.Parse(l)!).Single(l => (string)l["benchmark"]! == benchmark)["rows"]!.AsArray()
            .Select(r => r!)];
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void Two_seeds_are_asked_the_same_and_cannot_be_told_apart_and_trained_is_better_than_base()
    {
        var recipe = _runs.Recipe("""
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 16, group: 8, max-new-tokens: 48 }
            optimizer: { learning-rate: 1.0e-3 }
            evaluate: { benchmarks: ["held-out@2", "base-conversion:1@1"], problems: 200, every: 10 }
            steps: 20
            """);
        _runs.Train(recipe, "a", 2, ["seed=1"]);
        _runs.Train(recipe, "b", 2, ["seed=2"]);
        var seeds = Call.Tenon("compare", Out("a"), Out("b"));
        seeds.Exit.ShouldBe(0, seeds.Error);
        seeds.Out.ShouldContain("not distinguishable; the smallest difference this could show is");
        seeds.Out.ShouldNotContain("no problem in common");

        // Before the first step both are the base: the same problems, the same samples.
        var before = Rows(Call.Tenon("compare", Out("a") + "@0", Out("b") + "@0", "--json"), "held-out");
        ((double)before[1]["difference"]!).ShouldBe(0);
        var trained = Call.Tenon("compare", $"base={Out("a")}@0,{Out("b")}@0", $"trained={Out("a")},{Out("b")}", "--json");
        var row = Rows(trained, "held-out")[1];
        ((string)row["verdict"]!).ShouldBe("better", trained.Out);
        ((double)row["difference_low"]!).ShouldBeGreaterThan(0);
        Rows(trained, "macro average").Count.ShouldBe(2);
    }

    [Fact]
    public void Rows_stand_at_equal_tokens_time_and_parameters()
    {
        Run("cheap", 100, (1, 10, 1.0, 0.2), (2, 20, 2.0, 0.4));
        Run("dear", 105, (1, 15, 4.0, 0.3), (2, 30, 8.0, 0.9));
        Run("large", 1000, (1, 5, 0.5, 0.1), (2, 10, 1.0, 0.5));
        var rows = Rows(Call.Tenon("compare", Out("cheap"), Out("dear"), Out("large"), "--json"), "held-out");
        double? Of(int row, string key) => (double?)rows[row][key];
        Enumerable.Range(0, 3).Select(r => Of(r, "avg_at_k")).ShouldBe([0.4, 0.9, 0.5]);
        // 10 tokens, the least; 1 second; 100 parameters.
        Enumerable.Range(0, 3).Select(r => Of(r, "at_equal_tokens")).ShouldBe([0.2, 0.0, 0.5]);
        Enumerable.Range(0, 3).Select(r => Of(r, "at_equal_time")).ShouldBe([0.2, 0.0, 0.5]);
        Enumerable.Range(0, 3).Select(r => Of(r, "at_equal_parameters")).ShouldBe([0.4, 0.9, null]);
        var table = Call.Tenon("compare", Out("cheap"), Out("dear"), Out("large")).Out;
        foreach (var heading in new[] { "trainable", "tokens", "seconds", "at equal tokens", "at equal time", "at equal parameters" })
            table.ShouldContain(heading);
        var equal = Rows(Call.Tenon("compare", Out("cheap"), Out("large"), "--equal", "tokens", "--json"), "held-out");
        equal.Select(r => (double)r["avg_at_k"]!).ShouldBe([0.2, 0.5]);
        Rows(Call.Tenon("compare", Out("cheap"), Out("dear"), Out("large"), "--equal", "parameters", "--json"), "held-out").Count.ShouldBe(2);
        Call.Tenon("compare", Out("cheap"), Out("large"), "--equal", "money")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("tokens, time, parameters"));
    }

    [Fact]
    public void A_report_shows_how_rows_learned_and_the_settings_in_which_they_differ()
    {
        Run("lora", 100, (1, 10, 1.0, 0.2), (2, 20, 2.0, 0.4));
        Run("dora", 105, (1, 15, 4.0, 0.3), (2, 30, 8.0, 0.9));
        foreach (var name in new[] { "lora", "dora" })
            File.WriteAllText(Path.Combine(Out(name), "run.json"), new JsonObject
            {
                ["recipe"] = new JsonObject
                {
                    ["model"] = "tiny", ["seed"] = name.Length, ["adapter"] = new JsonObject { ["method"] = name, ["rank"] = 8 },
                },
                ["trainable"] = 100,
            }.ToJsonString());
        var call = Call.Tenon("report", Out("lora"), Out("dora"), "--output", Out("c.html"));
        call.Exit.ShouldBe(0, call.Error);
        var html = File.ReadAllText(Out("c.html"));
        html.ShouldContain("settings that differ");
        html.ShouldContain("<th>adapter.method</th>");
        html.ShouldNotContain("<th>adapter.rank</th>");
        html.ShouldContain("held-out@1 by step");
        html.ShouldContain("accuracy against tokens sampled in training");
        var none = Call.Tenon("report", Out("lora") + "@0", Out("lora"), "--output", Out("d.html"));
        none.Exit.ShouldBe(0, none.Error);
        File.ReadAllText(Out("d.html")).ShouldNotContain("settings that differ");
    }

    [Fact]
    public void A_macro_average_counts_every_benchmark_once_and_its_interval_joins_theirs()
    {
        Estimate few = new(0.9, 0.6, 0.99, 0.1, 10, 10, "x"), many = new(0.5, 0.48, 0.52, 0.01, 1000, 1000, "x");
        var macro = MacroAverage.Of([few, many, Estimate.Nothing]);
        (macro.Mean, macro.Parts).ShouldBe((0.7, 2));
        macro.Low.ShouldBe(0.7 - Math.Sqrt(0.09 + 0.0004) / 2, 1e-12);
        macro.High.ShouldBe(0.7 + Math.Sqrt(0.0081 + 0.0004) / 2, 1e-12);
        MacroAverage.Of([few]).ShouldBe(new MacroAverage(0.9, 0.6, 0.99, 0.1, 1));
        double.IsNaN(MacroAverage.Of([Estimate.Nothing]).Mean).ShouldBeTrue();
    }

    [Theory]
    [InlineData(30, 1, 0.3, 0.5)]
    [InlineData(30, 32, 0.1, 0.5, Traits = ["Speed", "slow"])]
    [InlineData(200, 4, 0.5, 0.25, Traits = ["Speed", "slow"])]
    public void The_interval_of_a_paired_difference_holds_as_often_as_it_says(int problems, int samples, double mean, double spread)
    {
        const int Evaluations = 600;
        var truth = new SimulatedPairs(problems, samples, mean, 0.05, spread, 0.9);
        truth.Coverage(Evaluations).ShouldBeInRange(0.925, 0.985);
    }

    /// <summary>A run of 40 problems as a trainer leaves it; each step: tokens so far, seconds so far, the share that is right.</summary>
    private void Run(string name, int trainable, params (int Step, int Tokens, double Seconds, double Right)[] steps)
    {
        Directory.CreateDirectory(Out(name));
        File.WriteAllText(Path.Combine(Out(name), "run.json"), new JsonObject
        {
            ["recipe"] = new JsonObject { ["model"] = "tiny" }, ["trainable"] = trainable,
        }.ToJsonString());
        var (tokens, seconds) = (0, 0.0);
        File.WriteAllLines(Path.Combine(Out(name), "metrics.jsonl"), steps.Select(s =>
        {
            var line = new JsonObject { ["step"] = s.Step, ["time_s"] = s.Seconds - seconds, ["tokens_sampled"] = s.Tokens - tokens };
            (tokens, seconds) = (s.Tokens, s.Seconds);
            return line.ToJsonString();
        }));
        foreach (var (step, right) in steps.Select(s => (s.Step, s.Right)).Prepend((0, 0.0)))
        {
            var folder = Directory.CreateDirectory(Path.Combine(Out(name), "eval", $"{step}", "held-out@1")).FullName;
            File.WriteAllText(Path.Combine(folder, "identity.json"), """{"benchmark":"held-out@1"}""");
            File.WriteAllText(Path.Combine(folder, "summary.json"), new JsonObject
            {
                ["benchmark"] = "held-out@1", ["k"] = 1, ["avg_at_k"] = right,
            }.ToJsonString());
            File.WriteAllLines(Path.Combine(folder, "samples.jsonl"), Enumerable.Range(0, 40).Select(i => new JsonObject
            {
                ["problem"] = $"p{i}", ["sample"] = 0, ["score"] = i < right * 40 - 0.5 ? 1 : 0, ["tokens"] = 5, ["finish"] = "stop",
            }.ToJsonString()));
        }
    }
}
