using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of the learning rate: the update's norm against that of what is trained.</summary>
internal static class RateRules
{
    /// <summary>A gradient and a rate, but no change.</summary>
    public static Sight? StandsStill(RunFacts facts, int steps) =>
        facts.Streak(steps, step => step[GradNorm] > 0 && step[LearningRate] > 0 ? step[UpdateNorm] == 0 : null) is { } seen
        ? new(seen.First, seen.Last, 0, 0) : null;

    /// <summary>Updates that are large beside what they change.</summary>
    public static Sight? TooHigh(RunFacts facts, int steps, double most) => Streak(facts, steps, share => share > most, most);

    /// <summary>Updates that are vanishing beside what they change.</summary>
    public static Sight? TooLow(RunFacts facts, int steps, double least) =>
        Streak(facts, steps, share => share is > 0 && share < least, least);

    private static Sight? Streak(RunFacts facts, int steps, Func<double, bool> holds, double bound)
    {
        static double Share(StepMetrics step) => step[WeightNorm] > 0 ? step[UpdateNorm] / step[WeightNorm] : double.NaN;
        return facts.Streak(steps, step => double.IsFinite(Share(step)) ? holds(Share(step)) : null) is { } seen
            ? new(seen.First, seen.Last, RunFacts.Mean(facts.Steps.Where(s => s.Step >= seen.First && s.Step <= seen.Last), Share), bound)
            : null;
    }
}
