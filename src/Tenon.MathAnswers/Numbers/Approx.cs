using System.Numerics;

namespace Tenon.MathAnswers.Numbers;

/// <summary>
/// A complex double with a bound on its absolute error, carried through every operation. Two values whose bounds do not meet are different
/// for certain; where they meet, the comparison decides by the size of the bound.
/// </summary>
internal readonly record struct Approx(Complex Value, double Error)
{
    private const double Eps = 4.5e-16;

    public static readonly Approx NaN = new(new Complex(double.NaN, double.NaN), double.PositiveInfinity);

    public double Size => Magnitude(Value);

    public bool IsFinite => double.IsFinite(Value.Real) && double.IsFinite(Value.Imaginary) && double.IsFinite(Error);

    /// <summary>True where the imaginary part is zero within the error.</summary>
    public bool IsReal => Math.Abs(Value.Imaginary) <= (2 * Error) + (1e-13 * Size);

    /// <summary>An exact number; no value where a double cannot tell it from zero or infinity.</summary>
    public static Approx Of(Rational r) => r.ToDouble() is var v && ((v == 0 && !r.IsZero) || double.IsInfinity(v)) ? NaN : Exact(v);

    public static Approx Exact(double v) => new(v, Math.Abs(v) * Eps);

    public static Approx operator +(Approx a, Approx b) => Rounded(a.Value + b.Value, a.Error + b.Error);

    public static Approx operator *(Approx a, Approx b) => Rounded(a.Value * b.Value, (a.Error * (b.Size + b.Error)) + (b.Error * a.Size));

    /// <summary>A power on the principal branch; integer powers by multiplication, so that signs and zeros stay exact.</summary>
    public static Approx Pow(Approx b, Approx e)
    {
        if (e.Error <= Math.Abs(e.Value.Real) * Eps && e.Value.Imaginary == 0 && e.Value.Real == Math.Round(e.Value.Real)
            && Math.Abs(e.Value.Real) <= 64)
        {
            var n = (int)e.Value.Real;
            if (n < 0)
            {
                if (b.Size <= b.Error) return NaN;
                var inverse = Complex.One / b.Value;
                return IntPow(Rounded(inverse, b.Error / (b.Size * (b.Size - b.Error))), -n);
            }
            return IntPow(b, n);
        }
        if (b.Value == Complex.Zero) return e.Value.Real > 0 && b.Error == 0 ? new Approx(Complex.Zero, 0) : NaN;
        if (b.Size <= b.Error) return NaN;
        // The branch cut: a base that is a negative real within its error would jump between two values.
        if (b.Value.Real < 0 && Math.Abs(b.Value.Imaginary) <= b.Error && b.Value.Imaginary != 0)
            b = new Approx(new Complex(b.Value.Real, 0), b.Error);
        if (b.Value.Imaginary == 0 && b.Value.Real > 0 && e.Value.Imaginary == 0)
        {
            var real = e.Value.Real == 0.5 ? Math.Sqrt(b.Value.Real) : ExactMath.Pow(b.Value.Real, e.Value.Real);
            if (real == 0) return NaN; // too small for a double, and not zero
            return Rounded(real, Math.Abs(real)
                * ((Math.Abs(e.Value.Real) * b.Error / b.Value.Real) + (e.Error * Math.Abs(ExactMath.Log(b.Value.Real))) + (8 * Eps)));
        }
        var log = new Complex(ExactMath.Log(b.Size), ExactMath.Atan2(b.Value.Imaginary == 0 ? 0.0 : b.Value.Imaginary, b.Value.Real));
        var value = ExactComplex.Exp(log * e.Value);
        var spread = (e.Size * b.Error / b.Size) + (e.Error * Complex.Abs(log)) + (8 * Eps * (1 + Complex.Abs(log * e.Value)));
        return Rounded(value, Complex.Abs(value) * spread);
    }

    /// <summary>A function of one argument with a bound on its slope near it.</summary>
    public static Approx Map(Approx x, Complex value, double slope) => Rounded(value, (slope * x.Error) + (16 * Eps * Complex.Abs(value)));

    private static Approx IntPow(Approx b, int n)
    {
        var result = new Approx(Complex.One, 0);
        while (n > 0)
        {
            if ((n & 1) == 1) result *= b;
            b *= b;
            n >>= 1;
        }
        return result;
    }

    private static Approx Rounded(Complex v, double error) => new(v, error + (Magnitude(v) * Eps));

    // Most values are real, and of those the square root over two squares is not needed.
    private static double Magnitude(Complex v) => v.Imaginary == 0 ? Math.Abs(v.Real) : Complex.Abs(v);
}
