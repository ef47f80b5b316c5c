using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Studies;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Studies;

/// <summary>Studies as users run them: stopped, killed, made larger, run by several processes.</summary>
public sealed class StudyRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Recipe(string methods = "lora, dora", string seeds = "11, 12", string more = "") =>
        _folder.File($"study-{methods.Length}-{seeds.Length}.yaml", $$"""
        base:
          model: tiny
          adapter: { rank: 4 }
          data: { task: { name: arithmetic, level: 1 }, prompt: plain }
          rollout: { prompts: 2, group: 4, max-new-tokens: 12 }
          steps: 2
          evaluate: { problems: 12 }
          checkpoint: { every: 1, keep: 1 }
        axes: { adapter.method: [{{methods}}] }
        tune: { optimizer.learning-rate: { around: default, factors: [0.5, 2] }, seeds: [1] }
        seeds: [{{seeds}}]
        compare-with: { adapter.method: lora }
        {{more}}
        """);

    private string At(string name) => Path.Combine(_folder.Path, name);

    // Times are the only figures that two equal studies do not share.
    private static string Bare(string folder)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "study.json")))!;
        foreach (var cell in json["cells"]!.AsArray()) cell!.AsObject().Remove("seconds");
        return json.ToJsonString();
    }

    private static string[] Adapters(string folder) =>
        [.. Directory.GetFiles(folder, "adapter_model.safetensors", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal).Select(file => Path.GetRelativePath(folder, file) + Convert.ToHexString(
            System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))))];

    [Fact, Trait("Speed", "slow")]
    public void A_study_gives_the_same_with_one_run_at_a_time_and_with_four()
    {
        var recipe = Recipe();
        var one = Call.Tenon("study", recipe, "--output", At("one"), "--jobs", "1", "--threads", "1", "--json");
        one.Exit.ShouldBe(0, one.Error);
        var four = Call.Tenon("study", recipe, "--output", At("four"), "--jobs", "4", "--threads", "4");
        four.Exit.ShouldBe(0, four.Error);
        Bare(At("four")).ShouldBe(Bare(At("one")));
        Adapters(At("four")).ShouldBe(Adapters(At("one")));

        var json = JsonNode.Parse(one.Out)!;
        json["cells"]!.AsArray().Count.ShouldBe(4 + 4);
        json["cells"]!.AsArray().ShouldAllBe(cell => (string?)cell!["status"] == "done");
        var table = json["table"]!.AsArray();
        table.Select(row => (string?)row!["name"]).ShouldBe(["lora", "dora"]);
        table[0]!["difference"].ShouldBeNull();
        table[1]!["verdict"].ShouldNotBeNull();
        table.ShouldAllBe(row => row!["learning_rate"] != null && row["mean"] != null && row["low"] != null);
        foreach (var file in new[] { "report.html", "tables/accuracy.csv", "tables/accuracy.tex", "tables/cost.md", "tables/tuning.csv",
            "tables/spectra.csv" })
            File.Exists(Path.Combine(At("one"), file)).ShouldBeTrue(file);
        File.ReadAllText(At("one/tables/cost.md")).ShouldContain("| seconds | memory (GB) |");
    }

    [Fact, Trait("Speed", "slow")]
    public void An_axis_that_grows_runs_only_what_is_new()
    {
        Call.Tenon("study", Recipe("lora", "11"), "--output", At("study"), "--jobs", "2").Exit.ShouldBe(0);
        var first = Directory.GetDirectories(At("study/runs"))[0];
        var before = Directory.GetLastWriteTimeUtc(first);
        var call = Call.Tenon("study", Recipe("lora, dora", "11"), "--output", At("study"), "--jobs", "2");
        call.Exit.ShouldBe(0, call.Error);
        call.Error.Split('\n').Count(line => line.StartsWith('[')).ShouldBe(3, call.Error);
        Directory.GetLastWriteTimeUtc(first).ShouldBe(before);
        Directory.GetDirectories(At("study/runs")).Length.ShouldBe(6);
    }

    [Fact, Trait("Speed", "slow")]
    public void Final_updates_are_looked_at_once_unless_told_not_to()
    {
        string Of(string methods, string more = "") => _folder.File($"moved-{methods.Length}.yaml", $$"""
            base:
              model: tiny
              adapter: { rank: 4 }
              data: { task: { name: arithmetic, level: 2 }, prompt: plain }
              rollout: { prompts: 8, group: 4, max-new-tokens: 48 }
              steps: 1
              evaluate: { problems: 4 }
            axes: { adapter.method: [{{methods}}] }
            seeds: [11]
            {{more}}
            """);
        Call.Tenon("study", Of("lora", "spectra: false"), "--output", At("study"), "--jobs", "2").Exit.ShouldBe(0);
        Directory.Exists(At("study/spectra")).ShouldBeFalse();
        JsonNode.Parse(File.ReadAllText(At("study/study.json")))!["spectra"]!.AsArray().ShouldBeEmpty();
        File.ReadAllText(At("study/report.html")).ShouldNotContain("Spectra of the final updates");

        var call = Call.Tenon("study", Of("lora, full"), "--output", At("study"), "--jobs", "2");
        call.Exit.ShouldBe(0, call.Error);
        call.Error.ShouldContain("spectra of 2 final updates");
        call.Out.ShouldContain("spectra of the final updates");
        File.ReadAllText(At("study/report.html")).ShouldContain("energy of the final update over the base");
        var json = JsonNode.Parse(File.ReadAllText(At("study/study.json")))!;
        var rows = json["spectra"]!.AsArray();
        rows.Select(row => (string?)row!["name"]).ShouldBe(["lora", "full"]);
        rows[0]!["energy"]!.AsArray().Sum(share => (double)share!).ShouldBeInRange(0.5, 1.0001);

        // The same figures as the verb's, whose last line has the medians of the last checkpoint.
        var cell = json["cells"]!.AsArray().First(c => (string?)c!["role"] == "report" && c["spectrum"]!["matrices"] is not null)!;
        var verb = Call.Tenon("spectra", "tiny", "--run", Path.Combine(At("study"), (string)cell["run"]!), "--angles", "0", "--json");
        var medians = JsonNode.Parse(verb.Out.TrimEnd().Split('\n')[^1])!["summary"]!;
        foreach (var key in new[] { "relative", "shift", "first_tenth", "principal_half", "stable_rank", "effective_rank" })
            ((double)cell["spectrum"]![key]!).ShouldBe((double)medians[key]!, 1e-5 * (double)medians[key]!, key);

        var again = Call.Tenon("study", "--resume", At("study"));
        again.Exit.ShouldBe(0, again.Error);
        again.Error.ShouldNotContain("spectra of");
        JsonNode.DeepEquals(JsonNode.Parse(File.ReadAllText(At("study/study.json"))), json).ShouldBeTrue();
    }

    [Fact]
    public void A_dry_run_says_what_it_takes_and_leaves_nothing()
    {
        var call = Call.Tenon("study", Recipe(), "--output", At("dry"), "--dry-run");
        call.Exit.ShouldBe(0, call.Error);
        foreach (var word in new[] { "cells        8 at most: 4 to tune, 4 reported", "time ", "memory ", "disk ", "smallest difference" })
            call.Out.ShouldContain(word);
        Directory.Exists(At("dry")).ShouldBeFalse();
    }

    [Fact]
    public void A_row_that_cannot_be_run_is_told_and_the_others_go_on()
    {
        var recipe = _folder.File("odd.yaml", """
            base:
              model: tiny
              adapter: { rank: 4, targets: [q_proj] }
              data: { task: { name: arithmetic, level: 1 }, prompt: plain }
              rollout: { prompts: 2, group: 4, max-new-tokens: 8 }
              steps: 1
              evaluate: { problems: 4 }
            axes: { adapter.method: [lora, ln-tuning] }
            seeds: [1]
            """);
        var call = Call.Tenon("study", recipe, "--output", At("odd"), "--jobs", "2");
        call.Exit.ShouldBe(0, call.Error);
        call.Out.ShouldContain("1 refused");
        call.Out.ShouldContain("at least one norm");
    }

    [Fact]
    public void A_run_that_diverged_is_listed_with_its_step_its_last_accuracy_and_its_own_reason()
    {
        var recipe = _folder.File("torn.yaml", """
            base:
              model: tiny
              adapter: { rank: 4 }
              data: { task: { name: arithmetic, level: 2 }, prompt: plain }
              rollout: { prompts: 4, group: 4, max-new-tokens: 40 }
              steps: 4
              evaluate: { problems: 4, every: 1 }
              checkpoint: { every: 0 }
            axes: { optimizer.learning-rate: [1.0e-3, 1000] }
            seeds: [42]
            spectra: false
            """);
        var call = Call.Tenon("study", recipe, "--output", At("torn"), "--jobs", "2");
        call.Exit.ShouldBe(0, call.Error);
        call.Error.ShouldContain("diverged: step 2 has diverged: the policy's entropy");
        call.Out.ShouldContain("1 done, 1 diverged");
        var table = File.ReadAllLines(At("torn/tables/failures.md"));
        table[0].ShouldBe("| row | seed | what | at step | last evaluated | why |");
        // The evaluation of the last step that was made: the run ended before that of the next.
        table[2].ShouldStartWith("| 1000 | 42 | diverged | 2 | held-out@1 0.0 % (step 1) | step 2 has diverged: the policy's entropy");
    }

    [Theory]
    [InlineData("study")]
    [InlineData("study", "none.yaml")]
    [InlineData("study", "--resume", "nowhere")]
    [InlineData("study", "--join", "nowhere")]
    [InlineData("study", "--jobs", "0", "--resume", "nowhere")]
    [InlineData("study", "x.yaml", "--resume", "nowhere")]
    public void A_call_that_says_too_little_is_refused(params string[] arguments)
    {
        var call = Call.Tenon(arguments);
        call.Exit.ShouldBe(2, call.Error);
        call.Error.ShouldContain("expected");
    }

    [Fact, Trait("Speed", "slow")]
    public void Killed_ten_times_and_run_by_several_processes_it_gives_the_same()
    {
        var recipe = Recipe("lora, dora, ia3", "11, 12");
        TenonProcess.Run(["study", recipe, "--output", At("whole"), "--jobs", "2"]).Exit.ShouldBe(0);
        Kill(recipe);
        Bare(At("killed")).ShouldBe(Bare(At("whole")));
        Adapters(At("killed")).ShouldBe(Adapters(At("whole")));

        Study.Create(recipe, At("joined"));
        var processes = Enumerable.Range(0, 4)
            .Select(_ => TenonProcess.Start(["study", "--join", At("joined"), "--jobs", "1", "--threads", "1"])).ToList();
        foreach (var process in processes)
        {
            _ = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            process.ExitCode.ShouldBe(0, error);
            process.Dispose();
        }

        Bare(At("joined")).ShouldBe(Bare(At("whole")));
        Adapters(At("joined")).ShouldBe(Adapters(At("whole")));
    }

    private void Kill(string recipe)
    {
        // Short patience: a killed process's cells are taken up soon. Killed moments are random but the same each time.
        var random = new Random(7);
        for (var i = 0; i < 10; i++)
        {
            using var process = TenonProcess.Start(i == 0 ? ["study", recipe, "--output", At("killed"), "--jobs", "2"]
                : ["study", "--resume", At("killed"), "--jobs", "2", "--patience", "3"]);
            _ = process.StandardOutput.ReadToEndAsync();
            _ = process.StandardError.ReadToEndAsync();
            var clock = Stopwatch.StartNew();
            while (!process.HasExited && !Directory.Exists(At("killed/runs")) && clock.Elapsed.TotalSeconds < 60) Thread.Sleep(20);
            process.WaitForExit(random.Next(200, 2500));
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
        }

        var (exit, _, error) = TenonProcess.Run(["study", "--resume", At("killed"), "--jobs", "2", "--patience", "3"]);
        exit.ShouldBe(0, error);
    }

    public void Dispose() => _folder.Dispose();
}
