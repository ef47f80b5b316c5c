namespace Tenon;

/// <content>Hyperbolic sine and cosine from e^x - 1, and powers and logarithms to base 10.</content>
public static partial class ExactMath
{
    /// <summary>The hyperbolic sine.</summary>
    public static double Sinh(double x)
    {
        var size = Math.Abs(x);
        if (double.IsNaN(x) || size < 1e-9) return x;
        if (size >= 22) return Math.CopySign(HalfExp(size), x);
        var t = Expm1(size);
        return Math.CopySign(0.5, x) * (size < 1 ? 2.0 * t - t * t / (t + 1.0) : t + t / (t + 1.0));
    }

    /// <summary>The hyperbolic cosine.</summary>
    public static double Cosh(double x)
    {
        var size = Math.Abs(x);
        if (double.IsNaN(x)) return x;
        if (size >= 22) return HalfExp(size);
        if (size < 0.34657359027997264)
        {
            var t = Expm1(size);
            return 1.0 + t * t / (2.0 * (1.0 + t));
        }

        var e = Exp(size);
        return 0.5 * e + 0.5 / e;
    }

    /// <summary>The inverse hyperbolic sine: ln(x + sqrt(x² + 1)).</summary>
    public static double Asinh(double x)
    {
        var size = Math.Abs(x);
        if (!double.IsFinite(x) || size < 1e-9) return x;
        return Math.CopySign(size > 1e8 ? Log(size) + Log(2.0) : Log1p(size + size * size / (1.0 + Math.Sqrt(1.0 + size * size))), x);
    }

    /// <summary>The inverse hyperbolic cosine: ln(x + sqrt(x² - 1)); NaN below 1.</summary>
    public static double Acosh(double x)
    {
        if (!(x >= 1)) return double.NaN;
        var t = x - 1.0;
        return x > 1e8 ? Log(x) + Log(2.0) : Log1p(t + Math.Sqrt(2.0 * t + t * t));
    }

    /// <summary>The inverse hyperbolic tangent: ln((1 + x) / (1 - x)) / 2; NaN beyond 1.</summary>
    public static double Atanh(double x)
    {
        var size = Math.Abs(x);
        if (size < 1e-9) return x;
        return Math.CopySign(0.5 * Log1p(2.0 * size / (1.0 - size)), x);
    }

    /// <summary>The logarithm to base 10; exact for powers of ten.</summary>
    public static double Log10(double x)
    {
        if (!(x > 0) || double.IsPositiveInfinity(x)) return Log(x);
        const double Log10Of2High = 3.01029995663611771306e-01;
        const double Log10Of2Low = 3.69423907715893078616e-13;
        var k = Split(x, out var m);
        var value = Fma(k, Log10Of2High, Fma(LogCore(m - 1.0, 0, 0.0), 4.34294481903251816668e-01, k * Log10Of2Low));
        var whole = Math.Round(value);
        return Math.Abs(value - whole) < 1e-9 && PowerOfTen((int)whole) == x ? whole : value;
    }

    /// <summary>10^n, rounded once.</summary>
    public static double PowerOfTen(int n) => n switch
    {
        < -400 => 0.0,
        > 400 => double.PositiveInfinity,
        _ => double.Parse($"1e{n.ToString(System.Globalization.CultureInfo.InvariantCulture)}",
            System.Globalization.CultureInfo.InvariantCulture),
    };

    // e^x / 2 in two factors, so that it reaches as far as the result does.
    private static double HalfExp(double x)
    {
        if (x < 709) return 0.5 * Exp(x);
        var root = Exp(0.5 * x);
        return 0.5 * root * root;
    }
}
