using System.Text.Json.Nodes;
using Tenon.Runs.Evaluations;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>The verb as a person calls it: what stands in its folder, and that no call answers with another one's figures.</summary>
public sealed class EvalCommandTests : IDisposable
{
    private static readonly string[] S_plain = ["--prompt", "plain", "--max-new-tokens", "32", "--json"];
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private string Sums(string name, int count, int first = 0, Func<int, string>? gold = null)
    {
        var path = Path.Combine(_runs.Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllLines(path, Enumerable.Range(first, count).Select(i => new JsonObject
        {
            ["id"] = $"p{i}", ["problem"] = $"{10 + i}+{200 + 3 * i}=?", ["answer"] = gold?.Invoke(i)
            ?? $"{210 + 4 * i}", ["subject"] = i % 2 == 0 ? "even" : "odd", ["level"] = i % 3,
        }.ToJsonString()));
        return path;
    }

    private string Out(string name) => Path.Combine(_runs.Folder, name);

    private static Call Eval(string benchmark, string output, params string[] more) =>
        Call.Tenon(
        ["eval", "tiny", "--benchmark", benchmark, "--output", output, .. S_plain.Where((_, i) => !IsReplaced(i, more)), .. more]);

    // An option that is given takes the place of the usual one, with its value.
    private static bool IsReplaced(int i, string[] more) =>
        more.Contains(S_plain[i]) || (i > 0 && !S_plain[i].StartsWith('-') && more.Contains(S_plain[i - 1]));

    private static JsonNode Line(Call call)
    {
        call.Exit.ShouldBe(0, call.Error);
        return JsonNode.Parse(call.Lines[^1])!;
    }

    [Fact]
    public void Another_evaluation_in_the_same_folder_is_refused_and_says_what_differs()
    {
        var bench = Sums("bench.jsonl", 6);
        var first = Line(Eval(bench + "@2", Out("e")));
        Line(Eval(bench + "@2", Out("e"))).ToJsonString().ShouldBe(first.ToJsonString());
        foreach (var (differs, arguments) in new (string, string[])[]
        {
            ("sampling.temperature", ["--temperature", "0.5"]), ("seed", ["--seed", "7"]), ("prompt", ["--prompt", "boxed"]),
            ("sampling.max_new_tokens", ["--max-new-tokens", "16"]),
            ("problems", ["--problems", "3"]), ("system", ["--system", "Be short."]), ("sampling.top_p", ["--top-p", "0.9"]),
            ("sampling.stop", ["--stop", "="]),
            ("rules", ["--profile", "boxed"]), ("precision", ["--precision", "bf16"]),
        })
        {
            var other = Eval(bench + "@2", Out("e"), arguments);
            other.Exit.ShouldBe(2, differs);
            other.Error.ShouldContain(differs);
        }

        Sums("bench.jsonl", 6, gold: _ => "-7");
        var golds = Eval(bench + "@2", Out("e"));
        (golds.Exit, golds.Error.Contains("problems_sha256", StringComparison.Ordinal)).ShouldBe((2, true));
    }

    [Fact]
    public void Base_and_adapter_and_again_have_their_own_figures()
    {
        var bench = Sums("bench.jsonl", 8);
        var recipe = _runs.Recipe("""
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 2, group: 4, max-new-tokens: 24 }
            optimizer: { learning-rate: 1.0 }
            steps: 2
            """);
        Call.Tenon("train", recipe, "--output", Out("run")).Exit.ShouldBe(0);
        var adapter = Path.Combine(Out("run"), "checkpoints", "2");
        var (alone, with) = (Line(Eval(bench + "@2", Out("a"))), Line(Eval(bench + "@2", Out("b"), "--adapter", adapter)));
        with["identity"]!.ToJsonString().ShouldNotBe(alone["identity"]!.ToJsonString());
        var mixed = Eval(bench + "@2", Out("a"), "--adapter", adapter);
        (mixed.Exit, mixed.Error.Contains("adapter", StringComparison.Ordinal)).ShouldBe((2, true));
        Line(Eval(bench + "@2", Out("b"), "--adapter", adapter))["avg_at_k"]!.ToJsonString().ShouldBe(with["avg_at_k"]!.ToJsonString());
        Line(Eval(bench + "@2", Out("a")))["avg_at_k"]!.ToJsonString().ShouldBe(alone["avg_at_k"]!.ToJsonString());
    }

    [Fact]
    public void Two_files_of_one_name_do_not_mix_and_each_has_a_folder()
    {
        var (a, b) = (Sums("s1/test.jsonl", 3), Sums("s2/test.jsonl", 1, first: 40));
        var call = Eval($"{a}@1,{b}@1", Out("e"));
        call.Exit.ShouldBe(0, call.Error);
        call.Lines.Select(l => (int)JsonNode.Parse(l)!["problems"]!).ShouldBe([3, 1]);
        var folders = call.Lines.Select(l => (string)JsonNode.Parse(l)!["folder"]!).ToList();
        folders.Distinct().Count().ShouldBe(2);
        folders.Select(f => EvaluationFolder.ReadSamples(f).Count).ShouldBe([3, 1]);
    }

    [Fact]
    public void A_folder_that_another_process_writes_to_is_refused()
    {
        var bench = Sums("bench.jsonl", 2);
        Line(Eval(bench + "@1", Out("e")));
        using var other = EvaluationFolder.Open(Out("e"), new EvaluationIdentity(EvaluationFolder.ReadIdentity(Out("e"))!));
        var call = Eval(bench + "@1", Out("e"));
        (call.Exit, call.Error.Contains("in use", StringComparison.Ordinal)).ShouldBe((2, true));
    }

    [Fact]
    public void Golds_that_cannot_be_judged_are_left_out_and_counted()
    {
        var line = Line(Eval(Sums("some.jsonl", 5, gold: i => i < 2 ? "" : $"{210 + 4 * i}") + "@2", Out("e")));
        ((int)line["problems"]!, (int)line["judged"]!, (int)line["unscorable"]!).ShouldBe((5, 3, 2));
        EvaluationFolder.ReadSamples(Out("e")).Count(s => s.Skipped == "empty-gold").ShouldBe(4);
        var none = Eval(Sums("none.jsonl", 3, gold: _ => " ") + "@1", Out("n"));
        none.Exit.ShouldBe(1);
        none.Error.ShouldContain("a gold that can be judged");
    }

    [Fact]
    public void A_prompt_that_leaves_no_room_counts_as_wrong_and_truncated()
    {
        var path = Sums("bench.jsonl", 3);
        File.AppendAllText(path,
            new JsonObject { ["id"] = "long", ["problem"] = string.Concat(Enumerable.Repeat("x ", 300)) + "1+1=?", ["answer"] = "2" }
            .ToJsonString() + "\n");
        var call = Eval(path + "@2", Out("e"));
        var line = Line(call);
        ((int)line["problems"]!, (int)line["judged"]!, (int)line["too_long"]!).ShouldBe((4, 4, 1));
        call.Error.ShouldContain("1 prompts are too long");
        ((double)line["truncated"]!).ShouldBeGreaterThanOrEqualTo(0.25);
        EvaluationFolder.ReadSamples(Out("e")).Where(s => s.Problem == "long")
            .ShouldAllBe(s => s.Correct == false && s.Finish == EvaluationSample.TooLong);
        Eval(path + "@1", Out("all"), "--max-new-tokens", "100000").Exit.ShouldBe(1);
    }

    [Fact]
    public void Defaults_evaluate_every_problem_of_the_embedded_model()
    {
        var call =
            Call.Tenon("eval", "tiny", "--benchmark", Sums("bench.jsonl", 3) + "@1", "--prompt", "plain", "--output", Out("e"), "--json");
        ((int)Line(call)["problems"]!, (int)Line(call)["too_long"]!).ShouldBe((3, 0));
    }

    [Fact]
    public void The_line_has_passes_votes_parts_and_intervals()
    {
        var line = Line(Eval(Sums("bench.jsonl", 9) + "@4", Out("e")));
        var average = (double)line["avg_at_k"]!;
        ((double)line["pass_at"]!["1"]!).ShouldBe(average, 1e-12);
        Enumerable.Range(1, 4).Select(k => (double)line["pass_at"]![$"{k}"]!).ShouldBeInOrder();
        ((double)line["low"]!).ShouldBeLessThanOrEqualTo(average);
        ((double)line["high"]!).ShouldBeGreaterThan(average);
        ((int)line["by_subject"]!["even"]!["problems"]!).ShouldBe(5);
        line["by_level"]!.AsObject().Count.ShouldBe(3);
        line["maj_at_k"].ShouldNotBeNull();
        ((string)line["identity"]!).Length.ShouldBe(64);
        EvaluationFolder.ReadSamples(Out("e")).ShouldAllBe(s => s.Prompt.Contains(s.Question));
        EvaluationFolder.ReadSummary(Out("e"))!["avg_at_k"]!.ToJsonString().ShouldBe(line["avg_at_k"]!.ToJsonString());
    }

    [Fact]
    public void The_order_of_the_problems_and_the_concurrency_change_no_byte()
    {
        var path = Sums("bench.jsonl", 7);
        Line(Eval(path + "@3", Out("a")));
        File.WriteAllLines(path, File.ReadAllLines(path).Reverse());
        Line(Eval(path + "@3", Out("b"), "--concurrency", "2"));
        foreach (var file in new[] { "identity.json", "samples.jsonl", "summary.json" })
            File.ReadAllText(Path.Combine(Out("b"), file)).ShouldBe(File.ReadAllText(Path.Combine(Out("a"), file)));
    }

    [Theory, Trait("Speed", "slow")]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(13)]
    public void An_evaluation_that_was_cut_off_anywhere_goes_on_to_the_same_bytes(int lines)
    {
        var path = Sums("bench.jsonl", 6);
        Line(Eval(path + "@3", Out("a")));
        Line(Eval(path + "@3", Out("b")));
        var file = Path.Combine(Out("b"), "samples.jsonl");
        var all = File.ReadAllLines(file);
        // As a kill leaves it: lines in the order they were done, the last one half written, no summary.
        File.WriteAllText(file, string.Concat(all.Reverse().Take(lines).Select(l => l + "\n")) + all[0][..20]);
        File.Delete(Path.Combine(Out("b"), "summary.json"));
        Line(Eval(path + "@3", Out("b")));
        File.ReadAllText(file).ShouldBe(File.ReadAllText(Path.Combine(Out("a"), "samples.jsonl")));
        File.ReadAllText(Path.Combine(Out("b"), "summary.json")).ShouldBe(File.ReadAllText(Path.Combine(Out("a"), "summary.json")));
    }

    [Theory]
    [InlineData("bench.jsonl@2", "data: { train: TRAIN, prompt: plain }", "max-new-tokens: 20", "temperature: 0.7")]
    [InlineData("held-out@1", "data: { task: { name: arithmetic, level: 2 }, prompt: plain }", "problems: 12", "max-new-tokens: 24")]
    [InlineData("bench.jsonl@1", "data: { train: TRAIN, prompt: 'Now {problem}', system: 'Be short; say 1.' }", "problems: 5",
    "temperature: 0")]
    public void The_command_that_a_run_prints_gives_the_runs_own_figure(string benchmark, string data, string first, string second)
    {
        var bench = Sums("bench.jsonl", 9);
        var recipe = _runs.Recipe($$"""
            model: tiny
            {{data.Replace("TRAIN", Sums("train.jsonl", 12, first: 20))}}
            rollout: { prompts: 2, group: 4, max-new-tokens: 24 }
            evaluate: { benchmarks: ["{{benchmark.Replace("bench.jsonl", bench)}}"], {{first}}, {{second}} }
            steps: 2
            seed: 11
            """);
        var run = Call.Tenon("train", recipe, "--output", Out("run"));
        run.Exit.ShouldBe(0, run.Error);
        var printed = run.Error.Split('\n').Single(l => l.StartsWith("evaluate", StringComparison.Ordinal))["evaluate".Length..].Trim();
        var evaluated = Call.Tenon([.. Words(printed)[1..], "--json", "--output", Out("e")]);
        var name = benchmark.Replace("bench.jsonl", bench);
        var logged = JsonNode.Parse(File.ReadLines(Path.Combine(Out("run"), "metrics.jsonl")).Last())![$"eval/{name}"]!;
        Line(evaluated)["avg_at_k"]!.ToJsonString().ShouldBe(logged.ToJsonString(), printed);
        var own = Directory.GetFiles(Path.Combine(Out("run"), "eval", "2"), "samples.jsonl", SearchOption.AllDirectories).Single();
        File.ReadAllText(Path.Combine(Out("e"), "samples.jsonl")).ShouldBe(File.ReadAllText(own));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void An_evaluation_that_is_killed_again_and_again_ends_in_the_bytes_of_a_whole_one()
    {
        var (bench, turned) = (Sums("bench.jsonl", 30), Sums("turned/bench.jsonl", 30));
        File.WriteAllLines(turned, File.ReadAllLines(bench).Reverse());
        Line(Eval(bench + "@8", Out("whole"), "--max-new-tokens", "64"));
        var random = new Random(5);
        for (var kill = 0; kill < 10; kill++)
        {
            using var process =
                TenonProcess.Start(
                ["eval", "tiny", "--benchmark", (kill % 2 == 0 ? bench : turned) + "@8", "--output", Out("cut"), "--prompt", "plain",
                "--max-new-tokens", "64",
                "--threads", $"{1 + kill % 2}", "--concurrency", $"{2 + 3 * kill}"]);
            // At any moment after it has added a sample to what was there.
            var file = new FileInfo(Path.Combine(Out("cut"), "samples.jsonl"));
            var before = file.Exists ? file.Length : 0;
            while (!process.HasExited && (!file.Exists || file.Length == before))
            {
                Thread.Sleep(10);
                file.Refresh();
            }

            Thread.Sleep(random.Next(250));
            process.Kill();
            process.WaitForExit();
        }

        Line(Eval(bench + "@8", Out("cut"), "--max-new-tokens", "64"));
        foreach (var name in new[] { "identity.json", "samples.jsonl", "summary.json" })
            File.ReadAllText(Path.Combine(Out("cut"), name)).ShouldBe(File.ReadAllText(Path.Combine(Out("whole"), name)));
    }

    [Fact]
    public void A_run_and_its_base_compare_as_evaluations()
    {
        var bench = Sums("bench.jsonl", 9);
        var recipe = _runs.Recipe($$"""
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 2, group: 4, max-new-tokens: 32 }
            reward: [{ name: math }]
            evaluate: { benchmarks: ["{{bench}}@2"] }
            steps: 2
            """);
        Call.Tenon("train", recipe, "--output", Out("run")).Exit.ShouldBe(0);
        var bare = Call.Tenon("eval", "--run", Out("run"), "--output", Out("bare"));
        bare.Error.ShouldContain("before training");
        bare.Error.ShouldContain(Path.Combine(Out("run"), "checkpoints"));
        Line(Eval(bench + "@2", Out("base")));
        Line(Eval(bench + "@2", Out("seed"), "--seed", "9"));
        var call = Call.Tenon("compare", Out("base"), Out("seed"), "--json");
        call.Exit.ShouldBe(0, call.Error);
        var runs = Call.Tenon("compare", Out("run") + "@0", Out("run"), "--json");
        runs.Exit.ShouldBe(0, runs.Error);
        JsonNode.Parse(runs.Lines[^1])!["rows"]!.AsArray().Count.ShouldBe(2);
    }

    /// <summary>A printed command as a POSIX shell takes it apart: words, and texts in single quotes.</summary>
    private static string[] Words(string command)
    {
        var words = new List<string>();
        var word = new System.Text.StringBuilder();
        var quoted = false;
        foreach (var c in command + " ")
            if (c == '\'') quoted = !quoted;
            else if (c == ' ' && !quoted)
            {
                if (word.Length > 0) words.Add(word.ToString());
                word.Clear();
            }
            else word.Append(c);
        return [.. words];
    }
}
