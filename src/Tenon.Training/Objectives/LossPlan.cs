namespace Tenon.Training.Objectives;

/// <summary>
/// Everything about an optimizer step that has to be known before its first gradient: denominators, the weight of each token, the masks
/// that
/// read the whole step. It is a plain result: with the same plan every cut of the step into micro-batches gives the same bits.
/// </summary>
public sealed record LossPlan
{
    /// <summary>Denominators of the policy term and the entropy bonus.</summary>
    public required LossDenominators Denominators { get; init; }

    /// <summary>Denominators of the divergence from the reference, whose tokens no mask rejects.</summary>
    public required LossDenominators KlDenominators { get; init; }

    /// <summary>Factor of each token's policy term: 0 where a mask rejects it, else the sampler's ratio; null for all 1.</summary>
    public double[]? Weights { get; init; }

    /// <summary>Tokens that the entropy mask keeps; null for all.</summary>
    public bool[]? HighEntropy { get; init; }

    /// <summary>Sum of each row's log sampler ratios, for the gamma weight; null for 0.</summary>
    public double[]? RowLogWeights { get; init; }

    /// <summary>Tokens that pay |l - l_old|; null for none.</summary>
    public bool[]? Penalised { get; init; }

    /// <summary>Tokens that the covariance control takes out or penalises; null for none.</summary>
    public bool[]? Covariant { get; init; }

    /// <summary>Weight of the entropy bonus in this step.</summary>
    public double EntropyBonus { get; init; }

    /// <summary>What one token's entropy weighs in the bonus.</summary>
    internal double BonusWeight => EntropyBonus / Math.Max(1, Denominators.EntropyTokens);

    /// <summary>True where the bonus acts on a token.</summary>
    internal bool HasBonus(PolicyWindow window, int place) => window.Mask[place] && (HighEntropy is null || HighEntropy[place]);

    /// <summary>
    /// Loss tokens that the off-policy mask, the entropy mask, the sampler's bounds, its tests and the bound on the second moment reject,
    /// in that order.
    /// </summary>
    public (int OffPolicy, int Entropy, int Sampler, int Tests, int Moment) Rejected { get; init; }

    /// <summary>Mean of (l - l_old)^2 over the loss tokens before any of them was rejected; NaN where nothing asked for it.</summary>
    public double SecondMoment { get; init; } = double.NaN;

    /// <summary>The groups as classifiers of their answers; null for any other loss.</summary>
    internal AnswerClassifier? Classifier { get; init; }

    /// <summary>Plans one optimizer step.</summary>
    /// <param name="settings">The objective.</param>
    /// <param name="window">
    /// The whole step. <see cref="PolicyWindow.Logps"/> is read only where <see cref="ObjectiveSettings.NeedsFirstPass"/> says so: the
    /// log-probabilities of all rows must then stand before the first gradient.
    /// </param>
    /// <param name="maxNewTokens">The rollout's token limit (the default of <see cref="ObjectiveSettings.ConstantLength"/>).</param>
    /// <param name="entropyBonus">Weight of the bonus now; null for the setting's own.</param>
    /// <param name="draw">A random order of n places, for Clip-Cov.</param>
    public static LossPlan Of(ObjectiveSettings settings, PolicyWindow window, double maxNewTokens, double? entropyBonus = null,
        Func<int, int[]>? draw = null) => From(settings.Planning, window, maxNewTokens, entropyBonus, draw);

    private static LossPlan From(
        in PlanChoice choice, PolicyWindow window, double maxNewTokens, double? entropyBonus, Func<int, int[]>? draw)
    {
        var tokens = new MaskedTokens(window);
        var (tests, sampler, rowLogWeights) = BySampler(choice.Sampler, choice.IsGammaWeighted, window, tokens);
        var offPolicy = choice.Masks.OffPolicyThreshold is { } threshold ? tokens.Reject(TokenMasks.OnPolicy(window, threshold)) : 0;
        var (moment, secondMoment) = ByMoment(choice.Masks.SecondMomentMax, window, tokens);
        var highEntropy = choice.Masks.EntropyQuantile < 1 ? TokenMasks.HighEntropy(window, choice.Masks.EntropyQuantile) : null;
        // One term a row has no token to take out: there the geometric ratio leaves the others out of its mean.
        var entropy = highEntropy is not null && choice.Aggregating.Kind != LossAggregation.Row ? tokens.Reject(highEntropy) : 0;
        var clipped = choice.Covariance == CovarianceControl.Clip
            ? CovarianceSelection.Clip(choice.Covariances, choice.Clip, window, draw
                ?? throw new TenonException("covariance clip", "a source of random orders", "none"))
            : null;
        if (clipped is not null) tokens.TakeOut(clipped);
        var penalised = choice.Covariance == CovarianceControl.Kl ? CovarianceSelection.Largest(choice.Covariances.Share, window) : null;
        var all = LossDenominators.Of(choice.Aggregating, window, maxNewTokens);
        var denominators = choice.Masks.RejectedTokens == RejectedTokens.Removed
            ? LossDenominators.Of(choice.Aggregating, window, maxNewTokens, tokens.Counted) : all;
        return new LossPlan
        {
            Denominators = denominators with { EntropyTokens = EntropyTokens(window, highEntropy) },
            KlDenominators = all,
            Weights = tokens.Weights,
            HighEntropy = highEntropy,
            RowLogWeights = rowLogWeights,
            Penalised = penalised,
            Covariant = clipped ?? penalised,
            EntropyBonus = entropyBonus ?? choice.EntropyBonus,
            Rejected = (offPolicy, entropy, sampler, tests, moment),
            SecondMoment = secondMoment,
            Classifier = choice.ClassificationTemperature is { } temperature ? AnswerClassifier.Of(temperature, window) : null,
        };
    }

    // What the sampler's log-probabilities reject and weigh: by the tests, by the bounds of the ratio; under the gamma weight the ratios
    // go into the row's.
    private static (int Tests, int Sampler, double[]? RowLogWeights) BySampler(
        in SamplerChoice choice, bool isGammaWeighted, PolicyWindow window, MaskedTokens tokens)
    {
        var corrects = choice.Correction != SamplerCorrection.None;
        if (window.SamplerLogps is not { } sampler || (!corrects && choice.Tests.Count == 0)) return (0, 0, null);
        var logRatios = SamplerWeights.LogRatios(window, window.OldLogps ?? window.Logps, sampler);
        var failed = choice.Tests.Sum(test => tokens.Reject(test.Passing(logRatios, window.RowStarts, window.Mask)));
        if (!corrects) return (failed, 0, null);
        var ratios = SamplerRatios(choice, window, logRatios);
        if (isGammaWeighted) return (failed, 0, RowLogs(window, ratios));
        tokens.Weigh(ratios);
        return (failed, tokens.Reject(Array.ConvertAll(ratios, ratio => ratio != 0)), null);
    }

    private static (int Rejected, double Mean) ByMoment(double? most, PolicyWindow window, MaskedTokens tokens)
    {
        if (most is not { } bound) return (0, double.NaN);
        var (calm, mean) = TokenMasks.Calm(window, bound);
        return (tokens.Reject(calm), mean);
    }

    private static double[] SamplerRatios(in SamplerChoice choice, PolicyWindow window, double[] logRatios)
    {
        var ratios = SamplerWeights.Of(choice.Correction, logRatios, window.RowStarts, window.Mask, choice.Min, choice.Max);
        var overRows = choice.Correction is SamplerCorrection.SequenceMask or SamplerCorrection.SequenceTruncate;
        return choice.Normalised ? SamplerWeights.Normalised(ratios, window.RowStarts, window.Mask, overRows) : ratios;
    }

    // Log of each token's ratio, held within [ln 1e-8, 20], summed over the row.
    private static double[] RowLogs(PolicyWindow window, double[] ratios)
    {
        var result = new double[window.Rows];
        for (var row = 0; row < result.Length; row++)
            for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++)
                if (window.Mask[t])
                    result[row] += ratios[t] <= 0 ? PolicyLoss.LogOfSmallest
                        : Math.Clamp(ExactMath.Log(ratios[t]), PolicyLoss.LogOfSmallest, 20);
        return result;
    }

    private static double EntropyTokens(PolicyWindow window, bool[]? highEntropy)
    {
        var count = 0;
        for (var t = 0; t < window.Mask.Length; t++)
            if (window.Mask[t] && (highEntropy is null || highEntropy[t]))
                count++;
        return count;
    }
}
