using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of importance ratios and of what bounds them.</summary>
internal static class RatioRules
{
    /// <summary>
    /// Several updates a batch without a single clipped token. With one update every ratio is 1: that is said when the run begins, and no
    /// fault of it.
    /// </summary>
    public static Sight? Inert(RunFacts facts, int steps)
    {
        if (facts.UpdatesPerBatch < 2) return null;
        var trained = facts.Steps.Where(step => step[TokensTrained] > 0 && double.IsFinite(step[ClipLow])).TakeLast(steps).ToList();
        if (trained.Count < steps || trained.Any(step => step[ClipLow] + step[ClipHigh] > 0 || step.Has(Capped) || step.Has(GammaWeight)))
            return null;
        return new(trained[0].Step, trained[^1].Step, 0, 0);
    }

    /// <summary>A large share is clipped, step after step.</summary>
    public static Sight? Saturated(RunFacts facts, int steps, double most) =>
        facts.Streak(steps, step => double.IsFinite(step[ClipLow]) ? step[ClipLow] + step[ClipHigh] > most : null) is { } seen
            ? new(seen.First, seen.Last,
            RunFacts.Mean(facts.Steps.Where(s => s.Step >= seen.First && s.Step <= seen.Last), s => s[ClipLow] + s[ClipHigh]), most) : null;

    /// <summary>Sampler and trainer have come apart.</summary>
    public static Sight? SamplerDiffers(RunFacts facts, double most)
    {
        var worst = facts.Steps.Where(step => step[LogpDifference] > most).ToList();
        return worst.Count == 0 ? null : new(worst[0].Step, worst[^1].Step, worst.Max(step => step[LogpDifference]), most);
    }
}
