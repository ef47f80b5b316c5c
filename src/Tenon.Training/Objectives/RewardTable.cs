namespace Tenon.Training.Objectives;

/// <summary>
/// The rewards of one batch: K columns (one a reward function) of N rows. NaN means that the reward skipped the row
/// (unparsable gold, timeout); a row that every reward skipped is unscorable and enters no statistics.
/// </summary>
public sealed class RewardTable
{
    /// <summary>Takes K columns of N values, K weights (null: all 1) and the group of each row (any numbers, any order).</summary>
    public RewardTable(double[][] columns, int[] groups, double[]? weights = null)
    {
        Columns = columns;
        Groups = groups;
        Weights = weights ?? Enumerable.Repeat(1.0, columns.Length).ToArray();
        if (Weights.Length != columns.Length)
            throw new TenonException("reward weights", $"{columns.Length} (one a reward)", $"{Weights.Length}");
        foreach (var column in columns)
            if (column.Length != groups.Length)
                throw new TenonException("reward column", $"{groups.Length} rows", $"{column.Length}");
        Members = GroupMembers.Of(groups);
    }

    /// <summary>K columns of N values, NaN where skipped.</summary>
    public double[][] Columns { get; }

    /// <summary>K weights.</summary>
    public double[] Weights { get; }

    /// <summary>The group of each of the N rows.</summary>
    public int[] Groups { get; }

    /// <summary>The rows of each group, groups in order of first appearance.</summary>
    public int[][] Members { get; }

    /// <summary>N weighted sums over the columns that scored; NaN for an unscorable row.</summary>
    public double[] Totals() => WeightedSum(Columns);

    /// <summary>N weighted sums of other columns of the same shape, skipping NaN; NaN where this table's row is unscorable.</summary>
    internal double[] WeightedSum(double[][] columns)
    {
        var totals = new double[Groups.Length];
        for (var row = 0; row < totals.Length; row++)
        {
            var scored = false;
            for (var k = 0; k < columns.Length; k++)
            {
                scored |= !double.IsNaN(Columns[k][row]);
                if (!double.IsNaN(columns[k][row])) totals[row] += columns[k][row] * Weights[k];
            }
            if (!scored) totals[row] = double.NaN;
        }
        return totals;
    }
}

/// <summary>Turns a group number per row into lists of rows.</summary>
internal static class GroupMembers
{
    /// <summary>The rows of each group in row order, groups in order of first appearance.</summary>
    public static int[][] Of(ReadOnlySpan<int> groups)
    {
        var place = new Dictionary<int, int>();
        var members = new List<List<int>>();
        for (var row = 0; row < groups.Length; row++)
        {
            if (!place.TryGetValue(groups[row], out var at))
            {
                place[groups[row]] = at = members.Count;
                members.Add([]);
            }
            members[at].Add(row);
        }
        return members.ConvertAll(rows => rows.ToArray()).ToArray();
    }
}
