using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Recipes;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training;

/// <summary>
/// The next batch is sampled while this one trains: by which weights is a rule, and how long anything takes changes no bit.
/// </summary>
public sealed class OverlapTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private TrainingSetup Setup(params string[] overrides) => RunBuilder.Build(RecipeFile.Load<RunSettings>(_runs.Recipe("""
        model: tiny
        adapter: { method: dora, rank: 4 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 2, group: 4, max-new-tokens: 8, temperature: 2.0, overlap: true }
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        objective: { preset: grpo }
        optimizer: { learning-rate: 1.0e-2 }
        update: { minibatches: 2 }
        steps: 5
        seed: 7
        checkpoint: { every: 2 }
        """), overrides));

    private string Run(string name, TrainingSetup setup, Action<TrainingEvent>? events = null)
    {
        using (setup)
        {
            using var folder = RunFolder.Create(Path.Combine(_runs.Folder, name), RunBuilder.Describe(setup));
            new RlvrTrainer(setup, folder, events ?? (_ => { })).Run();
            return folder.Folder;
        }
    }

    private static JsonNode[] Metrics(string run) =>
        [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line => JsonNode.Parse(line)!)];

    private static string[] Samples(string run, int step) =>
        [.. File.ReadLines(Path.Combine(run, "samples", $"{step:D6}.jsonl")).Select(line => (string)JsonNode.Parse(line)!["completion"]!)];

    [Fact, Trait("Speed", "slow")]
    public void A_slow_sampler_and_a_slow_trainer_change_no_bit()
    {
        var expected = TinyRuns.Contents(Run("plain", Setup()));
        var slow = Setup();
        slow = slow with { Rewards = [.. slow.Rewards.Select(r => r with { Reward = new Slow(r.Reward) })] };
        TinyRuns.ShouldBeTheSame(Run("sampler", slow), expected);
        TinyRuns.ShouldBeTheSame(Run("trainer", Setup(), e =>
        {
            if (e is PhaseMoved { Phase: StepPhase.Training }) Thread.Sleep(30);
        }), expected);
    }

    [Fact]
    public void A_batch_belongs_to_the_weights_before_the_step_before_it_and_its_ratios_are_exact()
    {
        var (ahead, without) = (Run("ahead", Setup()), Run("without", Setup("rollout.overlap=false")));
        // The first two batches are sampled by the weights that the run begins with.
        Samples(ahead, 1).ShouldBe(Samples(without, 1));
        var (overlapped, plain) = (Metrics(ahead), Metrics(without));
        ((double)overlapped[0]["logp_difference_max"]!).ShouldBe(0);
        overlapped[1..].ShouldAllBe(line => line["logp_difference_max"] == null, "no batch after the first was sampled by what it trains");
        plain.ShouldAllBe(line => (double)line["logp_difference_max"]! == 0);
        overlapped[1..].Max(line => Math.Abs((double?)line["drift"] ?? 0)).ShouldBeGreaterThan(1e-6);

        var first = Setup("rollout.overlap=false");
        using var sampler = first.Adapter.Copy();
        var source = first.LocalRollouts(sampler);
        var one = source.Draw(1, new RolloutState());
        var two = source.Draw(2, one.State);
        two.Statistics.Drawn.SelectMany(g => g.Rollouts).Select(r => r.Text).ShouldBe(Samples(ahead, 2));
        first.Dispose();
    }

    [Fact]
    public void A_run_with_workers_of_its_own_samples_ahead_with_them()
    {
        using var pool = new WorkerPool(1);
        using var setup = Setup("steps=3");
        using var folder = RunFolder.Create(Path.Combine(_runs.Folder, "own"), RunBuilder.Describe(setup));
        var script = new Pools(setup.LocalRollouts());
        var run = new Thread(() =>
        {
            WorkerPool.UseHere(pool);
            new RlvrTrainer(setup, folder, _ => { }, script).Run();
        });
        run.Start();
        run.Join();
        script.Seen.Select(seen => seen.Pool).ShouldBe([pool, pool, pool]);
        script.Seen.Select(seen => seen.Thread).Distinct().Count().ShouldBeGreaterThan(1, "no batch was sampled ahead");
    }

    [Fact, Trait("Speed", "slow")]
    public void A_run_made_longer_is_the_longer_run()
    {
        var expected = TinyRuns.Contents(Run("whole", Setup("steps=7")));
        var run = Run("first", Setup());
        using var setup = Setup("steps=7");
        using var folder = RunFolder.Open(run);
        var trainer = new RlvrTrainer(setup, folder, _ => { });
        trainer.Resume();
        trainer.Run();
        TinyRuns.ShouldBeTheSame(run, expected);
    }

    /// <summary>Sees whose workers sample.</summary>
    private sealed class Pools(IRolloutSource inner) : IRolloutSource
    {
        public List<(WorkerPool Pool, int Thread)> Seen { get; } = [];

        public RolloutBatch Draw(int step, RolloutState state, Action<double>? progress = null, CancellationToken cancel = default)
        {
            Seen.Add((WorkerPool.Default, Environment.CurrentManagedThreadId));
            return inner.Draw(step, state, progress, cancel);
        }
    }

    private sealed class Slow(IReward inner) : IReward
    {
        public string Name => inner.Name;

        public bool IsOutcome => inner.IsOutcome;

        public Verdict Judge(Problem problem, in Completion completion)
        {
            Thread.Sleep(10);
            return inner.Judge(problem, completion);
        }
    }
}
