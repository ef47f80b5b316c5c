namespace Tenon.Evaluation.Spectra;

/// <summary>Numbers that tell how a spectrum is spread; singular values are descending, distributions sum to 1.</summary>
public static class SpectrumMeasures
{
    /// <summary>exp of the entropy of s / sum s, zeros left out (Roy and Vetterli 2007); 0 for no values or zeros alone.</summary>
    public static double EffectiveRank(ReadOnlySpan<double> values)
    {
        var sum = Sum(values);
        if (sum == 0) return 0;
        var entropy = 0.0;
        foreach (var s in values)
        {
            if (!(s > 0)) continue;
            var p = s / sum;
            entropy -= p * ExactMath.Log(p);
        }

        return ExactMath.Exp(entropy);
    }

    /// <summary>|A|_F² / |A|_2²; 0 for a matrix of zeros.</summary>
    public static double StableRank(ReadOnlySpan<double> values)
    {
        if (values.Length == 0 || values[0] == 0) return 0;
        var sum = 0.0;
        foreach (var s in values) sum += s / values[0] * (s / values[0]);
        return sum;
    }

    /// <summary>The share of the energy (sum of squares) that the k largest values hold.</summary>
    public static double Explained(ReadOnlySpan<double> values, int k) => Sum(Mass(values).AsSpan(0, k));

    /// <summary>Squares divided by their sum; zeros where all are zero.</summary>
    public static double[] Mass(ReadOnlySpan<double> values)
    {
        var result = new double[values.Length];
        if (values.Length == 0) return result;
        var largest = 0.0;
        foreach (var s in values) largest = Math.Max(largest, Math.Abs(s));
        if (largest == 0) return result;
        for (var i = 0; i < result.Length; i++) result[i] = values[i] / largest * (values[i] / largest);
        return Share(result);
    }

    /// <summary>The numbers divided by their sum; zeros where that is zero.</summary>
    public static double[] Share(double[] values)
    {
        var sum = Sum(values);
        return [.. values.Select(x => sum == 0 ? 0 : x / sum)];
    }

    /// <summary>
    /// Sums over ten equal parts of <paramref name="places"/> places (as many as there are shares by default): place j of r belongs to part
    /// floor(10 j / r). A part of which not every share is known is NaN.
    /// </summary>
    public static double[] Tenths(ReadOnlySpan<double> shares, int? places = null)
    {
        var (all, result) = (places ?? shares.Length, new double[10]);
        for (var j = 0; j < all; j++) result[(int)(10L * j / all)] += j < shares.Length ? shares[j] : double.NaN;
        return result;
    }

    /// <summary>The share that the first half of the places holds, j &lt; floor(r / 2); NaN where fewer are known.</summary>
    public static double PrincipalHalf(ReadOnlySpan<double> shares, int? places = null) =>
        (places ?? shares.Length) / 2 is var half && half <= shares.Length ? Sum(shares[..half]) : double.NaN;

    /// <summary>The fewest first places that hold <paramref name="quantile"/> of the mass, and what they hold of the shares.</summary>
    public static (int K, double Share) Capture(ReadOnlySpan<double> mass, ReadOnlySpan<double> shares, double quantile)
    {
        var (sum, k) = (0.0, 0);
        while (k < mass.Length)
        {
            sum += mass[k++];
            if (sum >= quantile) break;
        }

        return (k, Sum(shares[..k]));
    }

    private static double Sum(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var x in values) sum += x;
        return sum;
    }
}
