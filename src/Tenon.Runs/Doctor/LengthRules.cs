using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of lengths.</summary>
internal static class LengthRules
{
    private const int Window = 5;

    /// <summary>A large share reaches the limit, step after step.</summary>
    public static Sight? Truncation(RunFacts facts, int steps, double most) =>
        facts.Streak(steps, step => double.IsFinite(step[Truncated]) ? step[Truncated] > most : null) is { } seen
            ? new(seen.First, seen.Last,
            RunFacts.Mean(facts.Steps.Where(s => s.Step >= seen.First && s.Step <= seen.Last), s => s[Truncated]), most) : null;

    /// <summary>The mean length of the last steps against that of the first.</summary>
    public static Sight? Drift(RunFacts facts, double factor)
    {
        if (facts.Steps.Count < 4 * Window) return null;
        var (first, last) =
            (RunFacts.Mean(facts.Steps.Take(Window), s => s[LengthMean]), RunFacts.Mean(facts.Steps.TakeLast(Window), s => s[LengthMean]));
        if (!(last > factor * first) && !(last < first / factor)) return null;
        return new(facts.Steps[0].Step, facts.Steps[^1].Step, last, last > first ? factor * first : first / factor);
    }
}
