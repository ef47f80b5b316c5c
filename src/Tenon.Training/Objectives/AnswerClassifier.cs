namespace Tenon.Training.Objectives;

/// <summary>
/// The loss of REAL (arXiv 2602.05630, "rewards as labels"): each group is a classifier of its own answers. With s the mean of l - l_old
/// over a completion, the loss of a group is log(1 + sum over right answers of exp(-s / tau)) + log(1 + sum over wrong ones of
/// exp(s / tau)), and a step's is the mean over its groups. The slope by s is at most 1 / tau, whatever the ratio. Completions without loss
/// tokens take no part, and a group whose answers are all right or all wrong has no loss, as in the authors' code (Red-RL/REAL,
/// compute_policy_loss_real); it counts in the mean. The formula alone would push such answers all up or all down, with nothing beside.
/// </summary>
/// <param name="Values">The loss of each row's group on the group's first row that takes part, 0 on the others.</param>
/// <param name="Slopes">Derivative of the step's loss by each row's s.</param>
/// <param name="Placed">Share of the mixed groups' completions that take part whose s has the sign of their outcome.</param>
internal sealed record AnswerClassifier(double[] Values, double[] Slopes, double Placed)
{
    /// <summary>Reads the whole step: the log-probabilities must be those of the policy now.</summary>
    public static AnswerClassifier Of(double temperature, PolicyWindow window)
    {
        var (values, slopes) = (new double[window.Rows], new double[window.Rows]);
        var (placed, all, groups) = (0, 0, 0);
        for (var g = 0; g + 1 < window.Groups.Length; g++)
        {
            var rows = new List<(int Row, double Score, bool Right)>();
            for (var row = window.Groups[g]; row < window.Groups[g + 1]; row++)
                if (window.LossTokens(row) > 0)
                    rows.Add((row, Score(window, row), window.IsRight(row)));
            if (rows.Count == 0) continue;
            groups++;
            if (rows.TrueForAll(row => row.Right) || !rows.Exists(row => row.Right)) continue;
            foreach (var right in new[] { true, false })
            {
                var side = rows.FindAll(row => row.Right == right);
                values[rows[0].Row] += Add(side, right ? -1 : 1, temperature, slopes);
                placed += side.Count(row => right ? row.Score > 0 : row.Score < 0);
            }
            all += rows.Count;
        }
        for (var row = 0; row < values.Length; row++)
        {
            values[row] /= Math.Max(1, groups);
            slopes[row] /= Math.Max(1, groups);
        }
        return new AnswerClassifier(values, slopes, all == 0 ? double.NaN : (double)placed / all);
    }

    // log(1 + sum exp(sign s / tau)), shifted by its largest term; the slopes are those of that sum.
    private static double Add(List<(int Row, double Score, bool Right)> side, int sign, double temperature, double[] slopes)
    {
        var largest = 0.0;
        foreach (var (_, score, _) in side) largest = Math.Max(largest, sign * score / temperature);
        var sum = ExactMath.Exp(-largest);
        foreach (var (_, score, _) in side) sum += ExactMath.Exp(sign * score / temperature - largest);
        foreach (var (row, score, _) in side)
            slopes[row] = sign / temperature * ExactMath.Exp(sign * score / temperature - largest) / sum;
        return largest + ExactMath.Log(sum);
    }

    private static double Score(PolicyWindow window, int row)
    {
        var (sum, count) = (0.0, 0);
        for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++)
        {
            if (!window.Mask[t]) continue;
            sum += window.Logps[t] - window.Old(t);
            count++;
        }
        return sum / count;
    }
}
