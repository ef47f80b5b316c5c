using Tenon.Cluster;
using Tenon.Cluster.Rollouts;
using Tenon.Cluster.Workers;
using Tenon.Models.Generation;
using Tenon.Recipes;
using Tenon.Rewards;
using Tenon.Tensors;
using Tenon.Tests.Support;
using Tenon.Training;

namespace Tenon.Tests.Cluster;

/// <summary>Runs whose rollouts come from workers: the bytes of one machine, whatever happens to the workers.</summary>
public sealed class ClusterRolloutTests : IDisposable
{
    private const string Recipe = """
        model: tiny
        adapter: { method: dora, rank: 4 }
        data: { task: { name: arithmetic, level: 1 }, prompt: plain }
        rollout: { prompts: 6, group: 4, max-new-tokens: 10 }
        steps: 2
        seed: 5
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _remarks = [];

    private string Run(string name, ClusterClient? cluster, params string[] overrides)
    {
        var path = Path.Combine(_folder.Path, name);
        using var run = TrainingRun.Create(Tenon.Recipes.Recipe.Parse(Recipe).Set(overrides), path);
        run.Train(e =>
        {
            if (e is Remark remark) _remarks.Add(remark.Text);
        }, default, cluster is null ? null : cluster.Sampling);
        return path;
    }

    [Fact, Trait("Speed", "slow")]
    public void With_three_workers_a_runs_bytes_are_those_of_one_machine() => SameBytes(3);

    [Theory, Trait("Speed", "slow")]
    [InlineData(1, "precision=int8")]
    [InlineData(2, "precision=int8", "rollout.overlap=true", "adapter.method=pissa")]
    [InlineData(2, "rollout.dynamic-sampling=true", "objective.preset=remax", "adapter.method=adalora")]
    public void So_they_are_in_integers_ahead_and_with_dynamic_sampling(int workers, params string[] overrides) =>
        SameBytes(workers, overrides);

    private void SameBytes(int workers, params string[] overrides)
    {
        var asked = 0;
        using var cluster = new WorkersInProcess(workers, _ => new WorkerOffer
        {
            Threads = 1,
            Answers = groups =>
            {
                Interlocked.Add(ref asked, groups.Groups.Count);
                return groups;
            },
        });
        TinyRuns.ShouldBeTheSame(Run("cluster", cluster.Client, overrides), TinyRuns.Contents(Run("alone", null, overrides)));
        asked.ShouldBeGreaterThan(0);
        _remarks.ShouldNotContain(text => text.Contains("worker"));
    }

    [Fact, Trait("Speed", "slow")]
    public void A_worker_that_dies_in_mid_step_costs_time_only()
    {
        using var begun = new ManualResetEventSlim();
        using var never = new ManualResetEventSlim();
        using var cluster = new WorkersInProcess(2, number => new WorkerOffer
        {
            Threads = 1,
            Answers = groups =>
            {
                if (number == 0) return groups;
                begun.Set();
                never.Wait(TimeSpan.FromMinutes(2));
                return groups;
            },
        });
        var killer = new Thread(() =>
        {
            begun.Wait();
            cluster.Kill(1);
        });
        killer.Start();
        TinyRuns.ShouldBeTheSame(Run("cluster", cluster.Client), TinyRuns.Contents(Run("alone", null)));
        killer.Join();
        never.Set();
        // Where the machine is busy, its groups are late before it is known that it has died.
        _remarks.ShouldContain(text => text.Contains("asked for again") || text.Contains("computed here"), string.Join('\n', _remarks));
    }

    [Fact, Trait("Speed", "slow")]
    public void A_worker_that_is_late_is_not_waited_for()
    {
        using var never = new ManualResetEventSlim();
        using var cluster = new WorkersInProcess(1, _ => new WorkerOffer
        {
            Threads = 1,
            Answers = groups =>
            {
                never.Wait(TimeSpan.FromMinutes(2));
                return groups;
            },
        }, new ClusterSettings { Patience = 0.2 });
        TinyRuns.ShouldBeTheSame(Run("cluster", cluster.Client), TinyRuns.Contents(Run("alone", null)));
        never.Set();
        _remarks.ShouldContain(text => text.Contains("is late"));
    }

    [Fact, Trait("Speed", "slow")]
    public void A_liar_ends_the_run_with_its_name()
    {
        var lie = "";
        using var cluster = new WorkersInProcess(1, _ => new WorkerOffer { Threads = 1, Answers = groups => Lie(groups, lie) });
        var name = cluster.Client.WorkerNames[0];
        foreach (var kind in new[] { "a probability", "a token", "fewer completions" })
        {
            lie = kind;
            var fault = Should.Throw<TenonException>(() => Run(kind, cluster.Client));
            fault.Message.ShouldContain($"worker {name} answers what is not so");
            Directory.Exists(Path.Combine(_folder.Path, kind, "checkpoints", "1")).ShouldBeFalse();
        }
    }

    private static RolloutGroups Lie(RolloutGroups groups, string lie) => new([.. groups.Groups.Select(group =>
        (IReadOnlyList<GeneratedSample>)[.. group.Skip(lie == "fewer completions" ? 1 : 0).Select(sample => lie switch
        {
            "a probability" => sample with { LogProbabilities = [.. sample.LogProbabilities.Select(MathF.BitIncrement)] },
            "a token" => sample with { Ids = [.. sample.Ids.Select(id => id ^ 1)] },
            _ => sample,
        })])]);

    [Fact, Trait("Speed", "slow")]
    public void A_worker_with_other_numerics_or_rules_is_refused_by_name_and_the_others_work()
    {
        var facts = WorkerMachine.FactsOf(1, 1);
        using var cluster = new WorkersInProcess(3, number => new WorkerOffer
        {
            Threads = 1,
            Facts = number switch { 0 => facts with { Numerics = 1 }, 1 => facts with { Rules = 99, Tier = "abacus" }, _ => null },
        });
        TinyRuns.ShouldBeTheSame(Run("cluster", cluster.Client), TinyRuns.Contents(Run("alone", null)));
        _remarks.Count.ShouldBe(2, string.Join('\n', _remarks));
        _remarks.ShouldContain(text => text.Contains($"is refused: numerics 1, expected {Numerics.Version}"));
        _remarks.ShouldContain(text => text.Contains($"is refused: rules of judging 99, expected {JudgingRules.Version}"));
    }

    [Fact, Trait("Speed", "slow")]
    public void Where_every_worker_is_refused_the_run_says_so()
    {
        using var cluster = new WorkersInProcess(1, _ => new WorkerOffer { Facts = WorkerMachine.FactsOf(1, 1) with { Numerics = 7 } });
        var fault = Should.Throw<TenonException>(() => Run("refused", cluster.Client));
        fault.Message.ShouldContain("numerics 7");
    }

    public void Dispose() => _folder.Dispose();
}
