using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of a policy that collapses, falls apart or jumps.</summary>
internal static class PolicyRules
{
    private const int Start = 3;

    /// <summary>Entropy far below its start and near 0 in absolute terms, for so many steps.</summary>
    public static Sight? EntropyCollapse(RunFacts facts, int steps, double share, double most)
    {
        var bound = Math.Min(most, share * StartEntropy(facts));
        return facts.Streak(steps, step => double.IsFinite(step[Entropy]) ? step[Entropy] < bound : null) is { } seen
            ? new(seen.First, seen.Last, facts.Steps.Last(step => step.Step == seen.Last)[Entropy], bound) : null;
    }

    /// <summary>Entropy far above its start and high in absolute terms, in any step.</summary>
    public static Sight? EntropyExplosion(RunFacts facts, double factor, double least)
    {
        var bound = Math.Max(least, factor * StartEntropy(facts));
        var high = facts.Steps.Where(step => step[Entropy] > bound).ToList();
        return high.Count == 0 ? null : new(high[0].Step, high[^1].Step, high.Max(step => step[Entropy]), bound);
    }

    /// <summary>Accuracy far below the best mean of five steps in a row.</summary>
    public static Sight? AccuracyCollapse(RunFacts facts, int steps, double share)
    {
        var best = 0.0;
        var window = new Queue<double>();
        (int First, int Last)? seen = null;
        var (first, count, value) = (0, 0, 0.0);
        foreach (var step in facts.Steps.Where(step => double.IsFinite(step[Accuracy])))
        {
            window.Enqueue(step[Accuracy]);
            if (window.Count > 5) window.Dequeue();
            // The first steps are few: a mean of what there is.
            best = Math.Max(best, window.Average());
            count = best >= 0.1 && step[Accuracy] < share * best ? count + 1 : 0;
            if (count == 1) first = step.Step;
            if (count >= steps) (seen, value) = ((first, step.Step), step[Accuracy]);
        }

        return seen is { } found ? new(found.First, found.Last, value, share * best) : null;
    }

    /// <summary>A step's number far above the median of the ten steps before it.</summary>
    public static Sight? Jump(RunFacts facts, Func<StepMetrics, double> of, double factor, double least)
    {
        for (var i = facts.Steps.Count - 1; i >= 5; i--)
        {
            var before = RunFacts.Median(facts.Steps.Skip(Math.Max(0, i - 10)).Take(Math.Min(10, i)), of);
            var bound = Math.Max(least, factor * before);
            if (of(facts.Steps[i]) > bound) return new(facts.Steps[i].Step, facts.Steps[i].Step, of(facts.Steps[i]), bound);
        }

        return null;
    }

    private static double StartEntropy(RunFacts facts) =>
        RunFacts.Mean(facts.Steps.Where(step => double.IsFinite(step[Entropy])).Take(Start), step => step[Entropy]);
}
