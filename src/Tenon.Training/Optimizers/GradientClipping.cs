using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>Clipping by the global norm, as torch's clip_grad_norm_: all gradients times min(1, bound / (norm + 1e-6)).</summary>
internal static class GradientClipping
{
    /// <summary>
    /// Sum of squares in float64: eight partial sums by place modulo eight, added in one fixed tree. Eight chains keep the adder busy; the
    /// order
    /// is the same on every machine.
    /// </summary>
    public static double Squares<T>(ReadOnlySpan<T> values) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
        var i = 0;
        for (; i <= values.Length - 8; i += 8)
        {
            var eight = values.Slice(i, 8);
            s0 += Square(eight[0]);
            s1 += Square(eight[1]);
            s2 += Square(eight[2]);
            s3 += Square(eight[3]);
            s4 += Square(eight[4]);
            s5 += Square(eight[5]);
            s6 += Square(eight[6]);
            s7 += Square(eight[7]);
        }
        for (; i < values.Length; i++) s0 += Square(values[i]);
        return s0 + s4 + (s2 + s6) + (s1 + s5 + (s3 + s7));
    }

    private static double Square<T>(T value) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var number = double.CreateTruncating(value);
        return number * number;
    }

    /// <summary>The factor for a norm and its bound.</summary>
    public static double Factor(double norm, double? bound) => bound is { } limit ? Math.Min(1, limit / (norm + 1e-6)) : 1;

    /// <summary>Multiplies a gradient in place.</summary>
    public static void Scale<T>(Span<T> gradient, double factor) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (factor == 1) return;
        var (scale, i) = (T.CreateTruncating(factor), 0);
        var scales = new Vector<T>(scale);
        for (; i <= gradient.Length - Vector<T>.Count; i += Vector<T>.Count) (new Vector<T>(gradient[i..]) * scales).CopyTo(gradient[i..]);
        for (; i < gradient.Length; i++) gradient[i] *= scale;
    }
}
