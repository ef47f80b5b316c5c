using System.Numerics;

namespace Tenon.MathAnswers.Numbers;

/// <summary>
/// A real number between two fixed-point bounds of <see cref="Bits"/> fractional bits; every operation rounds outwards, so the true value
/// never
/// leaves the interval. Functions return null where the value is undefined, too large, or the interval straddles a pole.
/// </summary>
internal readonly record struct FixedInterval(BigInteger Low, BigInteger High)
{
    /// <summary>Fractional bits: about 57 decimal digits.</summary>
    public const int Bits = 192;

    private const int MaxBits = Bits + 160;
    private const int Guard = 24;

    private static readonly BigInteger Unit = BigInteger.One << Bits;

    /// <summary>The natural logarithm of two, by its atanh series.</summary>
    private static readonly BigInteger Ln2 = 2 * AtanhSeries(Unit / 3);

    public static FixedInterval Pi { get; } = Around((16 * AtanInverse(5)) - (4 * AtanInverse(239)));

    public static FixedInterval E { get; } = Around(ExpSeries(Unit));

    public bool HasZero => Low.Sign <= 0 && High.Sign >= 0;

    public static FixedInterval Of(Rational r)
    {
        var q = BigInteger.DivRem(r.Num << Bits, r.Den, out var rest);
        return rest.IsZero ? new(q, q) : r.Sign < 0 ? new(q - 1, q) : new(q, q + 1);
    }

    public static FixedInterval operator +(FixedInterval a, FixedInterval b) => new(a.Low + b.Low, a.High + b.High);

    public static FixedInterval operator -(FixedInterval a) => new(-a.High, -a.Low);

    public static FixedInterval operator -(FixedInterval a, FixedInterval b) => new(a.Low - b.High, a.High - b.Low);

    public static FixedInterval? Multiply(FixedInterval a, FixedInterval b)
    {
        var (p, q, r, s) = (a.Low * b.Low, a.Low * b.High, a.High * b.Low, a.High * b.High);
        var low = BigInteger.Min(BigInteger.Min(p, q), BigInteger.Min(r, s));
        var high = BigInteger.Max(BigInteger.Max(p, q), BigInteger.Max(r, s));
        return Checked(new(low >> Bits, (high >> Bits) + 1));
    }

    public static FixedInterval? Inverse(FixedInterval a)
    {
        if (a.HasZero) return null;
        var square = BigInteger.One << (2 * Bits);
        return Checked(new((square / a.High) - 1, (square / a.Low) + 1));
    }

    public static FixedInterval? Sqrt(FixedInterval a) => a.Low.Sign < 0 ? null : new(Root(a.Low << Bits), Root(a.High << Bits) + 1);

    public static FixedInterval? Exp(FixedInterval a)
    {
        if (a.High > Unit * 100) return null;
        return Checked(
            new(ExpAt(a.Low) - (ExpAt(a.Low) >> (Bits - Guard)) - (BigInteger.One << Guard),
            ExpAt(a.High) + (ExpAt(a.High) >> (Bits - Guard)) + (BigInteger.One << Guard)));
    }

    public static FixedInterval? Log(FixedInterval a) =>
        a.Low.Sign <= 0 ? null : new(LogAt(a.Low) - (BigInteger.One << Guard), LogAt(a.High) + (BigInteger.One << Guard));

    /// <summary>Sine, or cosine where <paramref name="cosine"/>: by Taylor's series at the middle; the slope is at most one.</summary>
    public static FixedInterval? Sine(FixedInterval a, bool cosine)
    {
        var middle = (a.Low + a.High) >> 1;
        var turn = 2 * ((Pi.Low + Pi.High) >> 1);
        var turns = BigInteger.Divide(middle, turn);
        if (BigInteger.Abs(turns).GetBitLength() > 40) return null;
        var x = middle - (turns * turn);
        var square = (x * x) >> Bits;
        var term = cosine ? Unit : x;
        var sum = term;
        for (var k = cosine ? 1 : 2; !term.IsZero && k < 400; k += 2)
        {
            term = -((term * square) >> Bits) / (k * (k + 1));
            sum += term;
        }
        var radius = a.High - a.Low + (BigInteger.One << (Guard + 42));
        return new(sum - radius, sum + radius);
    }

    public static FixedInterval Atan(FixedInterval a) =>
        new(AtanAt(a.Low) - (BigInteger.One << Guard), AtanAt(a.High) + (BigInteger.One << Guard));

    private static FixedInterval? Checked(FixedInterval a) =>
        BigInteger.Abs(a.High).GetBitLength() > MaxBits || BigInteger.Abs(a.Low).GetBitLength() > MaxBits ? null : a;

    private static FixedInterval Around(BigInteger v) => new(v - (BigInteger.One << Guard), v + (BigInteger.One << Guard));

    private static BigInteger Root(BigInteger n)
    {
        if (n.IsZero) return n;
        var x = BigInteger.One << (int)((n.GetBitLength() / 2) + 1);
        while (true)
        {
            var y = (x + (n / x)) >> 1;
            if (y >= x) return x;
            x = y;
        }
    }

    private static BigInteger ExpAt(BigInteger x)
    {
        var k = BigInteger.Divide(x, Ln2);
        if (k < -Bits - 8) return BigInteger.Zero;
        var v = ExpSeries(x - (k * Ln2));
        return k.Sign >= 0 ? v << (int)k : v >> (int)-k;
    }

    private static BigInteger ExpSeries(BigInteger x)
    {
        var (term, sum) = (Unit, Unit);
        for (var n = 1; !term.IsZero && n < 400; n++)
        {
            term = ((term * x) >> Bits) / n;
            if (term == BigInteger.MinusOne) break;
            sum += term;
        }
        return sum;
    }

    private static BigInteger LogAt(BigInteger x)
    {
        var k = (int)x.GetBitLength() - 1 - Bits;
        var m = k >= 0 ? x >> k : x << -k;
        return (k * Ln2) + (2 * AtanhSeries(((m - Unit) << Bits) / (m + Unit)));
    }

    private static BigInteger AtanhSeries(BigInteger x) => OddSeries(x, 1);

    private static BigInteger OddSeries(BigInteger x, int sign)
    {
        var square = sign * ((x * x) >> Bits);
        var (power, sum) = (x, x);
        for (var n = 3; !power.IsZero && n < 2000; n += 2)
        {
            power = (power * square) >> Bits;
            if (power == BigInteger.MinusOne) break;
            sum += power / n;
        }
        return sum;
    }

    private static BigInteger AtanInverse(int n) => OddSeries(Unit / n, -1);

    /// <summary>atan x by halving the angle four times, x to x / (1 + √(1 + x²)), then the series.</summary>
    private static BigInteger AtanAt(BigInteger x)
    {
        for (var i = 0; i < 4; i++) x = (x << Bits) / (Unit + Root((Unit * Unit) + (x * x)));
        return OddSeries(x, -1) << 4;
    }
}
