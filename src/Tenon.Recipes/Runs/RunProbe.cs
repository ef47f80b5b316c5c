using Tenon.Evaluation.Reports;
using Tenon.Models.Generation;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Training;

namespace Tenon.Recipes;

/// <summary>
/// A piece of the run itself, measured on this machine: its first steps, all of a batch where one fits in a few seconds, fewer prompts
/// where it does not, and shorter completions where a single prompt does not. The best of several steps counts, in seconds of processors
/// of its own. Nothing of it is kept.
/// </summary>
internal sealed record RunProbe
{
    private const double StepSeconds = 5, MostSeconds = 20;
    private const double UsualWall = 6;
    private const int MostSteps = 12;
    private const int FirstTokens = 8;

    /// <summary>Mean length of a completion; where the probe had to cut them, what their ends so far suggest.</summary>
    public required double Length { get; init; }

    /// <summary>Mean length of the probe's own completions, which it may have cut.</summary>
    public required double ProbedLength { get; init; }

    /// <summary>The longest of them.</summary>
    public required double Longest { get; init; }

    /// <summary>Mean length of a prompt.</summary>
    public required double PromptTokens { get; init; }

    /// <summary>Prompts of the probe's steps.</summary>
    public required int Prompts { get; init; }

    /// <summary>Steps that the probe rests on.</summary>
    public required int Steps { get; init; }

    /// <summary>Completions that were drawn in them.</summary>
    public required int Completions { get; init; }

    /// <summary>Groups drawn for each prompt of a step: more than one under dynamic sampling.</summary>
    public required double Draws { get; init; }

    /// <summary>Groups with a training pass for each prompt of a step.</summary>
    public required double Active { get; init; }

    /// <summary>Share of the kept groups with a pass in the step of the run that has the most.</summary>
    public required double MostActive { get; init; }

    /// <summary>Seconds of a step of sampling beyond what its rows take: those of the engine's own steps.</summary>
    public required double SecondsPerSamplingStep { get; init; }

    /// <summary>Seconds of sampling and judging by row, a token of a prompt or of a completion.</summary>
    public required double SecondsPerSampled { get; init; }

    /// <summary>Seconds of reference, teacher, advantages and the samples' file by completion token.</summary>
    public required double SecondsPerScored { get; init; }

    /// <summary>Seconds of the optimizer steps beyond what their tokens take.</summary>
    public required double SecondsPerUpdate { get; init; }

    /// <summary>Seconds of all optimizer steps by completion token that a pass is made over.</summary>
    public required double SecondsPerTrained { get; init; }

    /// <summary>Seconds that the first calls of everything took more than later ones: compilation, first touch of the weights.</summary>
    public required double StartSeconds { get; init; }

    /// <summary>Seconds by the wall clock for one of the probe's own; 1 on a machine that does nothing else.</summary>
    public required double Disturbed { get; init; }

    /// <summary>The process's peak while the model was loaded, and while the steps ran, in bytes.</summary>
    public required (long Loading, long Steps) Peaks { get; init; }

    /// <summary>Measures; takes some ten seconds, more only where a single token is slow.</summary>
    public static RunProbe Of(TrainingSetup setup)
    {
        var (rollout, loading) = (setup.Settings.Rollout, ProcessMemory.PeakBytes());
        var report = 0.0;
        var first = ProbeSteps.Run(setup, 1, Math.Min(FirstTokens, rollout.MaxNewTokens), 2, 2, folder => report = Report(folder));
        if (first.Count == 0) throw new TenonException("the first step of the run", "one that can be made", "one that diverges");
        // A step without a pass says nothing of one: about twice its sampling then.
        var one = first[^1];
        var whole = (one.Sampling + one.Scoring + (one.Active(setup.Settings.Update.Epochs) > 0 ? one.Training : 2 * one.Sampling))
            / Math.Max(1, one.Tokens) * rollout.Group * rollout.MaxNewTokens;
        var prompts = (int)Math.Clamp(StepSeconds / whole, 1, rollout.Prompts);
        var limit = (int)Math.Clamp(rollout.MaxNewTokens * Math.Min(1, 3 * StepSeconds / whole), 1, rollout.MaxNewTokens);
        var start = Math.Max(0, first[0].Seconds - one.Seconds);
        // What the first tokens cost is mostly compilation: as long as there is time, more of the batch tells more.
        IReadOnlyList<ProbeStep> smaller = first, steps = ProbeSteps.Run(setup, prompts, limit, 1, 1);
        while (steps.Count > 0 && Larger(prompts, rollout.Prompts, steps[0].Seconds) is { } larger)
        {
            (smaller, prompts) = (steps, larger);
            steps = ProbeSteps.Run(setup, prompts, limit, 1, 1);
        }

        var peak = ProcessMemory.PeakBytes();
        var begun = steps.Count > 0 ? steps[0] : one;
        if (steps.Count == 0 || begun.Seconds < UsualWall / 2)
        {
            // What the steps before have left is no part of a run's memory.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            ProcessMemory.ResetPeak();
            steps = ProbeSteps.Run(setup, prompts, limit, UsualWall, MostSteps);
            peak = ProcessMemory.PeakBytes();
        }

        if (steps.Count == 0) (steps, prompts) = (first, 1);
        return Of(setup, prompts, limit, smaller, steps) with
        {
            StartSeconds = start + report + Math.Max(0, begun.Seconds - steps.Min(step => step.Seconds)),
            Peaks = (loading, peak),
        };
    }

    // More rows at a time cost less each, so a batch that would take this long by its rows takes about half of it.
    private static int? Larger(int prompts, int all, double seconds)
    {
        var larger = (int)Math.Min(Math.Min(all, 8.0 * prompts), prompts * MostSeconds / Math.Max(seconds, 1e-3));
        return larger > prompts && (larger == all || larger >= 2 * prompts) ? larger : null;
    }

    private static RunProbe Of(TrainingSetup setup, int prompts, int limit, IReadOnlyList<ProbeStep> smaller,
        IReadOnlyList<ProbeStep> steps)
    {
        var (rollout, epochs) = (setup.Settings.Rollout, setup.Settings.Update.Epochs);
        var promptTokens = PromptLength(setup);
        double Rows(ProbeStep step) => step.Tokens + step.Drawn * promptTokens;
        double Trained(ProbeStep step) => step.Active(epochs) * rollout.Group * step.Metrics[StepMetric.LengthMean];
        double Scored(ProbeStep step) => step.Metrics[StepMetric.GroupsKept] * rollout.Group * step.Metrics[StepMetric.LengthMean];
        var completions = steps.Sum(step => step.Drawn) * rollout.Group;
        var length = steps.Sum(step => step.Drawn * step.Metrics[StepMetric.LengthMean]) / Math.Max(1, steps.Sum(step => step.Drawn));
        var ended = steps.Sum(step => step.Drawn * rollout.Group * (1 - step.Metrics[StepMetric.Truncated]));
        var (perStep, perRow) = Fit(smaller, steps, step => step.Metrics[StepMetric.LengthMax], Rows, step => step.Sampling);
        var whole = prompts == rollout.Prompts;
        // The optimizer's own share can be told from the passes' where two sizes were measured.
        var (perUpdate, perTrained) = whole ? (0, Best(steps, Trained, step => step.Training))
            : Fit([.. smaller.Where(step => Trained(step) > 0)], [.. steps.Where(step => Trained(step) > 0)], _ => 1, Trained,
                step => step.Training);
        return new RunProbe
        {
            Length = limit == rollout.MaxNewTokens ? length : Math.Min(rollout.MaxNewTokens, length * completions / Math.Max(1, ended)),
            ProbedLength = length, Longest = steps.Max(step => step.Metrics[StepMetric.LengthMax]), PromptTokens = promptTokens,
            Prompts = prompts, Steps = steps.Count, Completions = (int)completions,
            Draws = steps.Average(step => step.Drawn) / prompts,
            Active = steps.Average(step => step.Active(epochs)) / prompts,
            MostActive = Most(steps.Sum(step => step.Active(epochs)),
                steps.Sum(step => step.Metrics[StepMetric.GroupsKept]), rollout.Prompts,
                setup.Settings.Steps),
            SecondsPerSamplingStep = perStep, SecondsPerSampled = perRow,
            SecondsPerScored = Best(steps, Scored, step => step.Scoring),
            SecondsPerUpdate = perUpdate,
            SecondsPerTrained = perTrained > 0 ? perTrained : SecondsOfPasses(setup),
            StartSeconds = 0, Disturbed = steps.Sum(step => step.Wall) / steps.Sum(step => step.Seconds), Peaks = default,
        };
    }

    // The page that a run writes at its end.
    private static double Report(string folder)
    {
        var clock = new QuietClock(WorkerPool.Default.Threads);
        try
        {
            RunReport.Write(folder, null, Recipe.Defaults);
        }
        catch (Exception e) when (e is TenonException or IOException or UnauthorizedAccessException)
        {
            // It ends no run either.
        }

        return clock.Stop().Alone;
    }

    // A good step, but not the best of all: what disturbs one makes it slower, and not all steps are as fast as the fastest.
    private static ProbeStep? Good(IReadOnlyList<ProbeStep> steps, Func<ProbeStep, double> size, Func<ProbeStep, double> seconds)
    {
        var sorted = steps.Where(step => size(step) > 0).OrderBy(step => seconds(step) / size(step)).ToList();
        return sorted.Count == 0 ? null : sorted[sorted.Count / 4];
    }

    private static double Best(IReadOnlyList<ProbeStep> steps, Func<ProbeStep, double> size, Func<ProbeStep, double> seconds) =>
        Good(steps, size, seconds) is { } step ? seconds(step) / size(step) : 0;

    // The largest share that a run of so many steps is likely to meet: the draws of a step are independent.
    private static double Most(double active, double kept, int prompts, int steps)
    {
        if (kept <= 0) return 1;
        // A few groups say little, and training moves the share towards where it teaches: two more of either kind.
        var share = (active + 2) / (kept + 4);
        return Math.Min(1, share + Math.Sqrt(share * (1 - share) / prompts) * Math.Sqrt(2 * ExactMath.Log(Math.Max(1, steps))) * 0.75);
    }

    // seconds = a first + b second through the best steps of two sizes, neither below 0; all of it the second where they do not tell.
    private static (double First, double Second) Fit(IReadOnlyList<ProbeStep> small, IReadOnlyList<ProbeStep> large,
        Func<ProbeStep, double> first, Func<ProbeStep, double> second, Func<ProbeStep, double> seconds)
    {
        if (large.Count == 0) return (0, 0);
        var high = Good(large, second, seconds) ?? large[0];
        var alone = seconds(high) / Math.Max(1, second(high));
        if (small.Count == 0) return (0, alone);
        var low = Good(small, second, seconds) ?? small[0];
        var determinant = first(low) * second(high) - first(high) * second(low);
        if (determinant <= 0) return (0, alone);
        // What a small step takes more than its share of the rows is that of its steps, and no more than all of the large one.
        var a = Math.Clamp((seconds(low) * second(high) - seconds(high) * second(low)) / determinant, 0,
            seconds(high) / Math.Max(1, first(high)));
        return (a, Math.Max(0, (seconds(high) - a * first(high)) / Math.Max(1, second(high))));
    }

    private static double PromptLength(TrainingSetup setup)
    {
        const int Most = 16;
        var encode = new ProblemPrompts(setup.Encoder, setup.Settings.Data.Prompt, setup.Settings.Data.System);
        return Enumerable.Range(0, Most).Average(i => (double)encode.Of(setup.Problems.At(i), 0).Prompt.Length);
    }

    // Where no step had anything to train on: what a pass over random completions takes.
    private static double SecondsOfPasses(TrainingSetup setup)
    {
        var (rollout, update) = (setup.Settings.Rollout, setup.Settings.Update);
        var key = new RandomKey(7);
        var length = Math.Min(rollout.MaxNewTokens, 2 * FirstTokens);
        var group = new RolloutGroup(setup.Problems.At(0), 0, [0],
        [
            .. Enumerable.Range(0, rollout.Group).Select(sample => new Rollout(new GeneratedSample(0, sample,
                [.. Enumerable.Range(0, length).Select(t => key.Index(setup.Model.Config.VocabSize, RandomPurpose.Sampling, 0, 0,
                    (uint)sample, (uint)t))], [], [], FinishReason.Length), "", [])),
        ]);
        var options = new PassOptions(MemoryPlan.MicroBatchTokens(setup), rollout.SharePrompts,
            update.Recompute ?? MemoryPlan.Recompute(setup));
        var updater = new PolicyUpdater(setup.Model, rollout.Temperature, options, new Tape(null, setup.Precision));
        var best = double.MaxValue;
        for (var i = 0; i < 2; i++)
        {
            var clock = new QuietClock(WorkerPool.Default.Threads);
            updater.AccumulateWeighted([group], setup.Adapter, (_, _) => 0);
            best = Math.Min(best, clock.Stop().Alone);
        }

        foreach (var parameter in setup.Adapter.Trainable) parameter.ZeroGrad();
        return update.Epochs * best / (rollout.Group * length);
    }
}
