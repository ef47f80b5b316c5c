namespace Tenon.Training.Objectives;

/// <summary>
/// Which rows of an optimizer step a gradient can come from, and which ones its report covers. A row is idle where no token of it can have
/// a gradient: it has no loss tokens, or all of them have advantage 0 or are rejected, and nothing else pulls at them. Its pass would add
/// zeros to sums that are taken over rows in order, so leaving it out changes no bit; the plan's denominators count it all the same. The
/// report is the same whether idle rows are computed or not: it covers those of them whose figures are known without a pass (rows without
/// loss tokens, which add none, and rows that a first pass has scored), and no others.
/// </summary>
/// <param name="Live">Rows that a gradient can come from.</param>
/// <param name="Reported">Rows that the report covers, ascending.</param>
internal sealed record StepRows(bool[] Live, int[] Reported)
{
    /// <summary>Rows that no gradient can come from.</summary>
    public int Idle => Live.Count(live => !live);

    /// <summary>The rows of a step as it is planned.</summary>
    public static StepRows Of(ObjectiveSettings objective, PolicyWindow window, LossPlan plan)
    {
        var (live, reported) = (new bool[window.Rows], new List<int>());
        // A first pass without dropout has said of every loss token what the gradient's pass would.
        var isKnown = window.IsForeseen && objective.NeedsFirstPass;
        var always = objective.HasGradientWithoutAdvantage || (objective.NeedsFirstPass && !isKnown);
        for (var g = 0; g + 1 < window.Groups.Length; g++)
        {
            var (first, end) = (window.Groups[g], window.Groups[g + 1]);
            for (var row = first; row < end; row++)
                live[row] = window.LossTokens(row) > 0 && (always || window.Teacher is { } teacher && teacher.Has(row)
                    || HasPolicyTerm(window, isKnown ? plan.Weights : null, row));
            if (!objective.TrainsWithoutAdvantage && !live.AsSpan(first..end).Contains(true)) continue;
            for (var row = first; row < end; row++)
                if (live[row] || isKnown || window.LossTokens(row) == 0)
                    reported.Add(row);
        }

        return new StepRows(live, [.. reported]);
    }

    /// <summary>Rows that a pass is made over.</summary>
    public IReadOnlyList<bool> Passed(bool skipsIdle) => skipsIdle ? Live : [.. Live.Select(_ => true)];

    /// <summary>Groups all of whose rows are idle.</summary>
    public int IdleGroups(PolicyWindow window)
    {
        var count = 0;
        for (var g = 0; g + 1 < window.Groups.Length; g++)
            if (!Live.AsSpan(window.Groups[g]..window.Groups[g + 1]).Contains(true))
                count++;
        return count;
    }

    // By the row and not by the token: where one ratio belongs to the row, a token's advantage reaches the others.
    private static bool HasPolicyTerm(PolicyWindow window, double[]? weights, int row)
    {
        var (advantage, weight) = (false, weights is null);
        for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++)
        {
            if (!window.Mask[t]) continue;
            advantage |= window.Advantages[t] != 0;
            weight |= weights is not null && weights[t] != 0;
        }

        return advantage && weight;
    }
}
