namespace Tenon;

/// <summary>
/// Elementary functions whose bits do not depend on the processor, the operating system or its C library: our own argument reductions and
/// polynomials, in IEEE operations and fused multiply-adds in a fixed order. Errors in units in the last place, the largest met in tests
/// against 400 digits: exp, log, log1p, expm1, sin, cos, asin, acos and atan stay below 0.8 (faithful), pow below 1.1 (0.8 where
/// |y ln x| is small), atan2, sinh, cosh and their inverses below 1.2, tanh below 1.3, sigmoid below 1.4, log10 below 1.5; in float32 exp
/// stays below 0.96, the others below 0.501. Methods after fdlibm (Sun Microsystems, 1993) where a comment says so.
/// </summary>
public static partial class ExactMath
{
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>
    /// e^x in float32: 2^n times a polynomial of what is left, the same operations and so the same bits as a lane of the vector kernels.
    /// </summary>
    public static float Exp(float x)
    {
        x = x < -104f ? -104f : x;
        x = x > 89f ? 89f : x;
        const float Magic = 12582912f;
        var shifted = MathF.FusedMultiplyAdd(x, 1.44269504f, Magic);
        var n = shifted - Magic;
        var r = MathF.FusedMultiplyAdd(n, -0.693145752f, x);
        r = MathF.FusedMultiplyAdd(n, -1.42860677e-6f, r);
        var q = MathF.FusedMultiplyAdd(0.000198911031f, r, 0.0013933751f);
        q = MathF.FusedMultiplyAdd(q, r, 0.00833331048f);
        q = MathF.FusedMultiplyAdd(q, r, 0.041666463f);
        q = MathF.FusedMultiplyAdd(q, r, 0.166666672f);
        q = MathF.FusedMultiplyAdd(q, r, 0.5f);
        var p = 1f + MathF.FusedMultiplyAdd(r * r, q, r);

        // 2^n in two factors, because n reaches from -150 to 128: the first product is exact, the second rounds once.
        var bits = BitConverter.SingleToInt32Bits(shifted) - BitConverter.SingleToInt32Bits(Magic);
        var half = bits >> 1;
        return p * BitConverter.Int32BitsToSingle((half + 127) << 23) * BitConverter.Int32BitsToSingle((bits - half + 127) << 23);
    }

    /// <summary>The natural logarithm in float32: the float64 result, rounded.</summary>
    public static float Log(float x) => (float)Log((double)x);

    /// <summary>The sine of radians in float32: the float64 result, rounded.</summary>
    public static float Sin(float x) => (float)Sin((double)x);

    /// <summary>The cosine of radians in float32: the float64 result, rounded.</summary>
    public static float Cos(float x) => (float)Cos((double)x);

    /// <summary>x^y in float32: the float64 result, rounded.</summary>
    public static float Pow(float x, float y) => (float)Pow((double)x, y);

    /// <summary>The hyperbolic tangent in float32: the float64 result, rounded.</summary>
    public static float Tanh(float x) => (float)Tanh((double)x);

    /// <summary>1 / (1 + e^-x) in float32: the float64 result, rounded.</summary>
    public static float Sigmoid(float x) => (float)Sigmoid((double)x);

    /// <summary>1 / (1 + e^-x); 0 and 1 far out.</summary>
    public static double Sigmoid(double x)
    {
        if (x >= 0) return 1.0 / (1.0 + Exp(-x));
        var e = Exp(x);
        return e / (1.0 + e);
    }

    /// <summary>The hyperbolic tangent: t / (t + 2) with t = e^2x - 1.</summary>
    public static double Tanh(double x)
    {
        var size = Math.Abs(x);
        if (!(size < 22.0)) return double.IsNaN(x) ? x : Math.CopySign(1.0, x);
        var t = Expm1(2.0 * size);
        return Math.CopySign(size < 1.0 ? t / (t + 2.0) : 1.0 - (2.0 / (t + 2.0)), x);
    }

    private static double Fma(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);
}
