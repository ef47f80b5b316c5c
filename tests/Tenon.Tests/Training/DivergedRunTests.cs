using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>
/// Runs with a learning rate that destroys the policy, and what the recipe has done about it; best checkpoint and early stop.
/// </summary>
public sealed class DivergedRunTests : IDisposable
{
    private const string Recipe = """
        model: tiny
        adapter: { method: lora, rank: 4, alpha: 8 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 4, group: 4, max-new-tokens: 40 }
        optimizer: { learning-rate: 1000 }
        steps: 4
        checkpoint: { every: 1, keep: 2 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void A_rate_that_destroys_the_policy_stops_the_run_in_the_step_that_shows_it()
    {
        var (call, run) = Train("stop");
        call.Exit.ShouldBe(1, call.Error);
        call.Error.ShouldContain("step 2 has diverged: the policy's entropy");
        // The checkpoint of step 1 holds that policy: going on from it would not help.
        call.Error.ShouldContain("no checkpoint is older than the policy that has diverged, which that of step 1 holds");
        call.Error.ShouldContain("optimizer.learning-rate");
        var aside = File.ReadLines(Path.Combine(run, "diverged", "000002.jsonl")).Select(SampleRecord.Read).ToList();
        aside.Count.ShouldBe(16);
        aside.ShouldAllBe(sample => sample!.Step == 2);
        Metrics(run, "updates_skipped").ShouldBe([null, 1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_policy_that_one_update_tears_apart_is_found_in_the_next_step_whatever_its_entropy(int seed)
    {
        var (call, run) = Train("torn", $"seed={seed}");
        call.Exit.ShouldBe(1, call.Error);
        call.Error.ShouldContain("step 2 has diverged: the policy's entropy");
        call.Error.ShouldContain(" in a step without a right completion (divergence.entropy)");
        Metrics(run, "accuracy")[1].ShouldBe(0);
    }

    [Fact]
    public void A_step_that_ends_the_run_is_logged_without_an_evaluation()
    {
        var (call, run) = Train("unevaluated", "evaluate={every: 1, benchmarks: [held-out@1], problems: 4}");
        call.Exit.ShouldBe(1, call.Error);
        var accuracies = Metrics(run, "eval/held-out@1");
        accuracies.Length.ShouldBe(2);
        accuracies[0].ShouldNotBeNull();
        accuracies[1].ShouldBeNull();
        Directory.GetDirectories(Path.Combine(run, "eval")).Select(Path.GetFileName).ShouldNotContain("000002");
    }

    [Fact]
    public void Skip_leaves_the_update_out_and_goes_on()
    {
        var (call, run) = Train("skip", "on-divergence=skip", "steps=3");
        call.Exit.ShouldBe(0, call.Error);
        call.Error.ShouldContain("step 2 has diverged");
        call.Error.ShouldContain("the update is left out");
        Metrics(run, "updates_skipped").ShouldBe([null, 1, 1]);
        Metrics(run, "update_norm")[1..].ShouldBe([null, null]);
    }

    [Fact]
    public void Back_to_the_checkpoint_takes_the_update_back_and_three_times_are_enough()
    {
        // Checkpoint 1 holds the destroyed policy, so that going back to it cannot help.
        var (call, run) = Train("back", "on-divergence=back-to-checkpoint", "checkpoint.every=100", "steps=3");
        call.Exit.ShouldBe(1);
        call.Error.ShouldContain("there is no checkpoint yet");

        Call.Tenon("train", _runs.Recipe(Recipe), "--output", _runs.RunFolder("good"), "--set", "steps=1", "--set",
            "optimizer.learning-rate=1e-3").Exit.ShouldBe(0);
        var (stopped, _) = Train("bad", "on-divergence=back-to-checkpoint", "steps=9", "checkpoint.every=1");
        stopped.Exit.ShouldBe(1);
        stopped.Error.ShouldContain("step 2 has diverged");
        stopped.Error.ShouldContain("no checkpoint is older than the policy that has diverged");
        Directory.Exists(run).ShouldBeTrue();
    }

    [Fact]
    public void The_best_checkpoint_is_kept_and_patience_ends_the_run()
    {
        var (call, run) =
            Train("early", "optimizer.learning-rate=1e-12", "steps=6", "evaluate={every: 1, benchmarks: [held-out@1], problems: 4}",
            "early-stop.patience=2", "checkpoint={every: 0, keep: 1}");
        call.Exit.ShouldBe(0, call.Error);
        // Nothing changes at such a rate: the first evaluation stays the best.
        call.Error.ShouldContain("2 evaluations without a better held-out accuracy than that of step 1");
        Directory.GetDirectories(Path.Combine(run, "checkpoints")).Select(Path.GetFileName).Order().ShouldBe(["1", "3"]);
        File.ReadLines(Path.Combine(run, "metrics.jsonl")).Count().ShouldBe(3);
        var longer = Call.Tenon("train", "--resume", run, "--set", "early-stop.patience=3");
        longer.Exit.ShouldBe(0, longer.Error);
        File.ReadLines(Path.Combine(run, "metrics.jsonl")).Count().ShouldBe(4);
    }

    [Fact, Trait("Speed", "slow")]
    public void Warnings_about_the_objective_are_said_at_the_start_and_in_a_dry_run()
    {
        var recipe = _runs.Recipe(Recipe);
        foreach (var (changes, said) in new (string[], string)[]
        {
            ([], "objective.clip-low and clip-high cannot act"),
            (["objective.preset=gspo", "objective.ratio=token"], "objective.ratio: token takes away what preset gspo is about"),
            (["objective.preset=gmpo", "objective.aggregation=token-mean"], "objective.aggregation"),
            (["objective.preset=dr-grpo", "objective.aggregation=token-mean"],
            "objective.aggregation: token-mean takes away what preset dr-grpo is about"),
        })
        {
            var call = Call.Tenon(["train", recipe, "--dry-run", .. changes.SelectMany(change => (string[])["--set", change])]);
            call.Error.ShouldContain(said);
        }

        // A batch that is older than the policy, or another function of it, moves ratios with one update, too.
        foreach (var change in (string[])["rollout.overlap=true", "rollout.replay={ share: 0.5 }", "adapter.dropout=0.1",
            "rollout={ dynamic-sampling: true, surplus: carry }"])
            Call.Tenon("train", recipe, "--dry-run", "--set", change).Error.ShouldNotContain("cannot act", customMessage: change);

        Call.Tenon("train", recipe, "--dry-run", "--set", "rollout={ surplus: carry, max-rounds: 3 }").Error
            .ShouldContain("rollout.surplus and max-rounds: without rollout.dynamic-sampling: true");
        Train("once", "steps=1").Call.Error.Split("objective.clip-low and clip-high cannot act").Length.ShouldBe(2);
    }

    private (Call Call, string Run) Train(string name, params string[] overrides)
    {
        var run = _runs.RunFolder(name);
        return (Call.Tenon(
            ["train", _runs.Recipe(Recipe), "--output", run, "--threads", "2", .. overrides.SelectMany(o => (string[])["--set", o])]), run);
    }

    private static double?[] Metrics(string run, string name) =>
        [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line => (double?)JsonNode.Parse(line)![name])];
}
