using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of importance ratios and of what bounds them.</summary>
internal static class RatioRules
{
    /// <summary>
    /// Several updates a batch without a single clipped token. With one update every ratio is 1: that is said when the run begins, and no
    /// fault of it.
    /// </summary>
    public static StepRule Inert(double updatesPerBatch, int steps) =>
        new WindowRule(steps, 0, step => step[TokensTrained] > 0 && double.IsFinite(step[ClipLow]), (_, trained, _) =>
            updatesPerBatch < 2 || trained.Count < steps
            || trained.Any(step => step[ClipLow] + step[ClipHigh] > 0 || step.Has(Capped) || step.Has(GammaWeight))
                ? null : new(trained[0].Step, trained[^1].Step, 0, 0));

    /// <summary>A large share is clipped, step after step.</summary>
    public static StepRule Saturated(int steps, double most) => new StreakRule(steps,
        step => double.IsFinite(step[ClipLow]) ? step[ClipLow] + step[ClipHigh] > most : null, step => step[ClipLow] + step[ClipHigh],
        most);

    /// <summary>Sampler and trainer have come apart.</summary>
    public static StepRule SamplerDiffers(double most) => new AboveRule(step => step[LogpDifference], most);
}
