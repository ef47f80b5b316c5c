using System.Diagnostics;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Training;

namespace Tenon.Recipes;

/// <summary>
/// A short piece of the run itself, measured on this machine: its first prompts are sampled with its own settings and adapter, judged,
/// scored and passed through forward and
/// backward, as many of them as a few seconds allow. Nothing of it is kept.
/// </summary>
/// <param name="Length">Mean length of a completion; where the probe had to cut them, what their ends so far suggest.</param>
/// <param name="PromptTokens">Mean length of a prompt.</param>
/// <param name="Mixed">Share of the groups with right and wrong completions; NaN where none was drawn.</param>
/// <param name="SecondsPerSampled">Seconds of sampling and judging by sampled token.</param>
/// <param name="SecondsPerScored">Seconds of a forward pass by completion token.</param>
/// <param name="SecondsPerTrained">Seconds of forward and backward by completion token.</param>
/// <param name="Completions">Completions that the probe rests on.</param>
internal sealed record RunProbe(
    double Length, double PromptTokens, double Mixed, double SecondsPerSampled, double SecondsPerScored, double SecondsPerTrained,
    int Completions)
{
    /// <summary>Seconds that the first call of everything took more than a later one: compilation, first touch of the weights.</summary>
    public double StartSeconds { get; init; }

    /// <summary>Mean length of the probe's own completions, which it may have cut.</summary>
    public double ProbedLength { get; init; }

    private const double Budget = 3;

    /// <summary>Measures; takes a few seconds, more only where a single token is slow.</summary>
    public static RunProbe Of(TrainingSetup setup)
    {
        var rollout = setup.Settings.Rollout;
        // The first call compiles; the second says what a token costs.
        var (_, cold) = Draw(setup, 1, Math.Min(8, rollout.MaxNewTokens));
        var (batch, seconds) = Draw(setup, 1, Math.Min(8, rollout.MaxNewTokens));
        var start = Math.Max(0, cold - seconds);
        var perToken = seconds / Math.Max(1, Tokens(batch));
        var whole = perToken * rollout.Group * rollout.MaxNewTokens;
        var prompts = (int)Math.Clamp(Budget / whole, 1, rollout.Prompts);
        var limit = (int)Math.Clamp(rollout.MaxNewTokens * Math.Min(1, 3 * Budget / whole), 1, rollout.MaxNewTokens);
        (batch, seconds) = Draw(setup, prompts, limit);
        // What the first tokens cost is mostly compilation: as long as there is time, more of the batch tells more.
        while (prompts < rollout.Prompts && seconds < Budget / 2)
        {
            prompts = (int)Math.Min(rollout.Prompts, prompts * Math.Clamp(Budget / Math.Max(seconds, 1e-3), 2, 8));
            (batch, seconds) = Draw(setup, prompts, limit);
        }

        var (coldPass, scored, trained) = Passes(setup, batch.Groups);
        var rollouts = batch.Groups.SelectMany(g => g.Rollouts).ToList();
        var tokens = Math.Max(1, Tokens(batch));
        var length = limit == rollout.MaxNewTokens
            ? tokens / (double)Math.Max(1, rollouts.Count)
            : Math.Min(rollout.MaxNewTokens, tokens / (double)Math.Max(1, rollouts.Count(r => !r.IsTruncated)));
        var groups = batch.Statistics.Drawn;
        return new RunProbe(length, batch.Groups.Count == 0 ? 0 : batch.Groups.Average(g => g.Prompt.Length),
            groups.Count == 0 ? double.NaN : groups.Count(batch.Statistics.IsMixed) / (double)groups.Count,
            seconds / tokens, scored / tokens, trained / tokens, rollouts.Count)
        {
            StartSeconds = start + Math.Max(0, coldPass - trained / Math.Max(1, batch.Groups.Count)),
            ProbedLength = tokens / (double)Math.Max(1, rollouts.Count),
        };
    }

    private static long Tokens(RolloutBatch batch) => batch.Groups.Sum(g => g.Rollouts.Sum(r => (long)r.Sampled.Ids.Length));

    private static (RolloutBatch Batch, double Seconds) Draw(TrainingSetup setup, int prompts, int limit)
    {
        var settings = setup.Settings
            with
        { Rollout = setup.Settings.Rollout with { Prompts = prompts, MaxNewTokens = limit, DynamicSampling = false } };
        var clock = Stopwatch.StartNew();
        var batch = (setup with { Settings = settings }).LocalRollouts().Draw(1, new RolloutState(), _ => { }, CancellationToken.None);
        return (batch, clock.Elapsed.TotalSeconds);
    }

    private static (double Cold, double Scored, double Trained) Passes(TrainingSetup setup, IReadOnlyList<RolloutGroup> groups)
    {
        if (groups.Count == 0) return (0, 0, 0);
        var settings = setup.Settings;
        var options =
            new PassOptions(MemoryPlan.MicroBatchTokens(setup), settings.Rollout.SharePrompts, settings.Update.Recompute
            ?? MemoryPlan.Recompute(setup));
        var updater = new PolicyUpdater(setup.Model, settings.Rollout.Temperature, options, new Tape(null, setup.Precision));
        var clock = Stopwatch.StartNew();
        updater.AccumulateWeighted([groups[0]], setup.Adapter, (_, _) => 0);
        var cold = clock.Elapsed.TotalSeconds;
        // Short passes are made several times, and the fastest of each kind tells: the first ones still compile.
        var (scored, trained, spent) = (double.MaxValue, double.MaxValue, clock.Elapsed.TotalSeconds);
        do
        {
            clock.Restart();
            updater.Score(groups, setup.Adapter);
            var score = clock.Elapsed.TotalSeconds;
            updater.AccumulateWeighted(groups, setup.Adapter, (_, _) => 0);
            var whole = clock.Elapsed.TotalSeconds;
            (scored, trained, spent) = (Math.Min(scored, score), Math.Min(trained, whole - score), spent + whole);
        }
        while (spent < Budget / 2);
        foreach (var p in setup.Adapter.Trainable) p.ZeroGrad();
        return (cold, scored, trained);
    }
}
