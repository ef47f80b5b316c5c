namespace Tenon;

/// <summary>
/// Random numbers as a pure function of their place: seed, purpose, step, draw (which prompt), sample (which completion) and position. The
/// words of the
/// <see cref="Philox"/> counter are position, sample, draw and purpose (8 bits) with step (24 bits); the key is the seed. So a number does
/// not depend on what else was drawn, in
/// which order or on which thread, and is the same after a resume.
/// </summary>
/// <param name="Seed">The seed of the run.</param>
public readonly record struct RandomKey(ulong Seed)
{
    /// <summary>Steps are counted below this; a greater one throws.</summary>
    public const int MaxStep = (1 << 24) - 1;

    /// <summary>Four random words at a place.</summary>
    public (uint X, uint Y, uint Z, uint W) Block(RandomPurpose purpose, int step, uint draw, uint sample, uint position)
    {
        if ((uint)step > MaxStep) throw new ArgumentOutOfRangeException(nameof(step), step, $"a step lies between 0 and {MaxStep}");
        return Philox.Block(position, sample, draw, ((uint)purpose << 24) | (uint)step, (uint)Seed, (uint)(Seed >> 32));
    }

    /// <summary>32 random bits.</summary>
    public uint Bits(RandomPurpose purpose, int step, uint draw, uint sample, uint position) =>
        Block(purpose, step, draw, sample, position).X;

    /// <summary>Uniform in [0, 1), a multiple of 2^-24.</summary>
    public float UniformFloat(RandomPurpose purpose, int step, uint draw, uint sample, uint position) =>
        (Block(purpose, step, draw, sample, position).X >> 8) * (1f / (1 << 24));

    /// <summary>Uniform in [0, 1), a multiple of 2^-53.</summary>
    public double UniformDouble(RandomPurpose purpose, int step, uint draw, uint sample, uint position)
    {
        var (x, y, _, _) = Block(purpose, step, draw, sample, position);
        return ToDouble(x, y);
    }

    /// <summary>Normal with mean 0 and standard deviation 1, float64, by Box and Muller: sqrt(-2 ln(1 - u)) cos(2 pi v).</summary>
    public double Normal(RandomPurpose purpose, int step, uint draw, uint sample, uint position)
    {
        var (x, y, z, w) = Block(purpose, step, draw, sample, position);
        return Math.Sqrt(-2.0 * ExactMath.Log(1.0 - ToDouble(x, y))) * ExactMath.Cos(2.0 * Math.PI * ToDouble(z, w));
    }

    /// <summary>
    /// Uniform among 0 to <paramref name="count"/> - 1 (at least 1), by the upper half of a 64-bit product: its bias is below count / 2^64.
    /// </summary>
    public int Index(int count, RandomPurpose purpose, int step, uint draw, uint sample, uint position)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var (x, y, _, _) = Block(purpose, step, draw, sample, position);
        return (int)Math.BigMul(((ulong)x << 32) | y, (ulong)count, out _);
    }

    /// <summary>
    /// A random order of 0 to <paramref name="count"/> - 1 (Fisher and Yates; positions 0 to count - 2 of the place are used).
    /// </summary>
    public int[] Permutation(int count, RandomPurpose purpose, int step, uint draw, uint sample)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var order = new int[count];
        for (var i = 0; i < count; i++) order[i] = i;
        for (var i = 0; i < count - 1; i++)
        {
            var j = i + Index(count - i, purpose, step, draw, sample, (uint)i);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    private static double ToDouble(uint x, uint y) => ((((ulong)x << 32) | y) >> 11) * (1.0 / (1L << 53));
}
