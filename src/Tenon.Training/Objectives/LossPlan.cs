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
    public static LossPlan Of(
        ObjectiveSettings settings, PolicyWindow window, double maxNewTokens, double? entropyBonus = null, Func<int, int[]>? draw = null)
    {
        var counted = new bool[window.Mask.Length];
        Array.Fill(counted, true);
        double[]? weights = null, rowLogWeights = null;
        var rejected = (OffPolicy: 0, Entropy: 0, Sampler: 0, Tests: 0, Moment: 0);

        int Reject(Func<int, bool> kept)
        {
            var count = 0;
            weights ??= Ones(window.Mask.Length);
            for (var t = 0; t < counted.Length; t++)
            {
                if (kept(t)) continue;
                if (window.Mask[t] && counted[t]) count++;
                (weights[t], counted[t]) = (0, false);
            }
            return count;
        }

        if (window.SamplerLogps is { } sampler && (settings.SamplerCorrection != SamplerCorrection.None || settings.SamplerTests.Count > 0))
        {
            var logRatios = SamplerWeights.LogRatios(window, window.OldLogps ?? window.Logps, sampler);
            foreach (var test in settings.SamplerTests)
            {
                var passing = test.Passing(logRatios, window.RowStarts, window.Mask);
                rejected.Tests += Reject(t => passing[t]);
            }
            if (settings.SamplerCorrection != SamplerCorrection.None)
            {
                var ratios = SamplerRatios(settings, window, logRatios);
                if (settings.Loss == PolicyLossKind.GammaWeighted) rowLogWeights = RowLogs(window, ratios);
                else
                {
                    weights ??= Ones(window.Mask.Length);
                    for (var t = 0; t < weights.Length; t++) weights[t] *= ratios[t];
                    rejected.Sampler = Reject(t => ratios[t] != 0);
                }
            }
        }
        if (settings.OffPolicyThreshold is { } threshold)
        {
            var near = TokenMasks.OnPolicy(window, threshold);
            rejected.OffPolicy = Reject(t => near[t]);
        }
        var moment = double.NaN;
        if (settings.SecondMomentMax is { } most)
        {
            (var calm, moment) = TokenMasks.Calm(window, most);
            rejected.Moment = Reject(t => calm[t]);
        }
        bool[]? highEntropy = null, covariant = null;
        if (settings.EntropyQuantile < 1)
        {
            highEntropy = TokenMasks.HighEntropy(window, settings.EntropyQuantile);
            // One term a row has no token to take out: there the geometric ratio leaves the others out of its mean.
            if (settings.Aggregation != LossAggregation.Row) rejected.Entropy = Reject(t => highEntropy[t]);
        }
        if (settings.Covariance == CovarianceControl.Clip)
        {
            var picked = covariant =
                CovarianceSelection.Clip(settings.Covariances, settings.Clip, window, draw
                ?? throw new TenonException("covariance clip", "a source of random orders", "none"));
            weights ??= Ones(window.Mask.Length);
            for (var t = 0; t < weights.Length; t++)
                if (picked[t])
                    weights[t] = 0;
        }

        var penalised = settings.Covariance == CovarianceControl.Kl ? CovarianceSelection.Largest(settings.CovarianceShare, window) : null;
        var all = LossDenominators.Of(settings.Aggregating, window, maxNewTokens);
        var denominators = settings.RejectedTokens == RejectedTokens.Removed
            ? LossDenominators.Of(settings.Aggregating, window, maxNewTokens, counted) : all;
        return new LossPlan
        {
            Denominators = denominators with { EntropyTokens = EntropyTokens(window, highEntropy) },
            KlDenominators = all,
            Weights = weights,
            HighEntropy = highEntropy,
            RowLogWeights = rowLogWeights,
            Penalised = penalised,
            Covariant = covariant ?? penalised,
            EntropyBonus = entropyBonus ?? settings.EntropyBonus,
            Rejected = rejected,
            SecondMoment = moment,
            Classifier = settings.Loss == PolicyLossKind.Classification ? AnswerClassifier.Of(settings, window) : null,
        };
    }

    private static double[] SamplerRatios(ObjectiveSettings settings, PolicyWindow window, double[] logRatios)
    {
        var ratios =
            SamplerWeights.Of(settings.SamplerCorrection, logRatios, window.RowStarts, window.Mask, settings.SamplerMin,
            settings.SamplerMax);
        var overRows = settings.SamplerCorrection is SamplerCorrection.SequenceMask or SamplerCorrection.SequenceTruncate;
        return settings.SamplerNormalised ? SamplerWeights.Normalised(ratios, window.RowStarts, window.Mask, overRows) : ratios;
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

    private static double[] Ones(int count)
    {
        var result = new double[count];
        Array.Fill(result, 1.0);
        return result;
    }
}
