// Hard tests on the divergence of trainer and sampler: what fails is no loss token. Per token k1 = -d, k2 = d^2 / 2, k3 = e^d - d - 1 with
// d = trainer minus sampler held within plus or minus 20; tests of rows look at the sum, mean or largest over the row's loss tokens.

namespace Tenon.Training.Objectives;

/// <summary>What a test compares.</summary>
public enum SamplerTestScope
{
    /// <summary>Each token by itself.</summary>
    Token,

    /// <summary>The sum over a row.</summary>
    RowSum,

    /// <summary>The mean over a row: a test that does not depend on length.</summary>
    RowMean,

    /// <summary>The largest of a row.</summary>
    RowMax,
}

/// <summary>One test.</summary>
public sealed record SamplerTest : ISettings
{
    /// <summary>Tokens or rows.</summary>
    public SamplerTestScope Scope { get; init; } = SamplerTestScope.RowMean;

    /// <summary>k1, k2 or k3.</summary>
    public KlEstimator Estimator { get; init; } = KlEstimator.K3;

    /// <summary>Upper bound. For k1 it bounds the inverse ratio: log(min) &lt;= -d &lt;= log(max).</summary>
    [Bounds(0, 1e9, Above = true)]
    public double Max { get; init; } = 0.05;

    /// <summary>Lower bound of the inverse ratio for k1; null for 1 / max. The others have none.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double? Min { get; init; }

    /// <summary>Which tokens pass; tokens outside the mask do.</summary>
    internal bool[] Passing(double[] logRatios, ReadOnlySpan<int> rowStarts, ReadOnlySpan<bool> mask)
    {
        var (low, high) = Estimator == KlEstimator.K1 ? (ExactMath.Log(Min ?? 1 / Max), ExactMath.Log(Max))
            : (double.NegativeInfinity, Max);
        var passing = new bool[logRatios.Length];
        Array.Fill(passing, true);
        for (var row = 0; row + 1 < rowStarts.Length; row++)
        {
            var (sum, count, largest) = (0.0, 0, 0.0);
            for (var t = rowStarts[row]; t < rowStarts[row + 1]; t++)
            {
                if (!mask[t]) continue;
                var value = Statistic(logRatios[t]);
                largest = count++ == 0 ? value : Math.Max(largest, value);
                sum += value;
                if (Scope == SamplerTestScope.Token) passing[t] = value >= low && value <= high;
            }
            if (Scope == SamplerTestScope.Token) continue;
            var statistic = Scope switch
            {
                SamplerTestScope.RowSum => sum,
                SamplerTestScope.RowMean => sum / (count + 1e-8),
                _ => largest,
            };
            if (statistic >= low && statistic <= high) continue;
            for (var t = rowStarts[row]; t < rowStarts[row + 1]; t++) passing[t] = !mask[t];
        }
        return passing;
    }

    private double Statistic(double logRatio)
    {
        var d = Math.Clamp(logRatio, -20, 20);
        return Estimator switch
        {
            KlEstimator.K1 => -d,
            KlEstimator.K2 => 0.5 * d * d,
            KlEstimator.K3 => ExactMath.Exp(d) - 1 - d,
            _ => Math.Abs(d),
        };
    }
}
