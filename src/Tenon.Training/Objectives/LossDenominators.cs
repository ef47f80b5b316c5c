namespace Tenon.Training.Objectives;

/// <summary>
/// What the sums of one optimizer step are divided by. They belong to the step, not to a micro-batch: with them given, the gradient of a
/// token does not depend on how the step is cut.
/// </summary>
public sealed record LossDenominators
{
    /// <summary>Loss tokens of the step.</summary>
    public required double Tokens { get; init; }

    /// <summary>Rows of the step.</summary>
    public required double Rows { get; init; }

    /// <summary>The constant length of <see cref="LossAggregation.RowSumConstant"/>.</summary>
    public double ConstantLength { get; init; } = 1;

    /// <summary>Tokens that the entropy bonus is averaged over.</summary>
    public double EntropyTokens { get; init; } = 1;

    /// <summary>
    /// Number of groups that have tokens times the tokens of the row's group, one a row: what a token of
    /// <see cref="LossAggregation.PromptMean"/> is divided by. Null where nothing asks for it.
    /// </summary>
    internal double[]? PromptTokens { get; init; }

    /// <summary>Added to a row's token count before a division by it (verl: 1e-8).</summary>
    internal double RowLengthOffset { get; init; }

    /// <summary>Counts the tokens of a whole optimizer step that <paramref name="counted"/> keeps (null: all loss tokens).</summary>
    public static LossDenominators Of(AggregationChoice choice, PolicyWindow window, double maxNewTokens, bool[]? counted = null)
    {
        var (tokens, rows) = (0L, 0);
        var ofRows = new int[window.Rows];
        for (var row = 0; row < window.Rows; row++)
        {
            var (lossTokens, kept) = (0, 0);
            for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++)
            {
                if (!window.Mask[t]) continue;
                lossTokens++;
                if (counted is null || counted[t]) kept++;
            }
            tokens += kept;
            ofRows[row] = kept;
            if (kept > 0 || (lossTokens == 0 && choice.CountEmptyRows)) rows++;
        }
        return new LossDenominators
        {
            Tokens = tokens,
            Rows = rows,
            ConstantLength = choice.ConstantLength ?? maxNewTokens,
            EntropyTokens = tokens,
            PromptTokens = choice.Kind == LossAggregation.PromptMean ? ByPrompt(window, ofRows) : null,
        };
    }

    private static double[] ByPrompt(PolicyWindow window, int[] tokens)
    {
        var starts = window.Groups;
        var result = new double[window.Rows];
        var groups = 0;
        for (var g = 0; g + 1 < starts.Length; g++)
        {
            var sum = 0L;
            for (var row = starts[g]; row < starts[g + 1]; row++) sum += tokens[row];
            if (sum > 0) groups++;
            Array.Fill(result, Math.Max(1, sum), starts[g], starts[g + 1] - starts[g]);
        }
        for (var row = 0; row < result.Length; row++) result[row] *= Math.Max(1, groups);
        return result;
    }

    /// <summary>The weight of one token's term in the loss, for a row with that many loss tokens.</summary>
    internal double TokenWeight(LossAggregation aggregation, int rowTokens, int row = 0) => aggregation switch
    {
        LossAggregation.PromptMean => 1 / PromptTokens![row],
        LossAggregation.TokenMean => 1 / Math.Max(1, Tokens),
        LossAggregation.TokenSum => 1,
        LossAggregation.RowMean or LossAggregation.Row => 1 / (Math.Max(1, Rows) * (Math.Max(1, rowTokens) + RowLengthOffset)),
        LossAggregation.RowSum => 1 / Math.Max(1, Rows),
        _ => 1 / (Math.Max(1, Rows) * ConstantLength),
    };
}
