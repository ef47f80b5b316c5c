using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>Clipping by the global norm, as torch's clip_grad_norm_: all gradients times min(1, bound / (norm + 1e-6)).</summary>
internal static class GradientClipping
{
    /// <summary>Adds the squares of one gradient to a sum, in float64, first value to last.</summary>
    public static double AddSquares<T>(double sum, ReadOnlySpan<T> gradient) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (var value in gradient)
        {
            var number = double.CreateTruncating(value);
            sum += number * number;
        }
        return sum;
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
