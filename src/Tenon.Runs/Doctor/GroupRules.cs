using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of what the groups of a step offer to learn from.</summary>
internal static class GroupRules
{
    /// <summary>No mixed group in so many steps in a row.</summary>
    public static StepRule NoneMixed(int steps) =>
        new StreakRule(steps, step => step[GroupsDrawn] > 0 ? step[GroupsMixed] == 0 : null, _ => 0, 1);

    /// <summary>
    /// Few groups of the last steps are mixed, or have an advantage although they are, and dynamic sampling does not draw others instead.
    /// </summary>
    public static StepRule FewMixed(int steps, double least, double epochs) => new WindowRule(steps, 0, null, (_, last, _) =>
    {
        if (last.Count < steps || last.Any(step => !(step[GroupsDrawn] > 0))) return null;
        // With a filter the kept groups are the mixed ones; without, all are kept.
        var kept = last.Sum(step => step[GroupsKept] > 0 ? step[GroupsKept] : step[GroupsDrawn]);
        // An estimator may give a mixed group nothing (pass@k where enough of it is right): then it has no pass in any epoch.
        var idle = last.Sum(step => step.Has(GroupsIdle) ? step[GroupsIdle] / epochs : 0);
        var share = Math.Min(last.Sum(step => step[GroupsMixed]), kept - idle) / Math.Max(1, kept);
        return share < least ? new(last[0].Step, last[^1].Step, share, least) : null;
    });

    /// <summary>Draws by distinct problem over the last steps.</summary>
    public static Sight? Repeated(RunFacts facts, double most)
    {
        var samples = facts.LastSamples();
        if (samples.Count == 0) return null;
        var groups = samples.Select(sample => (sample.Step, sample.Group)).Distinct().Count();
        var problems = samples.Select(sample => sample.Id.Length > 0 ? sample.Id : sample.Problem).Distinct().Count();
        var times = groups / (double)problems;
        return groups >= 40 && times >= most ? new(samples.Min(sample => sample.Step), samples.Max(sample => sample.Step), times, most)
            : null;
    }
}
