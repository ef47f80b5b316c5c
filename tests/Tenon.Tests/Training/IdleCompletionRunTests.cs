using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training;

/// <summary>Whole runs with and without <c>update.skip-idle</c>: adapter, optimizer, metrics and completions have the same bytes.</summary>
public sealed class IdleCompletionRunTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    // At this temperature some completions end before the limit and some do not, and one in several has a sum in it.
    private TrainingSetup Setup(params string[] overrides) => RunBuilder.Build(RecipeFile.Load<RunSettings>(_runs.Recipe("""
        model: tiny
        adapter: { method: lora, rank: 4 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 4, group: 6, max-new-tokens: 8, temperature: 2.0 }
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        objective: { preset: dapo, mask-truncated: true }
        optimizer: { learning-rate: 1.0e-2 }
        steps: 3
        seed: 7
        checkpoint: { every: 2 }
        """), overrides));

    private string Run(string name, params string[] overrides)
    {
        using var setup = Setup(overrides);
        using var folder = RunFolder.Create(Path.Combine(_runs.Folder, name), RunBuilder.Describe(setup));
        new RlvrTrainer(setup, folder, _ => { }).Run();
        return folder.Folder;
    }

    [Theory]
    [InlineData("precision=f32")]
    [InlineData("precision=int8")]
    [InlineData("objective.preset=pass@k", "objective.mask-truncated=false")]
    [InlineData("objective.preset=pass@k", "objective.mask-truncated=false", "precision=int8")]
    [InlineData("precision=bf16", "update.epochs=2", Traits = ["Speed", "slow"])]
    [InlineData("update.minibatches=2", "update.epochs=2", "adapter.dropout=0.2")]
    [InlineData("update.shards=3", "update.workers=2", "update.micro-batch-tokens=30", Traits = ["Speed", "slow"])]
    [InlineData("objective.kl=0.05", "update.minibatches=2", Traits = ["Speed", "slow"])]
    [InlineData("objective.reward-kl=0.05", "objective.preset=rloo", Traits = ["Speed", "slow"])]
    [InlineData("objective.preset=clip-cov", "update.minibatches=2", "update.keep-activations=1GB", Traits = ["Speed", "slow"])]
    [InlineData("objective.preset=m2po", "update.minibatches=2", "update.epochs=2", "optimizer.learning-rate=1.0e-3",
        Traits = ["Speed", "slow"])]
    [InlineData("objective.preset=gmpo", "rollout.share-prompts=false", Traits = ["Speed", "slow"])]
    [InlineData("objective.entropy-bonus=0.01", "objective.entropy-adaptive=true", Traits = ["Speed", "slow"])]
    [InlineData("adapter.method=full", "objective.preset=gspo", "optimizer.learning-rate=1.0e-3", "update.minibatches=2",
        Traits = ["Speed", "slow"])]
    [InlineData("objective.preset=sdpo-full", "objective.teacher-gap-min=null", "optimizer.learning-rate=1.0e-4",
        Traits = ["Speed", "slow"])]
    public void A_run_that_leaves_out_idle_completions_is_the_same_run(params string[] overrides)
    {
        var expected = Run("long", [.. overrides, "update.skip-idle=false"]);
        var run = Run("short", overrides);
        TinyRuns.ShouldBeTheSame(run, TinyRuns.Contents(expected));
        var steps = RunReader.Open(run).Steps;
        steps.Sum(step => step[StepMetric.CompletionsIdle]).ShouldBeGreaterThan(0);
        steps.ShouldContain(step => step[StepMetric.GradNorm] > 0);
        // Not only whole groups.
        steps.ShouldContain(step => step[StepMetric.CompletionsIdle] % 6 != 0);
    }

    [Fact]
    public void A_run_that_was_ended_goes_on_with_the_key_changed_to_the_same_bytes()
    {
        var expected = TinyRuns.Contents(Run("whole", "steps=5"));
        var run = Run("ended", "steps=3");
        Directory.Delete(Path.Combine(run, "checkpoints", "3"), recursive: true);
        using var setup = Setup("steps=5", "update.skip-idle=false");
        using (var folder = RunFolder.Open(run))
        {
            var trainer = new RlvrTrainer(setup, folder, _ => { });
            trainer.Resume();
            trainer.Run();
        }

        TinyRuns.ShouldBeTheSame(run, expected);
    }
}
