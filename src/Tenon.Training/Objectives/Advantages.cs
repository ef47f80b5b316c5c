namespace Tenon.Training.Objectives;

/// <summary>
/// What advantages are computed from: the rewards of N rows and, where the estimator or a penalty needs them, flat token arrays.
/// </summary>
public sealed record AdvantageInput
{
    /// <summary>K reward columns of N rows, with weights and groups.</summary>
    public required RewardTable Rewards { get; init; }

    /// <summary>N + 1 places: row i owns the tokens rowStarts[i] .. rowStarts[i + 1] of the flat arrays.</summary>
    public required int[] RowStarts { get; init; }

    /// <summary>Which tokens are loss tokens.</summary>
    public required bool[] Mask { get; init; }

    /// <summary>Which rows reached the length limit; null where none did.</summary>
    public bool[]? Truncated { get; init; }

    /// <summary>Which rows' outcome is right; null takes those with a reward above 0.</summary>
    public bool[]? Right { get; init; }

    /// <summary>Log-probabilities at sampling time, for penalties in the reward and the optimal token baseline.</summary>
    public double[]? OldLogps { get; init; }

    /// <summary>Log-probabilities of the reference, for penalties in the reward.</summary>
    public double[]? RefLogps { get; init; }

    /// <summary>N rewards of the greedy answer to each row's prompt (ReMax).</summary>
    public double[]? GreedyRewards { get; init; }

    /// <summary>Sum of squared probabilities over the vocabulary at each token (optimal token baseline).</summary>
    public double[]? SumSquaredProbabilities { get; init; }

    /// <summary>Rewards of single tokens that come on top of the row's reward, which the last loss token gets; null for none.</summary>
    public double[]? TokenRewards { get; init; }
}

/// <summary>Advantages of one batch.</summary>
/// <param name="PerToken">One a token, row after row; 0 outside the mask's rows only where the estimator works token by token.</param>
/// <param name="PerRow">One a row, 0 for unscorable rows; for token-level estimators that of the row's first loss token.</param>
/// <param name="Rewards">The rewards they came from (weighted, bounded, penalised); NaN for unscorable rows.</param>
/// <param name="NoSignal">True for rows of a group whose scorable rewards are all exactly equal (and at least one).</param>
public sealed record AdvantageResult(double[] PerToken, double[] PerRow, double[] Rewards, bool[] NoSignal);

/// <summary>Rewards to advantages, by the settings' <see cref="AdvantageEstimator"/>, scale and whitening.</summary>
public static class Advantages
{
    /// <summary>Computes the advantages of one batch; deterministic, in row order.</summary>
    public static AdvantageResult Of(ObjectiveSettings settings, AdvantageInput input)
    {
        if (settings.TruncatedOutOfStatistics) input = input with { Rewards = WithoutTruncated(input) };
        var rewards = Bounded(settings.RewardMin, settings.RewardMax, input);
        var groups = input.Rewards.Members;
        var noSignal = NoSignal(rewards, groups);
        var perToken = settings.Advantage switch
        {
            AdvantageEstimator.Return =>
                TokenAdvantages.Returns(TokenRewards(settings.RewardKl, input, rewards), input.RowStarts, input.Mask, settings.Discount),
            AdvantageEstimator.GreedyBaseline => Greedy(settings.RewardKl, input, rewards),
            AdvantageEstimator.OptimalToken => TokenAdvantages.OptimalToken(
                TokenRewards(settings.RewardKl, input, rewards), input.RowStarts, input.Mask, groups,
                Need(input.OldLogps, "old log-probabilities"), Need(input.SumSquaredProbabilities, "sums of squared probabilities"), null, zeroTail: true, skipHoles: true),
            _ => null,
        };
        if (perToken is not null)
        {
            if (settings.Whiten == AdvantageWhitening.Tokens) perToken = TokenAdvantages.Whiten(perToken, Scorable(input, rewards));
            return new AdvantageResult(perToken, FirstOfRows(perToken, input), rewards, noSignal);
        }

        Penalise(settings.RewardKl, input, rewards);
        var perRow = settings.Advantage switch
        {
            AdvantageEstimator.LeaveOneOut => RowAdvantages.LeaveOneOut(rewards, groups, settings.LoneRow),
            AdvantageEstimator.Decoupled => RowAdvantages.Decoupled(input.Rewards, settings.Scale, settings.ScaleEpsilon, settings.LoneRow),
            AdvantageEstimator.LengthWeighted => RowAdvantages.LengthWeighted(rewards, groups, LossTokens(input), settings.LoneRow),
            AdvantageEstimator.NonZeroScaled => RowAdvantages.NonZeroScaled(rewards, groups, settings.LoneRow),
            AdvantageEstimator.BestOfGroup => RowAdvantages.BestOfGroup(rewards, groups, settings.Scale, settings.ScaleEpsilon),
            AdvantageEstimator.MeanScaled => RowAdvantages.MeanScaled(rewards, groups),
            AdvantageEstimator.PassAtK =>
                RowAdvantages.PassAtK(rewards, input.Right ?? Array.ConvertAll(rewards, r => r > 0), groups, settings.PassK),
            AdvantageEstimator.None => Array.ConvertAll(rewards, reward => reward * 0),
            _ => RowAdvantages.GroupMean(rewards, groups, settings.Scale, settings.ScaleEpsilon, settings.LoneRow),
        };
        if (settings.Whiten == AdvantageWhitening.Rows) perRow = RowAdvantages.Whiten(perRow, settings.ScaleEpsilon);
        perRow = Array.ConvertAll(perRow, value => double.IsNaN(value) ? 0 : value);
        perToken = Broadcast(perRow, input.RowStarts);
        if (settings.Whiten == AdvantageWhitening.Tokens)
        {
            perToken = TokenAdvantages.Whiten(perToken, Scorable(input, rewards));
            perRow = FirstOfRows(perToken, input);
        }
        return new AdvantageResult(perToken, perRow, rewards, noSignal);
    }

    /// <summary>Repeats each row's value over its tokens.</summary>
    public static double[] Broadcast(ReadOnlySpan<double> perRow, ReadOnlySpan<int> rowStarts)
    {
        var perToken = new double[rowStarts[^1]];
        for (var row = 0; row < perRow.Length; row++) perToken.AsSpan(rowStarts[row]..rowStarts[row + 1]).Fill(perRow[row]);
        return perToken;
    }

    private static double[] Bounded(double? min, double? max, AdvantageInput input)
    {
        var rewards = input.Rewards.Totals();
        for (var row = 0; row < rewards.Length; row++)
        {
            if (rewards[row] < min) rewards[row] = min!.Value;
            if (rewards[row] > max) rewards[row] = max!.Value;
        }
        return rewards;
    }

    private static void Penalise(double kl, AdvantageInput input, double[] rewards)
    {
        if (kl == 0) return;
        var (old, reference) = (Need(input.OldLogps, "old log-probabilities"), Need(input.RefLogps, "reference log-probabilities"));
        for (var row = 0; row < rewards.Length; row++)
        {
            var sum = 0.0;
            for (var t = input.RowStarts[row]; t < input.RowStarts[row + 1]; t++)
                if (input.Mask[t])
                    sum += old[t] - reference[t];
            rewards[row] -= kl * sum;
        }
    }

    private static double[] TokenRewards(double kl, AdvantageInput input, double[] rewards)
    {
        var tokens = input.TokenRewards is { } given ? (double[])given.Clone() : new double[input.Mask.Length];
        if (kl != 0)
        {
            var (old, reference) = (Need(input.OldLogps, "old log-probabilities"), Need(input.RefLogps, "reference log-probabilities"));
            for (var t = 0; t < tokens.Length; t++) tokens[t] -= kl * (old[t] - reference[t]);
        }
        for (var row = 0; row < rewards.Length; row++)
        {
            var last = input.RowStarts[row + 1] - 1;
            while (last >= input.RowStarts[row] && !input.Mask[last]) last--;
            if (double.IsNaN(rewards[row])) tokens.AsSpan(input.RowStarts[row]..input.RowStarts[row + 1]).Clear();
            else if (last >= input.RowStarts[row]) tokens[last] += rewards[row];
        }
        return tokens;
    }

    private static double[] Greedy(double kl, AdvantageInput input, double[] rewards)
    {
        var baselines = Need(input.GreedyRewards, "rewards of the greedy answers");
        var perToken = TokenAdvantages.Returns(TokenRewards(kl, input, rewards), input.RowStarts, input.Mask, 1);
        for (var row = 0; row < rewards.Length; row++)
            for (var t = input.RowStarts[row]; t < input.RowStarts[row + 1]; t++)
                if (input.Mask[t])
                    perToken[t] = double.IsNaN(rewards[row]) || double.IsNaN(baselines[row]) ? 0 : perToken[t] - baselines[row];
        return perToken;
    }

    private static bool[] NoSignal(double[] rewards, int[][] groups)
    {
        var result = new bool[rewards.Length];
        foreach (var rows in groups)
        {
            var spread = Spread.Of(rewards, rows);
            if (spread.AllEqual || spread.Count == 1)
                foreach (var row in rows)
                    result[row] = true;
        }
        return result;
    }

    private static RewardTable WithoutTruncated(AdvantageInput input)
    {
        if (input.Truncated is not { } truncated) return input.Rewards;
        var columns =
            Array.ConvertAll(input.Rewards.Columns, column => column.Select((value, row) => truncated[row] ? double.NaN : value).ToArray());
        return new RewardTable(columns, input.Rewards.Groups, input.Rewards.Weights);
    }

    private static bool[] Scorable(AdvantageInput input, double[] rewards)
    {
        var mask = (bool[])input.Mask.Clone();
        for (var row = 0; row < rewards.Length; row++)
            if (double.IsNaN(rewards[row]))
                mask.AsSpan(input.RowStarts[row]..input.RowStarts[row + 1]).Clear();
        return mask;
    }

    private static int[] LossTokens(AdvantageInput input)
    {
        var counts = new int[input.RowStarts.Length - 1];
        for (var row = 0; row < counts.Length; row++)
            counts[row] = input.Mask.AsSpan(input.RowStarts[row]..input.RowStarts[row + 1]).Count(true);
        return counts;
    }

    private static double[] FirstOfRows(double[] perToken, AdvantageInput input)
    {
        var perRow = new double[input.RowStarts.Length - 1];
        for (var row = 0; row < perRow.Length; row++)
        {
            var first = input.Mask.AsSpan(input.RowStarts[row]..input.RowStarts[row + 1]).IndexOf(true);
            if (first >= 0) perRow[row] = perToken[input.RowStarts[row] + first];
        }
        return perRow;
    }

    private static double[] Need(double[]? values, string what) =>
        values ?? throw new TenonException("advantages", what, "none", "this estimator or penalty needs them");
}
