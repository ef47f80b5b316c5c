using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of the learning rate: the update's norm against that of what is trained.</summary>
internal static class RateRules
{
    /// <summary>A gradient and a rate, but no change.</summary>
    public static StepRule StandsStill(int steps) =>
        new StreakRule(steps, step => step[GradNorm] > 0 && step[LearningRate] > 0 ? step[UpdateNorm] == 0 : null, _ => 0, 0);

    /// <summary>Updates that are large beside what they change.</summary>
    public static StepRule TooHigh(int steps, double most) => Streak(steps, share => share > most, most);

    /// <summary>Updates that are vanishing beside what they change.</summary>
    public static StepRule TooLow(int steps, double least) => Streak(steps, share => share is > 0 && share < least, least);

    private static StreakRule Streak(int steps, Func<double, bool> holds, double bound)
    {
        static double Share(StepMetrics step) => step[WeightNorm] > 0 ? step[UpdateNorm] / step[WeightNorm] : double.NaN;
        return new StreakRule(steps, step => double.IsFinite(Share(step)) ? holds(Share(step)) : null, Share, bound);
    }
}
