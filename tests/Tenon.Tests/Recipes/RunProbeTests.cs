using Tenon.Recipes;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Recipes;

/// <summary>A probe runs the first steps of a run and leaves nothing: neither on the disk nor in the adapter.</summary>
[Trait("Speed", "slow")]
public sealed class RunProbeTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void A_probe_moves_no_adapter_and_leaves_no_file()
    {
        using var setup = Build(steps: 2, prompts: 2);
        List<float[]> Values() => [.. setup.Adapter.Tensors.Select(t => t.Tensor.ToArray())];
        var (before, version) = (Values(), setup.Adapter.Version);
        var place = Directory.CreateDirectory(_runs.RunFolder("disk")).FullName;
        var probe = RunProbe.Of(setup, Path.Combine(place, "runs", "probed"));
        probe.Active.ShouldBeGreaterThan(0, "it trains");
        Values().ShouldBe(before);
        setup.Adapter.Version.ShouldBe(version);
        Directory.EnumerateFileSystemEntries(place).ShouldBeEmpty();
    }

    /// <summary>Evaluations, checkpoint and memory are those of the probe's own where it has all of the run.</summary>
    [Fact]
    public void A_probe_of_a_whole_run_measures_all_of_it()
    {
        using var setup = Build(steps: 2, prompts: 2);
        var probe = RunProbe.Of(setup);
        (probe.Prompts, probe.Steps).ShouldBe((2, 2));
        probe.Evaluation.ShouldBeGreaterThan(0);
        probe.Checkpoint.ShouldBeGreaterThan(0);
        probe.MostActive.Run.ShouldBe(probe.MostActive.Probe);
    }

    /// <summary>A token of a long completion looks at more: the worst case takes more than its tokens.</summary>
    [Fact]
    public void The_worst_time_grows_with_the_context_by_attentions_share()
    {
        using var setup = Build(steps: 50, prompts: 4);
        var probe = RunProbe.Of(setup) with { Attention = (0, 0, 0) };
        double Worst(RunProbe p) => TimeEstimate.Worst(setup, p).Sum(part => part.Seconds);
        var context = (probe.PromptTokens + 64 / 2.0) / (probe.PromptTokens + probe.ProbedLength / 2);
        context.ShouldBeGreaterThan(1);
        Worst(probe with { Attention = (1, 1, 1), SecondsPerSamplingStep = 0, SecondsPerUpdate = 0 })
            .ShouldBe(context * Worst(probe with { SecondsPerSamplingStep = 0, SecondsPerUpdate = 0 }), 1e-6);
    }

    private TrainingSetup Build(int steps, int prompts) => RunBuilder.Build(RecipeFile.Load<RunSettings>(_runs.Recipe($$"""
        model: tiny
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: {{prompts}}, group: 8, max-new-tokens: 64 }
        steps: {{steps}}
        evaluate: { benchmarks: [held-out@1], problems: 8 }
        """)));
}
