using System.Globalization;
using Tenon.Evaluation.Statistics;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Training.Guards;

/// <summary>
/// Looks at each step for numbers that are not finite or pass a bound, before the update that they would make. Its memory is the accuracy
/// of the steps so far, which
/// it reads back from the metrics, so that a run that goes on decides as one that was never stopped.
/// </summary>
internal sealed class DivergenceGuard(DivergenceSettings settings, int vocabulary)
{
    // The square of a larger number is infinite in float32, where second moments live.
    private const double LargestSquared = 1.8e19;

    // A share of so many is within 15 points of the truth.
    private const int EnoughCompletions = 100;
    private const int EnoughTokens = 100;

    // Rarer than this a streak is no chance any more: a run of some hundred steps has as many streaks that could be one.
    private const double Chance = 0.002;

    // How much wider than at its start a policy is that has fallen apart, and the nats below which it is not wide.
    private const double Wider = 10, Wide = 1;
    private const int FirstSteps = 3;
    private readonly List<double> _accuracies = [];
    private readonly List<double> _firstEntropies = [];

    /// <summary>Reads the accuracies of the steps that are logged.</summary>
    public void Load(string metricsFile)
    {
        _accuracies.Clear();
        _firstEntropies.Clear();
        if (!File.Exists(metricsFile)) return;
        foreach (var line in SharedFile.ReadLines(metricsFile))
            if (MetricsLog.Read(line) is { } step) Remember(step);
    }

    /// <summary>Takes in a step that is done.</summary>
    public void Remember(StepMetrics step)
    {
        if (double.IsFinite(step[StepMetric.Accuracy])) _accuracies.Add(step[StepMetric.Accuracy]);
        if (_firstEntropies.Count < FirstSteps && double.IsFinite(step[StepMetric.Entropy]))
            _firstEntropies.Add(step[StepMetric.Entropy]);
    }

    /// <summary>
    /// The batch as it was sampled and judged; <paramref name="rewardOf"/> is NaN for a completion that no reward could judge.
    /// </summary>
    public Divergence? OfBatch(StepMetrics step, IReadOnlyList<RolloutGroup> groups, Func<Rollout, double> rewardOf)
    {
        foreach (var group in groups)
            for (var i = 0; i < group.Rollouts.Count; i++)
            {
                var rollout = group.Rollouts[i];
                var place = Place(group, i);
                if (double.IsInfinity(rewardOf(rollout)))
                    return new(step.Step, "a reward", "a finite number", Text(rewardOf(rollout)), place);
                foreach (var logp in rollout.Sampled.FullLogProbabilities)
                    if (!float.IsFinite(logp))
                        return new(step.Step, "the log-probability of a sampled token", "a finite number", Text(logp), place)
                        {
                            Since = step.Step,
                        };
            }

        var (entropy, tokens) = Sampled(groups);
        return (EntropyOf(step.Step, entropy) ?? Explosion(step, entropy, tokens)) is { } high ? high with { Since = step.Step }
            : Collapse(step, groups.Count, groups.Sum(group => group.Rollouts.Count));
    }

    // The mean of -l over sampled tokens is the entropy but for chance: it shows a policy that has fallen apart where no group is left to
    // train on.
    private static (double Mean, long Tokens) Sampled(IReadOnlyList<RolloutGroup> groups)
    {
        var (sum, count) = (0.0, 0L);
        foreach (var rollout in groups.SelectMany(group => group.Rollouts))
            foreach (var logp in rollout.Sampled.FullLogProbabilities)
                (sum, count) = (sum - logp, count + 1);
        return (count == 0 ? double.NaN : sum / count, count);
    }

    // One update can tear a policy apart without making it uniform, and before there are enough steps to tell its accuracy by.
    private Divergence? Explosion(StepMetrics step, double entropy, long tokens)
    {
        if (settings.Entropy is null || tokens < EnoughTokens || step[StepMetric.Accuracy] != 0 || _firstEntropies.Count == 0
            || !_accuracies.Exists(accuracy => accuracy > 0)) return null;
        var bound = Math.Max(Wide, Wider * _firstEntropies.Average());
        return entropy > bound
            ? new(step.Step, "the policy's entropy",
                $"at most {Text(bound)} {(bound == 1 ? "nat" : "nats")} in a step without a right completion (divergence.entropy)",
                Text(entropy))
            : null;
    }

    private Divergence? EntropyOf(int step, double entropy) =>
        settings.Entropy is { } share && entropy > share * ExactMath.Log(vocabulary)
            ? new(step, "the policy's entropy", $"at most {Text(share * ExactMath.Log(vocabulary))} nats (divergence.entropy)",
                Text(entropy))
            : null;

    /// <summary>An optimizer step before it is applied: its loss and gradient, with the window that they were computed from.</summary>
    public Divergence? OfUpdate(int step, MetricValues loss, double gradNorm, double clippedNorm, PolicyWindow window,
        IReadOnlyList<RolloutGroup> groups)
    {
        if (!double.IsFinite(loss[StepMetric.Loss]))
            return new(step, "the loss", "a finite number", Text(loss[StepMetric.Loss]), Worst(window, groups));
        if (!double.IsFinite(gradNorm)) return new(step, "the gradient's norm", "a finite number", Text(gradNorm), Worst(window, groups));
        if (gradNorm > settings.GradNorm)
            return new(step, "the gradient's norm", $"at most {Text(settings.GradNorm.Value)} (divergence.grad-norm)", Text(gradNorm),
                Worst(window, groups));
        if (clippedNorm > LargestSquared)
            return new(step, "the gradient's norm",
                $"at most {Text(LargestSquared)}, whose square float32 holds: beyond it the optimizer stands still", Text(gradNorm),
                Worst(window, groups));
        if (EntropyOf(step, loss[StepMetric.Entropy]) is { } high) return high;
        if (loss[StepMetric.Kl] > settings.Kl)
            return new(step, "the divergence from the reference", $"at most {Text(settings.Kl.Value)} (divergence.kl)",
                Text(loss[StepMetric.Kl]));
        return null;
    }

    /// <summary>An optimizer step after it was applied.</summary>
    public static Divergence? OfChange(int step, double gradNorm, double updateNorm, double rate)
    {
        if (!double.IsFinite(updateNorm))
            return new(step, "the change of the weights", "a finite number", Text(updateNorm)) { IsMade = true };
        // A change below the last bit of every weight is 0 as well: then the rate says so.
        return gradNorm > 1e-12 && rate > 1e-12 && updateNorm == 0
            ? new(step, "the change of the weights",
            $"above 0 with a gradient of norm {Text(gradNorm)} and a learning rate of {Text(rate)}",
            "0: the optimizer stands still")
            { IsMade = true }
            : null;
    }

    private Divergence? Collapse(StepMetrics step, int groups, int completions)
    {
        var now = step[StepMetric.Accuracy];
        if (settings.Accuracy is not { } share || !double.IsFinite(now) || _accuracies.Count < settings.AccuracySteps) return null;
        double best = 0, sum = 0;
        for (var i = 0; i < _accuracies.Count; i++)
        {
            sum += _accuracies[i] - (i >= 5 ? _accuracies[i - 5] : 0);
            // A mean of fewer steps than five is chance where batches are small.
            if (i >= 4 || (i + 1) * completions >= EnoughCompletions) best = Math.Max(best, sum / Math.Min(i + 1, 5));
        }

        // A run that never was right a tenth of the time has nothing to lose.
        var bound = share * best;
        if (best < 0.1 || now >= bound) return null;
        var (steps, streak) = (1, now);
        for (var i = _accuracies.Count - 1; i >= 0 && _accuracies[i] < bound; i--)
            (steps, streak) = (steps + 1, streak + _accuracies[i]);
        // Each group counts once, because the completions of one problem may all share their fate.
        if (steps < settings.AccuracySteps
            || groups > 0 && Distributions.Binomial(streak * groups, steps * groups, best) > Chance) return null;
        return new(step.Step, "accuracy", $"at least {Text(bound)}, a share of the run's best (divergence.accuracy)",
            $"{Text(now)}, the last of {steps} such steps in a row")
        { Since = step.Step - steps + 1 };
    }

    // The completion with a number that is not finite, else the one whose tokens weigh most.
    private static string? Worst(PolicyWindow window, IReadOnlyList<RolloutGroup> groups)
    {
        var (worst, weight) = (-1, double.NegativeInfinity);
        for (var row = 0; row < window.Rows; row++)
            for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++)
            {
                if (!window.Mask[t]) continue;
                var value = Math.Abs(window.Advantages[t]) * (1 + Math.Abs(window.Logps[t]));
                if (!double.IsFinite(value) || !double.IsFinite(window.Old(t))
                    || window.RefLogps is { } reference && !double.IsFinite(reference[t])) value = double.PositiveInfinity;
                if (value > weight) (worst, weight) = (row, value);
            }

        var first = 0;
        foreach (var group in groups)
        {
            if (worst >= first && worst < first + group.Rollouts.Count) return Place(group, worst - first);
            first += group.Rollouts.Count;
        }

        return null;
    }

    private static string Place(RolloutGroup group, int sample) =>
        $"problem '{group.Problem.Id}', completion {sample} of group {group.Draw}";

    private static string Text(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
