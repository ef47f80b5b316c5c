using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of rewards and of what they are given for.</summary>
internal static class RewardRules
{
    private const int Window = 10;

    /// <summary>The share of completions called right that the verifier calls wrong.</summary>
    public static Sight? WrongRewarded(RunFacts facts, double most)
    {
        var judged = facts.LastSamples().Where(sample => sample.Correct == true).Select(sample => (sample.Step, Own: facts.Judge(sample)))
            .Where(pair => pair.Own is not null).ToList();
        var wrong = judged.Where(pair => pair.Own == false).ToList();
        var share = wrong.Count / (double)Math.Max(1, judged.Count);
        return wrong.Count >= 3 && share > most ? new(wrong.Min(pair => pair.Step), wrong.Max(pair => pair.Step), share, most) : null;
    }

    /// <summary>The reward of the last steps is above that of the first by so much, and accuracy is not above its own.</summary>
    public static StepRule WithoutAccuracy(double least) => new WindowRule(Window, Window, null, (start, end, count) =>
    {
        if (count < 2 * Window) return null;
        double Rise(Metric metric) => RunFacts.Mean(end, s => s[metric]) - RunFacts.Mean(start, s => s[metric]);
        var rise = Rise(RewardMean);
        return rise > least && Rise(Accuracy) <= 0 ? new(start[0].Step, end[^1].Step, rise, least) : null;
    });

    /// <summary>The share of completions without an answer, last against first.</summary>
    public static Sight? FormatLost(RunFacts facts, double most)
    {
        const int Steps = 3;
        if (facts.Steps.Count < 2 * Steps) return null;
        var (first, last) = (Lost(facts.FirstSamples(Steps)), Lost(facts.LastSamples(Steps)));
        return last - first > most ? new(facts.Steps[^Steps].Step, facts.Steps[^1].Step, last, first + most) : null;
    }

    /// <summary>A large share is skipped, step after step.</summary>
    public static StepRule ManySkipped(int steps, double most) =>
        new StreakRule(steps, step => Completions(step) > 0 ? SkippedShare(step) > most : null, SkippedShare, most);

    /// <summary>Held-out accuracy against its best, while the training reward rose since.</summary>
    public static Sight? HeldOutFalling(RunFacts facts, double most)
    {
        foreach (var accuracies in facts.Evaluations.Where(series => series.Count >= 3))
        {
            var best = accuracies.MaxBy(pair => pair.Accuracy);
            var last = accuracies[^1];
            if (best.Accuracy - last.Accuracy <= most || last.Step <= best.Step) continue;
            double RewardAround(int step) =>
                RunFacts.Mean(facts.Steps.Where(s => s.Step > step - Window && s.Step <= Math.Max(step, Window)), s => s[RewardMean]);
            if (RewardAround(last.Step) > RewardAround(best.Step)) return new(best.Step, last.Step, last.Accuracy, best.Accuracy - most);
        }

        return null;
    }

    private static double Lost(IReadOnlyList<SampleRecord> samples)
    {
        var judged = samples.Where(sample => sample.Correct is not null).ToList();
        return judged.Count == 0 ? double.NaN : judged.Count(sample => string.IsNullOrEmpty(sample.Extracted)) / (double)judged.Count;
    }

    private static double Completions(StepMetrics step) => step[LengthMean] > 0 ? Math.Round(step[TokensSampled] / step[LengthMean]) : 0;

    // Prompts that are too long were never sampled: they are no verdicts.
    private static double SkippedShare(StepMetrics step) =>
        step.Where(pair => pair.Key.Place == Skipped.Member.Place && pair.Key.Name != Skipped.Prefix + "prompt-too-long")
        .Sum(pair => pair.Value) / Completions(step);
}
