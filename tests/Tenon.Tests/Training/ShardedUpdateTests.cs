using Tenon.Adapters;
using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training;

/// <summary>
/// An update in S shards has the same bits for any number of workers, and differs from the whole one by rounding only.
/// </summary>
public sealed class ShardedUpdateTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private TrainingSetup Setup(params string[] overrides) => RunBuilder.Build(RecipeFile.Load<RunSettings>(_runs.Recipe("""
        model: tiny
        adapter: { method: lora, rank: 4 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 5, group: 4, max-new-tokens: 8, temperature: 2.0 }
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        objective: { preset: grpo }
        optimizer: { learning-rate: 1.0e-2 }
        update: { minibatches: 1, shards: 4 }
        steps: 2
        seed: 7
        checkpoint: { every: 2 }
        """), overrides));

    private (string Run, string Digest) Run(string name, TrainingSetup setup, IGradientWorkers? workers = null)
    {
        using (setup)
        {
            using var folder = RunFolder.Create(Path.Combine(_runs.Folder, name), RunBuilder.Describe(setup));
            new RlvrTrainer(setup, folder, _ => { }, gradients: workers).Run();
            return (folder.Folder, setup.Adapter.Sha256());
        }
    }

    [Theory, Trait("Speed", "slow")]
    [InlineData("lora", "grpo")]
    [InlineData("lora", "gspo", "update.minibatches=2", "update.epochs=2", Traits = ["Speed", "slow"])]
    [InlineData("lora", "dapo", "objective.kl=0.05", "update.minibatches=2", "adapter.dropout=0.2", Traits = ["Speed", "slow"])]
    [InlineData("adalora", "grpo", "update.minibatches=2", Traits = ["Speed", "slow"])]
    [InlineData("oft", "cispo", Traits = ["Speed", "slow"])]
    [InlineData("full", "reinforce++", Traits = ["Speed", "slow"])]
    [InlineData("vblora", "real", "update.minibatches=2", Traits = ["Speed", "slow"])]
    [InlineData("dora", "kl-cov", "update.minibatches=2", "objective.entropy-bonus=0.01", "objective.entropy-adaptive=true")]
    [InlineData("slicefine", "gmpo", "update.minibatches=2", Traits = ["Speed", "slow"])]
    [InlineData("miss", "opsd-full", "objective.teacher-gap-min=null", "update.minibatches=2", "reward=null", "optimizer.learning-rate=1.0e-4")]
    public void Any_number_of_workers_gives_the_same_bits(string method, string preset, params string[] more)
    {
        string[] overrides = [$"adapter.method={method}", $"objective.preset={preset}", .. more];
        var one = Run("one", Setup(overrides));
        var expected = TinyRuns.Contents(one.Run);
        // Every number of workers for the plainest method, the largest for the others.
        foreach (var workers in (int[])(method == "lora" && preset == "grpo" ? [2, 3, 4] : [4]))
        {
            var many = Run($"workers-{workers}", Setup([.. overrides, $"update.workers={workers}"]));
            many.Digest.ShouldBe(one.Digest);
            TinyRuns.ShouldBeTheSame(many.Run, expected);
        }
    }

    [Fact]
    public void Shards_change_rounding_alone_and_the_report_of_the_first_step_not_at_all()
    {
        var (whole, shards) = (Run("whole", Setup("update.shards=1", "steps=3")), Run("shards", Setup("steps=3")));
        whole.Digest.ShouldNotBe(shards.Digest);
        var (a, b) = (RunReader.Open(whole.Run).Steps[0], RunReader.Open(shards.Run).Steps[0]);
        foreach (var metric in (Metric[])[StepMetric.Loss, StepMetric.Entropy, StepMetric.TokensTrained, StepMetric.RatioMax])
            b[metric].ShouldBe(a[metric], metric.Name);
        b[StepMetric.GradNorm].ShouldBe(a[StepMetric.GradNorm], a[StepMetric.GradNorm] * 1e-5);
        b[StepMetric.LogpDifference].ShouldBe(0);
    }

    [Fact]
    public void A_run_that_was_ended_goes_on_with_another_number_of_workers_to_the_same_bytes()
    {
        string[] overrides = ["steps=5", "update.minibatches=2", "update.shards=2", "adapter.dropout=0.1"];
        var expected = TinyRuns.Contents(Run("whole", Setup(overrides)).Run);
        var run = Run("ended", Setup([.. overrides, "steps=3", "update.workers=2"])).Run;
        Directory.Delete(Path.Combine(run, "checkpoints", "3"), recursive: true);
        using var setup = Setup([.. overrides, "update.workers=1"]);
        using (var folder = RunFolder.Open(run))
        {
            var trainer = new RlvrTrainer(setup, folder, _ => { });
            trainer.Resume();
            trainer.Run();
        }

        TinyRuns.ShouldBeTheSame(run, expected);
    }

    [Fact]
    public void Workers_elsewhere_that_answer_late_and_out_of_order_give_the_same_bits()
    {
        var one = Run("one", Setup());
        var setup = Setup();
        using var elsewhere = Setup();
        var workers = new Elsewhere(elsewhere);
        Run("elsewhere", setup, workers).Digest.ShouldBe(one.Digest);
        workers.Shards.ShouldBeGreaterThan(3);
    }

    [Fact]
    public void What_an_update_in_shards_holds_is_in_the_plan_of_memory()
    {
        using var whole = Setup("update.shards=1");
        using var shards = Setup();
        using var workers = Setup("update.workers=4");
        var values = whole.Adapter.TrainableCount * sizeof(float);
        (MemoryPlan.AdapterBytes(shards) - MemoryPlan.AdapterBytes(whole)).ShouldBe(2 * values);
        (MemoryPlan.AdapterBytes(workers) - MemoryPlan.AdapterBytes(whole)).ShouldBe(11 * values);
        MemoryPlan.PassBytes(workers).ShouldBe(MemoryPlan.MicroBatchTokens(workers) * 4L * MemoryPlan.PassBytes(whole)
            / MemoryPlan.MicroBatchTokens(whole));
        // Passes that run at the same time share what one of them may have.
        var config = whole.Model.Config with { HiddenSize = 2048, IntermediateSize = 8192, NumHiddenLayers = 30 };
        var (one, four) = (MemoryPlan.MicroBatchTokens(config, 0, 1), MemoryPlan.MicroBatchTokens(config, 0, 1, workers: 4));
        one.ShouldBeLessThan(8192);
        four.ShouldBeInRange(one / 4 - 1, one / 4);
    }

    // Another model and another adapter, as another process has them: it gets values and rows, and gives sums.
    private sealed class Elsewhere(TrainingSetup setup) : IGradientWorkers
    {
        public int Shards { get; private set; }

        public int Count => 3;

        public IEnumerable<ShardGradient> Compute(GradientRequest request)
        {
            setup.Adapter.TakeValues(request.Adapter);
            setup.Adapter.Sha256().ShouldBe(request.AdapterFingerprint);
            var updater = new PolicyUpdater(setup.Model, setup.Settings.Rollout.Temperature, new PassOptions(40), new Tape());
            var answers = new ShardGradient[request.Shards.Count];
            for (var s = answers.Length - 1; s >= 0; s--, Shards++)
                answers[s] = updater.Gradient(request, request.Shards[s], setup.Adapter);
            return answers;
        }

        public void Dispose()
        {
        }
    }
}
