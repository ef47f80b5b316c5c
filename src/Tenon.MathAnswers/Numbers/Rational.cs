using System.Numerics;

namespace Tenon.MathAnswers.Numbers;

/// <summary>An exact fraction in lowest terms with a positive denominator. <c>default</c> is not a value; use <see cref="Zero"/>.</summary>
internal readonly struct Rational : IEquatable<Rational>, IComparable<Rational>
{
    public static readonly Rational Zero = new(BigInteger.Zero);
    public static readonly Rational One = new(BigInteger.One);
    public static readonly Rational Half = new(BigInteger.One, 2);

    public Rational(BigInteger value) => (Num, Den) = (value, BigInteger.One);

    public Rational(BigInteger num, BigInteger den)
    {
        if (den.Sign < 0) (num, den) = (-num, -den);
        if (!den.IsOne)
        {
            var g = BigInteger.GreatestCommonDivisor(num, den);
            if (!g.IsOne) (num, den) = (num / g, den / g);
        }
        (Num, Den) = (num, den);
    }

    public BigInteger Num { get; }

    public BigInteger Den { get; }

    public bool IsInteger => Den.IsOne;

    public bool IsZero => Num.IsZero;

    public int Sign => Num.Sign;

    /// <summary>Size of numerator and denominator together, in bits.</summary>
    public long Bits => Num.GetBitLength() + Den.GetBitLength();

    public static implicit operator Rational(int value) => new(value);

    public static Rational operator +(Rational a, Rational b) =>
        a.Den.IsOne && b.Den.IsOne ? new(a.Num + b.Num) : new((a.Num * b.Den) + (b.Num * a.Den), a.Den * b.Den);

    public static Rational operator -(Rational a, Rational b) =>
        a.Den.IsOne && b.Den.IsOne ? new(a.Num - b.Num) : new((a.Num * b.Den) - (b.Num * a.Den), a.Den * b.Den);

    public static Rational operator -(Rational a) => new(-a.Num, a.Den);

    public static Rational operator *(Rational a, Rational b) =>
        a.Den.IsOne && b.Den.IsOne ? new(a.Num * b.Num) : new(a.Num * b.Num, a.Den * b.Den);

    public static Rational operator /(Rational a, Rational b) => new(a.Num * b.Den, a.Den * b.Num);

    public static bool operator ==(Rational a, Rational b) => a.Equals(b);

    public static bool operator !=(Rational a, Rational b) => !a.Equals(b);

    public static bool operator <(Rational a, Rational b) => a.CompareTo(b) < 0;

    public static bool operator >(Rational a, Rational b) => a.CompareTo(b) > 0;

    public static bool operator <=(Rational a, Rational b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Rational a, Rational b) => a.CompareTo(b) >= 0;

    public static Rational Abs(Rational a) => a.Sign < 0 ? -a : a;

    /// <summary>The largest integer not above the value.</summary>
    public BigInteger Floor()
    {
        if (Den.IsOne) return Num;
        var q = BigInteger.DivRem(Num, Den, out var r);
        return r.Sign < 0 ? q - 1 : q;
    }

    /// <summary>An integer power, or null where the result would be larger than the size budget or divides by zero.</summary>
    public Rational? TryPow(BigInteger exponent)
    {
        if (exponent.IsZero) return One;
        if (IsZero) return exponent.Sign > 0 ? Zero : null;
        if (Den.IsOne && BigInteger.Abs(Num).IsOne) return Num.Sign > 0 || exponent.IsEven ? One : this;
        var e = BigInteger.Abs(exponent);
        if (e > WorkBudget.MaxBits || (long)e * Math.Max(1, Bits - 2) > WorkBudget.MaxBits) return null;
        var (n, d) = (BigInteger.Pow(Num, (int)e), BigInteger.Pow(Den, (int)e));
        return exponent.Sign > 0 ? new Rational(n, d) : new Rational(d, n);
    }

    public int CompareTo(Rational other) =>
        Den == other.Den ? Num.CompareTo(other.Num) : (Num * other.Den).CompareTo(other.Num * Den);

    public bool Equals(Rational other) => Num == other.Num && Den == other.Den;

    public override bool Equals(object? obj) => obj is Rational r && Equals(r);

    public override int GetHashCode() => HashCode.Combine(Num, Den);

    /// <summary>The nearest double (up to two units in the last place); infinite where the value is out of range.</summary>
    public double ToDouble()
    {
        if (Den.IsOne) return (double)Num;
        var shift = (int)(Den.GetBitLength() - Num.GetBitLength()) + 64;
        var q = shift >= 0 ? (Num << shift) / Den : Num / (Den << -shift);
        return Math.ScaleB((double)q, -shift);
    }

    public override string ToString() => Den.IsOne ? Num.ToString() : $"{Num}/{Den}";
}
