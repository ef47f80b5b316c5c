using Tenon.Models.Generation;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Training;

namespace Tenon.Recipes;

/// <summary>A run's rates from the pieces of it that were measured.</summary>
internal static class ProbeRates
{
    private const int PassTokens = 16;

    /// <summary>
    /// The rates: by the last piece where it has all prompts of a batch, else by the last two, which tell what a step costs beyond its
    /// tokens.
    /// </summary>
    /// <param name="setup">The run.</param>
    /// <param name="pieces">The pieces in the order in which they were made, each with a step at least.</param>
    public static RunProbe Of(TrainingSetup setup, IReadOnlyList<ProbeRun> pieces)
    {
        var (settings, last) = (setup.Settings, pieces[^1]);
        var (rollout, prompts) = (settings.Rollout, last.Size.Prompts);
        var promptTokens = PromptLength(setup);
        double Rows(ProbeStep step) => step.Tokens + step.Drawn * promptTokens;
        double Scored(ProbeStep step) => step.Kept * rollout.Group * step.Length;
        double Trained(ProbeStep step) => step.Active(settings) * rollout.Group * step.Length;
        double EngineSteps(ProbeStep step) =>
            TimeEstimate.EngineSteps(setup, step.Drawn * rollout.Group, step.Length, step.Longest);

        var usual = Usual(last.Steps, step => step.Seconds / Math.Max(1, Rows(step)));
        var passes = Usual([.. last.Steps.Where(step => Trained(step) > 0)], step => step.Training.Alone / Trained(step));
        var ((perStep, perRow), (perUpdate, perTrained)) = ((0.0, Ratio(usual, Rows, step => step.Sampling.Alone)),
            (0.0, Ratio(passes, Trained, step => step.Training.Alone)));
        if (prompts < rollout.Prompts && pieces.Count > 1)
        {
            var smaller = pieces[^2].Steps[^1];
            (perStep, perRow) = Fit([smaller], usual, EngineSteps, Rows, step => step.Sampling.Alone);
            if (Trained(smaller) > 0 && passes.Count > 0)
                (perUpdate, perTrained) = Fit([smaller], passes, _ => 1, Trained, step => step.Training.Alone);
        }

        if (perUpdate + perTrained == 0) perTrained = SecondsOfPasses(setup);
        var perScored = Ratio(usual, Scored, step => step.Scoring.Alone);
        double Told(ProbeStep step) => EngineSteps(step) * perStep + Rows(step) * perRow + Scored(step) * perScored
            + (Trained(step) > 0 ? perUpdate + Trained(step) * perTrained : 0);

        var (drawn, kept, active) = (last.Steps.Sum(step => step.Drawn), last.Steps.Sum(step => step.Kept),
            last.Steps.Sum(step => step.Active(settings)));
        var length = last.Steps.Sum(step => step.Drawn * step.Length) / Math.Max(1, drawn);
        var ended = last.Steps.Sum(step => step.Drawn * rollout.Group * (1 - step.Metrics[StepMetric.Truncated]));
        var most = last.Steps.Max(step => step.Active(settings) * step.Length) / Math.Max(1, length * prompts);
        return new RunProbe
        {
            Length = ExpectedLength(length, drawn * rollout.Group, ended, last.Size.Limit, rollout.MaxNewTokens),
            ProbedLength = length, Longest = last.Steps.Max(step => step.Longest), PromptTokens = promptTokens,
            Prompts = prompts, Problems = last.Evaluations.Count > 0 ? last.Size.Problems : 0,
            Steps = last.Steps.Count, Completions = (int)(drawn * rollout.Group),
            Draws = drawn / last.Steps.Count / prompts,
            Active = active / last.Steps.Count / prompts,
            MostActive = (most, last.Steps.Count >= settings.Steps && prompts == rollout.Prompts ? most
                : Math.Max(most, Most(active, kept, rollout.Prompts, settings.Steps))),
            SecondsPerSamplingStep = perStep, SecondsPerSampled = perRow,
            SecondsPerScored = perScored,
            SecondsPerUpdate = perUpdate, SecondsPerTrained = perTrained,
            Attention = (Share(usual, step => step.Sampling), Share(usual, step => step.Scoring), Share(passes, step => step.Training)),
            Evaluation = last.Evaluations.Count > 0 ? last.Evaluations[^1].Alone : 0,
            Checkpoint = last.Checkpoint?.Alone ?? 0,
            StartSeconds = last.Report.Alone + last.Report.Compiled + (last.Checkpoint?.Compiled ?? 0)
                + pieces.Sum(piece => piece.Steps.Sum(step => step.Compiled + Math.Max(0, step.Seconds - Told(step)) * First(step)))
                + last.Evaluations.Sum(time => time.Compiled + time.Alone - last.Evaluations[^1].Alone),
            CompiledLater = last.Steps.Count < 3 ? 0
                : last.Steps.Skip(1).Sum(step => step.Compiled) / ExactMath.Log(last.Steps.Count),
            Disturbed = last.Steps.Sum(step => step.Wall) / last.Steps.Sum(step => step.Seconds + step.Compiled), Peaks = default,
        };

        // What a piece's first step takes more is its start; those behind it are slower or faster by chance.
        double First(ProbeStep step) => pieces.Any(piece => piece.Steps[0] == step) ? 1 : 0;
    }

    /// <summary>
    /// Mean length of completions of at most <paramref name="limit"/> tokens by some that were cut at <paramref name="cut"/>: their own
    /// mean, and for the share S that went on what an end as likely at each further token as before leaves of the rest,
    /// S m (1 - e^(-(limit - cut) / m)) with m tokens for each end (the exponential distribution's estimate from lifetimes that were cut;
    /// one end where there was none).
    /// </summary>
    /// <param name="mean">Mean length up to the cut.</param>
    /// <param name="completions">How many they were.</param>
    /// <param name="ended">Those of them that ended by themselves.</param>
    /// <param name="cut">Tokens at which they were cut.</param>
    /// <param name="limit">Tokens at which the run cuts them.</param>
    internal static double ExpectedLength(double mean, double completions, double ended, int cut, int limit)
    {
        if (cut >= limit || completions <= 0) return mean;
        var each = mean * completions / Math.Max(1, ended);
        return Math.Min(limit, mean + (1 - ended / completions) * each * (1 - ExactMath.Exp((cut - limit) / Math.Max(1, each))));
    }

    // The first step touches memory for the first time, those behind it run code that is not yet compiled for good, and one in four may
    // have been disturbed.
    private static List<ProbeStep> Usual(IReadOnlyList<ProbeStep> steps, Func<ProbeStep, double> cost)
    {
        var later = steps.Skip(Math.Min(steps.Count - 1, (steps.Count + 2) / 3)).OrderBy(cost).ToList();
        return later[..^(later.Count / 4)];
    }

    private static double Ratio(List<ProbeStep> steps, Func<ProbeStep, double> size, Func<ProbeStep, double> seconds) =>
        steps.Sum(size) is > 0 and var all ? steps.Sum(seconds) / all : 0;

    private static double Share(List<ProbeStep> steps, Func<ProbeStep, QuietTime> part) =>
        Ratio(steps, step => part(step).Alone, step => part(step).Attention);

    // The largest share that a run of so many steps is likely to meet: the draws of a step are independent.
    private static double Most(double active, double kept, int prompts, int steps)
    {
        if (kept <= 0) return 1;
        // A few groups say little, and training moves the share towards where it teaches: two more of either kind.
        var share = (active + 2) / (kept + 4);
        return Math.Min(1, share + Math.Sqrt(share * (1 - share) / prompts) * Math.Sqrt(2 * ExactMath.Log(Math.Max(1, steps))) * 0.75);
    }

    // seconds = a first + b second through two sizes, neither below 0; all of it the second where they do not tell.
    private static (double First, double Second) Fit(List<ProbeStep> small, List<ProbeStep> large, Func<ProbeStep, double> first,
        Func<ProbeStep, double> second, Func<ProbeStep, double> seconds)
    {
        var ((x0, y0, t0), (x1, y1, t1)) = ((small.Average(first), small.Average(second), small.Average(seconds)),
            (large.Average(first), large.Average(second), large.Average(seconds)));
        var determinant = x0 * y1 - x1 * y0;
        if (determinant <= 0) return (0, t1 / Math.Max(1, y1));
        // What a small step takes more than its share of the rows is that of its steps, and no more than all of the large one.
        var a = Math.Clamp((t0 * y1 - t1 * y0) / determinant, 0, t1 / Math.Max(1, x1));
        return (a, Math.Max(0, (t1 - a * x1) / Math.Max(1, y1)));
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
        var length = Math.Min(rollout.MaxNewTokens, PassTokens);
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
