namespace Tenon;

/// <summary>
/// The CPU generator of PyTorch (Mersenne Twister MT19937, seeded as Knuth does), for tensors that PEFT draws from a seed and does not save
/// (VeRA, RandLoRA, FourierFT and
/// kin). Uniform numbers and permutations are PyTorch's to the bit, normal draws but for the last places of its float32 logarithm, sine and
/// cosine.
/// </summary>
public sealed class TorchRandom
{
    private const int Size = 624;
    private const int Shift = 397;
    private const int BoxBlock = 16;
    private readonly uint[] _state = new uint[Size];
    private int _next = Size;
    private double? _spare;

    /// <summary>A generator seeded as <c>torch.Generator().manual_seed(seed)</c>: only the lower 32 bits count.</summary>
    public TorchRandom(ulong seed)
    {
        _state[0] = (uint)seed;
        for (var i = 1; i < Size; i++) _state[i] = (1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30))) + (uint)i;
    }

    /// <summary>The next 32 random bits.</summary>
    public uint NextBits()
    {
        if (_next == Size) Twist();
        var y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C5680u;
        y ^= (y << 15) & 0xEFC60000u;
        return y ^ (y >> 18);
    }

    /// <summary>The next number of <c>uniform_(low, high)</c> in float32: 24 bits, scaled in float64 and rounded once.</summary>
    public float Uniform(float low, float high)
    {
        var unit = (NextBits() & 0xFFFFFF) * (1.0 / (1 << 24));
        double range = high - low;
        var scaled = unit * range;
        return (float)(scaled + low);
    }

    /// <summary>Fills a row-major tensor as <c>uniform_(low, high)</c> does.</summary>
    public void Uniform(Span<float> values, float low, float high)
    {
        foreach (ref var value in values) value = Uniform(low, high);
    }

    /// <summary>
    /// Fills a row-major tensor as <c>normal_(0, deviation)</c> does in float32. From 16 values on PyTorch turns uniform numbers into
    /// normal ones in blocks of 16, the first eight radii, the last eight
    /// angles, and draws the last 16 anew where the count is no multiple of 16; shorter tensors come from pairs of float64 numbers.
    /// </summary>
    public void Normal(Span<float> values, double deviation)
    {
        if (values.Length < BoxBlock)
        {
            foreach (ref var value in values) value = (float)(deviation * Normal());
            return;
        }

        Uniform(values, 0, 1);
        for (var i = 0; i + BoxBlock <= values.Length; i += BoxBlock) Turn(values.Slice(i, BoxBlock), deviation);
        if (values.Length % BoxBlock == 0) return;
        var last = values[^BoxBlock..];
        Uniform(last, 0, 1);
        Turn(last, deviation);
    }

    /// <summary>Box and Muller's turn of one block: radii from the first half, angles from the second.</summary>
    private static void Turn(Span<float> block, double deviation)
    {
        const int half = BoxBlock / 2;
        for (var i = 0; i < half; i++)
        {
            // The complement is exact: a uniform number has 24 bits.
            var radius = deviation * Math.Sqrt(-2 * ExactMath.Log(1.0 - block[i]));
            var angle = 2 * Math.PI * block[half + i];
            block[i] = (float)(radius * ExactMath.Cos(angle));
            block[half + i] = (float)(radius * ExactMath.Sin(angle));
        }
    }

    private double Normal()
    {
        if (_spare is { } spare)
        {
            _spare = null;
            return spare;
        }

        var angle = 2 * Math.PI * UniformDouble();
        var radius = Math.Sqrt(-2 * ExactMath.Log(1.0 - UniformDouble()));
        _spare = radius * ExactMath.Sin(angle);
        return radius * ExactMath.Cos(angle);
    }

    /// <summary>53 bits of two draws, the first the upper half.</summary>
    private double UniformDouble()
    {
        var bits = ((ulong)NextBits() << 32) | NextBits();
        return (bits & ((1UL << 53) - 1)) * (1.0 / (1UL << 53));
    }

    /// <summary><c>torch.randperm(count)</c>, for counts below 2^32 / 20.</summary>
    public long[] Permutation(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count >= uint.MaxValue / 20)
            throw new ArgumentOutOfRangeException(nameof(count), count, "PyTorch draws longer permutations in another way");
        var order = new long[count];
        for (var i = 0; i < count; i++) order[i] = i;
        for (var i = 0; i < count - 1; i++)
        {
            var j = i + (int)(NextBits() % (uint)(count - i));
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    private void Twist()
    {
        for (var i = 0; i < Size; i++)
        {
            var y = (_state[i] & 0x80000000u) | (_state[(i + 1) % Size] & 0x7FFFFFFFu);
            _state[i] = _state[(i + Shift) % Size] ^ (y >> 1) ^ ((y & 1) != 0 ? 0x9908B0DFu : 0u);
        }

        _next = 0;
    }
}
