using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training;

/// <summary>Whole runs with <c>update.keep-activations</c>: all that they leave has the bytes of the run without it.</summary>
public sealed class KeptActivationsRunTests : IDisposable
{
    private const string Keep = "update.keep-activations=1GB";

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private TrainingSetup Setup(params string[] overrides) => RunBuilder.Build(RecipeFile.Load<RunSettings>(_runs.Recipe("""
        model: tiny
        adapter: { method: lora, rank: 4 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 4, group: 4, max-new-tokens: 8, temperature: 2.0 }
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        objective: { preset: grpo }
        optimizer: { learning-rate: 1.0e-2 }
        steps: 3
        seed: 7
        checkpoint: { every: 2 }
        """), overrides));

    private (string Run, long Taken) Run(string name, params string[] overrides)
    {
        using var setup = Setup(overrides);
        using var folder = RunFolder.Create(Path.Combine(_runs.Folder, name), RunBuilder.Describe(setup));
        var trainer = new RlvrTrainer(setup, folder, _ => { });
        trainer.Run();
        return (folder.Folder, trainer.Kept?.Taken ?? -1);
    }

    [Theory]
    [InlineData("lora")]
    [InlineData("lora", "precision=bf16", Traits = ["Speed", "slow"])]
    [InlineData("lora", "precision=int8", "update.micro-batch-tokens=40", Traits = ["Speed", "slow"])]
    [InlineData("lora", "update.epochs=2", "update.minibatches=2", Traits = ["Speed", "slow"])]
    [InlineData("lora", "rollout.dynamic-sampling=true", "rollout.surplus=carry")]
    [InlineData("lora", "rollout.share-prompts=false", "objective.kl=0.05", "update.recompute=true", Traits = ["Speed", "slow"])]
    [InlineData("lora", "precision=int8-a16", Traits = ["Speed", "slow"])]
    [InlineData("lora", "rollout.dynamic-sampling=true", "rollout.replay={ share: 0.25, size: 8 }", Traits = ["Speed", "slow"])]
    [InlineData("lora", "update.shards=2", "update.workers=2", "update.micro-batch-tokens=50", Traits = ["Speed", "slow"])]
    [InlineData("lora", "objective.preset=kl-cov", "update.minibatches=2", Traits = ["Speed", "slow"])]
    [InlineData("lora", "objective.advantage=greedy-baseline", Traits = ["Speed", "slow"])]
    [InlineData("dora", "objective.preset=dapo", Traits = ["Speed", "slow"])]
    [InlineData("dora", "objective.preset=gspo", "update.minibatches=2", "precision=int8", Traits = ["Speed", "slow"])]
    [InlineData("ia3", "update.minibatches=2", Traits = ["Speed", "slow"])]
    [InlineData("vera", "update.minibatches=2", Traits = ["Speed", "slow"])]
    [InlineData("adalora", "update.minibatches=2", Traits = ["Speed", "slow"])]
    [InlineData("oft", "rollout.concurrency=3", Traits = ["Speed", "slow"])]
    [InlineData("ln-tuning", "update.epochs=2", Traits = ["Speed", "slow"])]
    public void A_run_that_takes_what_sampling_kept_is_the_same_run(string method, params string[] more)
    {
        string[] overrides = [$"adapter.method={method}", .. more];
        var without = Run("without", overrides);
        without.Taken.ShouldBe(-1);
        var expected = TinyRuns.Contents(without.Run);
        var kept = Run("kept", [.. overrides, Keep]);
        kept.Taken.ShouldBeGreaterThan(0);
        TinyRuns.ShouldBeTheSame(kept.Run, expected);
        var half = Run("half", [.. overrides, "update.keep-activations=1700KB"]);
        half.Taken.ShouldBeLessThan(kept.Taken);
        TinyRuns.ShouldBeTheSame(half.Run, expected);
    }

    [Theory, Trait("Speed", "slow")]
    [InlineData(-1, "rollout.overlap=true")]
    [InlineData(-1, "adapter.dropout=0.2")]
    [InlineData(0, "adapter.method=full", "optimizer.learning-rate=1.0e-3")]
    public void Where_nothing_could_be_taken_nothing_is_kept(int taken, params string[] overrides)
    {
        var expected = TinyRuns.Contents(Run("without", overrides).Run);
        var kept = Run("kept", [.. overrides, Keep]);
        kept.Taken.ShouldBe(taken);
        TinyRuns.ShouldBeTheSame(kept.Run, expected);
    }

    [Fact, Trait("Speed", "slow")]
    public void A_run_that_was_ended_amid_a_step_goes_on_to_the_same_bytes()
    {
        string[] overrides = ["rollout.max-new-tokens=48", "rollout.concurrency=4"];
        var expected = TinyRuns.Contents(Run("whole", overrides).Run);
        var run = Path.Combine(_runs.Folder, "ended");
        using (var setup = Setup([.. overrides, Keep]))
        using (var folder = RunFolder.Create(run, RunBuilder.Describe(setup)))
        using (var abort = new CancellationTokenSource())
        {
            var step = 0;
            var trainer = new RlvrTrainer(setup, folder, e =>
            {
                if (e is StepDone) step++;
                if (step == 2 && e is PhaseMoved { Phase: StepPhase.Sampling, Share: > 0 }) abort.Cancel();
            });
            Should.Throw<OperationCanceledException>(() => trainer.Run(abort: abort.Token));
        }

        Directory.GetFiles(Path.Combine(run, "rollouts")).SelectMany(File.ReadLines).Count().ShouldBeGreaterThan(1, "a head and groups");
        // The key may change while a run goes on.
        using (var setup = Setup([.. overrides, "update.keep-activations=2GB"]))
        using (var folder = RunFolder.Open(run))
        {
            var trainer = new RlvrTrainer(setup, folder, _ => { });
            trainer.Resume();
            trainer.Run();
            trainer.Kept!.Taken.ShouldBeGreaterThan(0, "the groups that were drawn again");
        }

        TinyRuns.ShouldBeTheSame(run, expected);
    }

    [Fact]
    public void Where_nothing_can_be_taken_the_run_says_so()
    {
        using var plain = Setup(Keep);
        plain.Notices.ShouldNotContain(notice => notice.Contains("keep-activations"));
        using var overlap = Setup(Keep, "rollout.overlap=true");
        overlap.Notices.ShouldContain(notice => notice.Contains("update.keep-activations does nothing here: under rollout.overlap"));
        using var dropout = Setup(Keep, "adapter.dropout=0.1");
        dropout.Notices.ShouldContain(notice => notice.Contains("update.keep-activations does nothing here: adapter.dropout"));
    }

    [Fact]
    public void The_plan_of_memory_counts_what_is_kept_and_no_more_than_a_batch_has()
    {
        using var small = Setup("update.keep-activations=300KB");
        MemoryPlan.KeptBytes(small).ShouldBe(300_000);
        using var large = Setup(Keep);
        var row = MemoryPlan.KeptBytesPerToken(large.Model.Config);
        MemoryPlan.KeptBytes(large).ShouldBe((4 * 4 * 8 + 4 * large.Settings.Rollout.MaxPromptTokens) * row);
        MemoryPlan.FixedBytes(large).ShouldBe(MemoryPlan.FixedBytes(small) + MemoryPlan.KeptBytes(large) - 300_000);
    }
}
