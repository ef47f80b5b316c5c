using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of lengths.</summary>
internal static class LengthRules
{
    private const int Window = 5;

    /// <summary>A large share reaches the limit, step after step.</summary>
    public static StepRule Truncation(int steps, double most) =>
        new StreakRule(steps, step => double.IsFinite(step[Truncated]) ? step[Truncated] > most : null, step => step[Truncated], most);

    /// <summary>The mean length of the last steps against that of the first.</summary>
    public static StepRule Drift(double factor) => new WindowRule(Window, Window, null, (start, end, count) =>
    {
        if (count < 4 * Window) return null;
        var (first, last) = (RunFacts.Mean(start, s => s[LengthMean]), RunFacts.Mean(end, s => s[LengthMean]));
        if (!(last > factor * first) && !(last < first / factor)) return null;
        return new(start[0].Step, end[^1].Step, last, last > first ? factor * first : first / factor);
    });
}
