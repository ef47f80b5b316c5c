// The loss of one optimizer step and its gradient by every token's log-probability and entropy, row by row in float64. A row's numbers
// depend on
// the row, the plan and the settings alone, and totals grow in row order: any cut into micro-batches gives the same bits.
//
//   L = sum_t w_t L_t + kl * sum_t v_t k_t - bonus * mean H + weight * sum_t w_t D_t
//
// w, v: aggregation weights (LossDenominators), w times the plan's factor. Entropies H and divergences from a teacher D are known only once
// a pass has been made, their slopes before it: so a row is added in two parts.
//
// Sources: TRL 1.16 and verl 0.9.1 (docs/objectives.md has one row a choice).
using Tenon.Runs;

namespace Tenon.Training.Objectives;

/// <summary>A loss with its gradients and its report.</summary>
/// <param name="Loss">The value of the whole step.</param>
/// <param name="GradLogps">Its derivative by each token's log-probability; 0 outside the mask.</param>
/// <param name="GradEntropies">Its derivative by each token's entropy.</param>
/// <param name="Report">Diagnostics.</param>
public sealed record LossResult(double Loss, double[] GradLogps, double[] GradEntropies, MetricValues Report);

/// <summary>The policy loss, as the settings' choices compose it.</summary>
public static class PolicyLoss
{
    /// <summary>ln 1e-8: the gamma weight takes no row below it.</summary>
    internal const double LogOfSmallest = -18.420680743952367;

    /// <summary>The whole step at once.</summary>
    public static LossResult Of(ObjectiveSettings settings, PolicyWindow window, LossPlan plan)
    {
        var (logps, entropies, totals) = (new double[window.Mask.Length], new double[window.Mask.Length], new LossTotals(settings));
        Accumulate(settings, window, plan, 0, window.Rows, logps, entropies, totals);
        return new LossResult(totals.Loss, logps, entropies, totals.Report());
    }

    /// <summary>The diagnostics of some rows of a step, ascending, after its passes.</summary>
    internal static MetricValues Report(ObjectiveSettings settings, PolicyWindow window, LossPlan plan, IReadOnlyList<int> rows)
    {
        var (logps, entropies, totals) = (new double[window.Mask.Length], new double[window.Mask.Length], new LossTotals(settings));
        foreach (var row in rows) Accumulate(settings, window, plan, row, row + 1, logps, entropies, totals);
        return totals.Report();
    }

    /// <summary>
    /// Rows <paramref name="firstRow"/> up to <paramref name="endRow"/> (one micro-batch): writes their places of the gradients and adds to
    /// the
    /// totals. Micro-batches must come in row order.
    /// </summary>
    public static void Accumulate(
        ObjectiveSettings settings, PolicyWindow window, LossPlan plan, int firstRow, int endRow, Span<double> gradLogps,
        Span<double> gradEntropies,
        LossTotals totals)
    {
        var start = window.RowStarts[firstRow];
        var gradDivergences = window.Teacher is null ? [] : new double[window.RowStarts[endRow] - start];
        AddSlopes(settings, window, plan, firstRow, endRow, gradLogps, gradEntropies, gradDivergences, totals);
        AddSeen(window, plan, firstRow, endRow, gradDivergences, totals);
    }

    /// <summary>
    /// All of <see cref="Accumulate"/> that is known before the rows' pass, given their log-probabilities: the gradients, and the totals
    /// but for entropies and divergences from a teacher (null: nobody reads them). <paramref name="gradDivergences"/> has the tokens of
    /// these rows alone, or none.
    /// </summary>
    internal static void AddSlopes(
        ObjectiveSettings settings, PolicyWindow window, LossPlan plan, int firstRow, int endRow, Span<double> gradLogps,
        Span<double> gradEntropies, Span<double> gradDivergences, LossTotals? totals)
    {
        var first = window.RowStarts[firstRow];
        var (term, ratio, gamma) = (LossTerms.Of(settings), new RowRatio(), settings.Loss == PolicyLossKind.GammaWeighted);
        var (tokenTerms, kl, choice, future) = (settings.TokenTerms, settings.Divergence, settings.RatioOf, settings.Future);
        var weighting = settings.Loss == PolicyLossKind.WeightedLogProb ? settings.Weighting : (WeightBounds?)null;
        for (var row = firstRow; row < endRow; row++)
        {
            var (start, length) = (window.RowStarts[row], window.RowStarts[row + 1] - window.RowStarts[row]);
            ratio.Fill(choice, settings.Clip, future, window, row, plan.HighEntropy, plan.Denominators.RowLengthOffset);
            var pass = new RowPass(window, plan, row, ratio, gradLogps.Slice(start, length), gamma);
            if (settings.Loss == PolicyLossKind.Classification) pass.AddClass();
            else if (settings.Aggregation == LossAggregation.Row) pass.AddRowTerm(term);
            else pass.AddTokenTerms(term, tokenTerms);
            if (settings.DriftPenalty != 0) pass.AddDriftPenalty(settings.DriftPenalty, settings.Aggregation);
            if (kl.Weight != 0) pass.AddKl(kl, settings.Aggregation);
            ratio.Backward(settings.Ratio, pass.ByRatio, gradLogps.Slice(start, length));
            if (plan.EntropyBonus != 0) pass.AddEntropyBonus(gradEntropies.Slice(start, length));
            if (window.Teacher is { } teacher)
                pass.AddDivergence(teacher, tokenTerms, weighting, gradDivergences.Slice(start - first, length));
            totals?.AddRow(window, plan, row, ratio, pass);
        }
    }

    /// <summary>Adds what the rows' pass has shown: entropies, and divergences with the slopes that they went in with.</summary>
    internal static void AddSeen(
        PolicyWindow window, LossPlan plan, int firstRow, int endRow, ReadOnlySpan<double> gradDivergences, LossTotals totals)
    {
        var first = window.RowStarts[firstRow];
        for (var row = firstRow; row < endRow; row++)
        {
            totals.AddEntropies(window, plan, row);
            if (window.Divergences is null) continue;
            var (start, end) = (window.RowStarts[row], window.RowStarts[row + 1]);
            totals.AddDivergences(window, start, gradDivergences[(start - first)..(end - first)]);
        }
    }

    /// <summary>
    /// The value loss of an actor with a critic: half the aggregate of the larger squared error, prediction clipped or not.
    /// </summary>
    internal static (double Loss, double[] Gradient, double ClipShare) Value(
        LossAggregation aggregation, PolicyWindow window, LossDenominators denominators, double[] predictions, double[] returns,
        double[] values, double clip)
    {
        var (loss, clipped, tokens, gradient) = (0.0, 0, 0, new double[predictions.Length]);
        for (var row = 0; row < window.Rows; row++)
        {
            var weight = 0.5 * denominators.TokenWeight(aggregation, window.LossTokens(row));
            for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++)
            {
                if (!window.Mask[t]) continue;
                tokens++;
                var held = Math.Min(Math.Max(predictions[t], values[t] - clip), values[t] + clip);
                var (free, bound) = (predictions[t] - returns[t], held - returns[t]);
                var useBound = bound * bound > free * free;
                if (useBound) clipped++;
                loss += weight * (useBound ? bound * bound : free * free);
                gradient[t] = useBound && held != predictions[t] ? 0 : weight * 2 * free;
            }
        }
        return (loss, gradient, (double)clipped / Math.Max(1, tokens));
    }
}
