using System.Numerics;

namespace Tenon;

/// <summary>
/// Elementary functions of complex numbers over <see cref="ExactMath"/>: the same bits everywhere. Branches are those of
/// <see cref="Complex"/>. Inverse sine and cosine after Hull, Fairgrieve and Tang (1997), which lose no digits near the branch points.
/// </summary>
public static class ExactComplex
{
    /// <summary>e^z.</summary>
    public static Complex Exp(Complex z)
    {
        var size = ExactMath.Exp(z.Real);
        return new Complex(size * ExactMath.Cos(z.Imaginary), size * ExactMath.Sin(z.Imaginary));
    }

    /// <summary>The natural logarithm, its imaginary part in -pi to pi.</summary>
    public static Complex Log(Complex z) => new(ExactMath.Log(Complex.Abs(z)), Phase(z));

    /// <summary>The angle of z.</summary>
    public static double Phase(Complex z) => ExactMath.Atan2(z.Imaginary, z.Real);

    /// <summary>sin z = sin a cosh b + i cos a sinh b.</summary>
    public static Complex Sin(Complex z) => new(
        ExactMath.Sin(z.Real) * ExactMath.Cosh(z.Imaginary), ExactMath.Cos(z.Real) * ExactMath.Sinh(z.Imaginary));

    /// <summary>cos z = cos a cosh b - i sin a sinh b.</summary>
    public static Complex Cos(Complex z) => new(
        ExactMath.Cos(z.Real) * ExactMath.Cosh(z.Imaginary), -ExactMath.Sin(z.Real) * ExactMath.Sinh(z.Imaginary));

    /// <summary>sinh z = sinh a cos b + i cosh a sin b.</summary>
    public static Complex Sinh(Complex z) => new(
        ExactMath.Sinh(z.Real) * ExactMath.Cos(z.Imaginary), ExactMath.Cosh(z.Real) * ExactMath.Sin(z.Imaginary));

    /// <summary>cosh z = cosh a cos b + i sinh a sin b.</summary>
    public static Complex Cosh(Complex z) => new(
        ExactMath.Cosh(z.Real) * ExactMath.Cos(z.Imaginary), ExactMath.Sinh(z.Real) * ExactMath.Sin(z.Imaginary));

    /// <summary>atan z = (i / 2) (ln(1 - iz) - ln(1 + iz)).</summary>
    public static Complex Atan(Complex z)
    {
        var turned = new Complex(-z.Imaginary, z.Real);
        var difference = Log(Complex.One - turned) - Log(Complex.One + turned);
        return new Complex(-0.5 * difference.Imaginary, 0.5 * difference.Real);
    }

    /// <summary>The inverse sine.</summary>
    public static Complex Asin(Complex z)
    {
        var (sine, tangent, height) = Inverse(Math.Abs(z.Real), Math.Abs(z.Imaginary));
        var angle = tangent is { } t ? ExactMath.Atan(t) : ExactMath.Asin(sine);
        return new Complex(z.Real < 0 ? -angle : angle, z.Imaginary < 0 ? -height : height);
    }

    /// <summary>The inverse cosine.</summary>
    public static Complex Acos(Complex z)
    {
        var (sine, tangent, height) = Inverse(Math.Abs(z.Real), Math.Abs(z.Imaginary));
        var angle = tangent is { } t ? ExactMath.Atan(1 / t) : ExactMath.Acos(sine);
        return new Complex(z.Real < 0 ? Math.PI - angle : angle, z.Imaginary > 0 ? -height : height);
    }

    /// <summary>
    /// Of x + iy in the first quadrant: the sine of the inverse sine's real part, or its tangent where the sine is near 1, and its
    /// imaginary part.
    /// </summary>
    private static (double Sine, double? Tangent, double Height) Inverse(double x, double y)
    {
        if (Math.Max(x, y) > 1e150) return (0, x / y, ExactMath.Log(Complex.Abs(new Complex(x / 2, y / 2))) + 2 * ExactMath.Log(2.0));
        var (far, near) = (Complex.Abs(new Complex(x + 1, y)), Complex.Abs(new Complex(x - 1, y)));
        var mean = 0.5 * (far + near);
        var sine = x / mean;
        double? tangent = null;
        if (sine > 0.75)
        {
            // mean² - x² without cancellation.
            var gap = x <= 1 ? 0.5 * (y * y / (far + (x + 1)) + (near + (1 - x)))
                : 0.5 * y * y * (1 / (far + (x + 1)) + 1 / (near + (x - 1)));
            tangent = gap == 0 ? double.PositiveInfinity : x / Math.Sqrt((mean + x) * gap);
        }

        if (mean >= 1.5) return (sine, tangent, ExactMath.Log(mean + Math.Sqrt((mean - 1) * (mean + 1))));
        var above = x < 1 ? 0.5 * y * y * (1 / (far + (x + 1)) + 1 / (near + (1 - x)))
            : 0.5 * (y * y / (far + (x + 1)) + (near + (x - 1)));
        return (sine, tangent, ExactMath.Log1p(above + Math.Sqrt(above * (mean + 1))));
    }
}
