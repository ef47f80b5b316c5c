using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of what the groups of a step offer to learn from.</summary>
internal static class GroupRules
{
    /// <summary>No mixed group in so many steps in a row.</summary>
    public static Sight? NoneMixed(RunFacts facts, int steps) =>
        facts.Streak(steps, step => step[GroupsDrawn] > 0 ? step[GroupsMixed] == 0 : null) is { } seen ? new(seen.First, seen.Last, 0, 1)
        : null;

    /// <summary>Few groups of the last steps are mixed, and dynamic sampling does not draw others instead.</summary>
    public static Sight? FewMixed(RunFacts facts, int steps, double least)
    {
        var last = facts.Steps.TakeLast(steps).Where(step => step[GroupsDrawn] > 0).ToList();
        if (last.Count < steps) return null;
        // With a filter the kept groups are the mixed ones; without, all are kept.
        var kept = last.Sum(step => step[GroupsKept] > 0 ? step[GroupsKept] : step[GroupsDrawn]);
        var share = last.Sum(step => step[GroupsMixed]) / Math.Max(1, kept);
        return share < least ? new(last[0].Step, last[^1].Step, share, least) : null;
    }

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
