namespace Tenon.Training.Objectives;

/// <summary>
/// Diagnostics of one optimizer step. Shares and means are over loss tokens; where one ratio belongs to a whole row, the shares of clipping count
/// every row once, rows without loss tokens included.
/// </summary>
public sealed record LossReport
{
    /// <summary>The loss.</summary>
    public required double Loss { get; init; }

    /// <summary>The loss without the entropy bonus.</summary>
    public double PolicyLoss { get; init; }

    /// <summary>Mean divergence from the reference by the chosen estimator.</summary>
    public double Kl { get; init; }

    /// <summary>The same as it enters the loss: times the importance ratio where bias correction is on.</summary>
    public double KlPenalty { get; init; }

    /// <summary>Mean entropy in nats.</summary>
    public double Entropy { get; init; }

    /// <summary>Mean entropy of the tokens that the entropy bonus acts on: what <see cref="EntropyController"/> watches.</summary>
    public double BonusEntropy { get; init; }

    /// <summary>Largest importance ratio.</summary>
    public double RatioMax { get; init; }

    /// <summary>Smallest importance ratio.</summary>
    public double RatioMin { get; init; }

    /// <summary>Share with negative advantage and a ratio below the clip range.</summary>
    public double ClipLow { get; init; }

    /// <summary>Share with positive advantage and a ratio above the clip range.</summary>
    public double ClipHigh { get; init; }

    /// <summary>Smallest <see cref="ClipLow"/> of any row; NaN where no row has loss tokens.</summary>
    public double ClipLowMin { get; init; }

    /// <summary>Largest <see cref="ClipHigh"/> of any row; NaN where no row has loss tokens.</summary>
    public double ClipHighMax { get; init; }

    /// <summary>Share with negative advantage and a ratio above delta.</summary>
    public double DualClipped { get; init; }

    /// <summary>Share whose weight floor or cap holds.</summary>
    public double Capped { get; init; }

    /// <summary>Share with positive advantage whose weight the cap holds.</summary>
    public double CappedPositive { get; init; }

    /// <summary>Share with positive advantage and a ratio outside the clip range on either side.</summary>
    public double OutsidePositive { get; init; }

    /// <summary>Share with negative advantage and a ratio outside the clip range on either side.</summary>
    public double OutsideNegative { get; init; }

    /// <summary>Share that the trust region stops.</summary>
    public double Untrusted { get; init; }

    /// <summary>Mean gamma weight over rows; 1 for other losses.</summary>
    public double GammaWeight { get; init; }

    /// <summary>Mean of l_old - l, an estimate of the divergence from the old policy.</summary>
    public double Drift { get; init; }

    /// <summary>Mean of |l - l_old|.</summary>
    public double AbsoluteDrift { get; init; }

    /// <summary>Mean of |l_old - l_sampler|; 0 where the sampler is the trainer.</summary>
    public double SamplerDifferenceMean { get; init; }

    /// <summary>Largest |l_old - l_sampler|.</summary>
    public double SamplerDifferenceMax { get; init; }

    /// <summary>Share rejected by the off-policy mask.</summary>
    public double RejectedOffPolicy { get; init; }

    /// <summary>Share rejected by the entropy mask.</summary>
    public double RejectedEntropy { get; init; }

    /// <summary>Share rejected by the sampler's bounds.</summary>
    public double RejectedSampler { get; init; }

    /// <summary>Share rejected by the sampler's tests.</summary>
    public double RejectedTests { get; init; }

    /// <summary>Loss tokens.</summary>
    public long Tokens { get; init; }

    /// <summary>Rows.</summary>
    public long Rows { get; init; }
}
