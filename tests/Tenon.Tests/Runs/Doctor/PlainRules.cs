using Tenon.Runs;
using Tenon.Runs.Doctor;
using static Tenon.Runs.StepMetric;

namespace Tenon.Tests.Runs.Doctor;

/// <summary>
/// The diagnoses by metrics as one would write them down: each reads all steps, from the first to the last. The plain twin of the rules
/// that read each step once.
/// </summary>
internal static class PlainRules
{
    public static Dictionary<string, Sight?> Of(IReadOnlyList<StepMetrics> steps, double updatesPerBatch, double epochs = 1) => new()
    {
        ["no-mixed-groups"] = Streak(steps, 3, step => step[GroupsDrawn] > 0 ? step[GroupsMixed] == 0 : null, _ => 0, 1),
        ["advantage-collapse"] = FewMixed(steps, 10, 0.1, epochs),
        ["inert-clip"] = Inert(steps, updatesPerBatch, 10),
        ["saturated-clip"] = Streak(steps, 5, step => double.IsFinite(step[ClipLow]) ? step[ClipLow] + step[ClipHigh] > 0.3 : null,
            step => step[ClipLow] + step[ClipHigh], 0.3),
        ["sampler-differs"] = Above(steps, step => step[LogpDifference], 1e-6),
        ["truncation"] = Streak(steps, 5, step => double.IsFinite(step[Truncated]) ? step[Truncated] > 0.3 : null, step => step[Truncated],
            0.3),
        ["length-drift"] = Drift(steps, 2),
        ["entropy-collapse"] = EntropyCollapse(steps, Math.Min(0.01, 0.05 * StartEntropy(steps))),
        ["entropy-explosion"] = Above(steps, step => step[Entropy], Math.Max(1, 5 * StartEntropy(steps))),
        ["accuracy-collapse"] = AccuracyCollapse(steps, 3, 0.2),
        ["kl-jump"] = Jump(steps, step => step[Kl], 10, 0.1),
        ["gradient-jump"] = Jump(steps, step => step[GradNorm], 100, 10),
        ["teacher-below-policy"] = Streak(steps, 3, step => double.IsFinite(step[TeacherGap]) ? step[TeacherGap] < -1 : null,
            step => step[TeacherGap], -1),
        ["optimizer-stands-still"] =
            Streak(steps, 2, step => step[GradNorm] > 0 && step[LearningRate] > 0 ? step[UpdateNorm] == 0 : null, _ => 0, 0),
        ["rate-too-high"] = Streak(steps, 5, step => double.IsFinite(Share(step)) ? Share(step) > 1.0 / 3 : null, Share, 1.0 / 3),
        ["rate-too-low"] = Streak(steps, 20, step => double.IsFinite(Share(step)) ? Share(step) is > 0 and < 1e-6 : null, Share, 1e-6),
        ["reward-without-accuracy"] = WithoutAccuracy(steps, 0.1),
        ["verdicts-skipped"] = Streak(steps, 5, step => Completions(step) > 0 ? Skip(step) > 0.2 : null, Skip, 0.2),
    };

    private static Sight? Streak(
        IReadOnlyList<StepMetrics> steps, int length, Func<StepMetrics, bool?> holds, Func<StepMetrics, double> of, double threshold)
    {
        (int First, int Last)? found = null;
        var (first, count) = (0, 0);
        foreach (var step in steps)
        {
            if (holds(step) is not { } now) continue;
            if (!now)
            {
                count = 0;
                continue;
            }

            if (count++ == 0) first = step.Step;
            if (count >= length) found = (first, step.Step);
        }

        return found is { } seen
            ? new(seen.First, seen.Last, RunFacts.Mean(steps.Where(s => s.Step >= seen.First && s.Step <= seen.Last), of), threshold)
            : null;
    }

    private static Sight? FewMixed(IReadOnlyList<StepMetrics> steps, int count, double least, double epochs)
    {
        var last = steps.TakeLast(count).Where(step => step[GroupsDrawn] > 0).ToList();
        if (last.Count < count) return null;
        var kept = last.Sum(step => step[GroupsKept] > 0 ? step[GroupsKept] : step[GroupsDrawn]);
        var idle = last.Sum(step => step.Has(GroupsIdle) ? step[GroupsIdle] / epochs : 0);
        var share = Math.Min(last.Sum(step => step[GroupsMixed]), kept - idle) / Math.Max(1, kept);
        return share < least ? new(last[0].Step, last[^1].Step, share, least) : null;
    }

    private static Sight? Inert(IReadOnlyList<StepMetrics> steps, double updatesPerBatch, int count)
    {
        if (updatesPerBatch < 2) return null;
        var trained = steps.Where(step => step[TokensTrained] > 0 && double.IsFinite(step[ClipLow])).TakeLast(count).ToList();
        if (trained.Count < count || trained.Any(step => step[ClipLow] + step[ClipHigh] > 0 || step.Has(Capped) || step.Has(GammaWeight)))
            return null;
        return new(trained[0].Step, trained[^1].Step, 0, 0);
    }

    private static Sight? Above(IReadOnlyList<StepMetrics> steps, Func<StepMetrics, double> of, double bound)
    {
        var high = steps.Where(step => of(step) > bound).ToList();
        return high.Count == 0 ? null : new(high[0].Step, high[^1].Step, high.Max(of), bound);
    }

    private static Sight? Drift(IReadOnlyList<StepMetrics> steps, double factor)
    {
        if (steps.Count < 20) return null;
        var (first, last) = (RunFacts.Mean(steps.Take(5), s => s[LengthMean]), RunFacts.Mean(steps.TakeLast(5), s => s[LengthMean]));
        if (!(last > factor * first) && !(last < first / factor)) return null;
        return new(steps[0].Step, steps[^1].Step, last, last > first ? factor * first : first / factor);
    }

    private static Sight? EntropyCollapse(IReadOnlyList<StepMetrics> steps, double bound) =>
        Streak(steps, 3, step => double.IsFinite(step[Entropy]) ? step[Entropy] < bound : null, _ => 0, bound) is { } seen
            ? seen with { Value = steps.Last(step => step.Step == seen.Last)[Entropy] } : null;

    private static Sight? AccuracyCollapse(IReadOnlyList<StepMetrics> steps, int length, double share)
    {
        var best = 0.0;
        var window = new Queue<double>();
        (int First, int Last)? seen = null;
        var (first, count, value) = (0, 0, 0.0);
        foreach (var step in steps.Where(step => double.IsFinite(step[Accuracy])))
        {
            window.Enqueue(step[Accuracy]);
            if (window.Count > 5) window.Dequeue();
            best = Math.Max(best, window.Average());
            count = best >= 0.1 && step[Accuracy] < share * best ? count + 1 : 0;
            if (count == 1) first = step.Step;
            if (count < length) continue;
            var streak = steps.Where(s => s.Step >= first && s.Step <= step.Step && double.IsFinite(s[Accuracy])).ToList();
            var groups = streak.Sum(s => double.IsFinite(s[GroupsDrawn]) ? s[GroupsDrawn] : 0);
            var right = streak.Sum(s => double.IsFinite(s[GroupsDrawn]) ? s[GroupsDrawn] * s[Accuracy] : 0) / groups;
            // Chernoff: the chance of so few is at most (q / p)^(n p) ((1 - q) / (1 - p))^(n (1 - p)).
            var chance = Math.Pow(Math.Pow(best / right, right) * Math.Pow((1 - best) / (1 - right), 1 - right), groups);
            if (groups == 0 || (right == 0 ? Math.Pow(1 - best, groups) : chance) < 0.002)
                (seen, value) = ((first, step.Step), step[Accuracy]);
        }

        return seen is { } found ? new(found.First, found.Last, value, share * best) : null;
    }

    private static Sight? Jump(IReadOnlyList<StepMetrics> steps, Func<StepMetrics, double> of, double factor, double least)
    {
        for (var i = steps.Count - 1; i >= 5; i--)
        {
            var before = RunFacts.Median(steps.Skip(Math.Max(0, i - 10)).Take(Math.Min(10, i)), of);
            var bound = Math.Max(least, factor * before);
            if (of(steps[i]) > bound) return new(steps[i].Step, steps[i].Step, of(steps[i]), bound);
        }

        return null;
    }

    private static Sight? WithoutAccuracy(IReadOnlyList<StepMetrics> steps, double least)
    {
        if (steps.Count < 20) return null;
        double Rise(Metric metric) =>
            RunFacts.Mean(steps.TakeLast(10), s => s[metric]) - RunFacts.Mean(steps.Take(10), s => s[metric]);
        var rise = Rise(RewardMean);
        return rise > least && Rise(Accuracy) <= 0 ? new(steps[0].Step, steps[^1].Step, rise, least) : null;
    }

    private static double StartEntropy(IReadOnlyList<StepMetrics> steps) =>
        RunFacts.Mean(steps.Where(step => double.IsFinite(step[Entropy])).Take(3), step => step[Entropy]);

    private static double Share(StepMetrics step) => step[WeightNorm] > 0 ? step[UpdateNorm] / step[WeightNorm] : double.NaN;

    private static double Completions(StepMetrics step) => step[LengthMean] > 0 ? Math.Round(step[TokensSampled] / step[LengthMean]) : 0;

    private static double Skip(StepMetrics step) => step.Has(Skipped["empty-gold"]) ? step[Skipped["empty-gold"]] / Completions(step)
        : 0 / Completions(step);
}
