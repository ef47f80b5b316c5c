namespace Tenon.Training.Objectives;

/// <summary>Estimates of the divergence from the reference on one sampled token (J. Schulman, "Approximating KL divergence").</summary>
internal static class KlEstimates
{
    /// <summary>The estimate and its derivative by the log-probability <paramref name="logp"/>.</summary>
    public static (double Value, double Slope) Of(KlEstimator estimator, double logp, double reference, double? bound, bool gradientOfK2)
    {
        var difference = logp - reference;
        var (value, slope) = estimator switch
        {
            KlEstimator.K1 => (difference, 1),
            KlEstimator.K2 => (0.5 * difference * difference, difference),
            KlEstimator.Absolute => (Math.Abs(difference), Math.Sign(difference)),
            _ => K3(-difference, bound),
        };
        return (value, gradientOfK2 ? difference : slope);
    }

    // e^x - x - 1 with x = l_ref - l; with a bound, x is held within 20 and the value within the bound, and neither has a gradient beyond.
    private static (double Value, double Slope) K3(double x, double? bound)
    {
        if (bound is not { } limit)
        {
            var power = ExactMath.Exp(x);
            return (power - x - 1, 1 - power);
        }
        var held = Math.Clamp(x, -20, 20);
        var exponential = ExactMath.Exp(held);
        var value = exponential - held - 1;
        return value > limit ? (limit, 0) : (value, held == x ? 1 - exponential : 0);
    }
}
