using System.Runtime.Intrinsics.X86;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// One hardware vector of <see cref="Lanes"/> floats: what a matrix-product tile needs. Implementations hold no state; the type parameter
/// of
/// a kernel picks one, so that the compiler makes a kernel of its own for each width from one source.
/// </summary>
/// <typeparam name="TV">The vector itself.</typeparam>
internal unsafe interface IVector<TV>
    where TV : unmanaged
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>The tallest tile (rows by two vectors) whose accumulators fit in the registers.</summary>
    static abstract int TileRows { get; }

    /// <summary>Reads one vector; no alignment is asked for.</summary>
    static abstract TV Load(float* p);

    /// <summary>Writes one vector; no alignment is asked for.</summary>
    static abstract void Store(TV v, float* p);

    /// <summary>The same number in every lane.</summary>
    static abstract TV Broadcast(float x);

    /// <summary>Asks for a cache line that a later product reads; any address will do.</summary>
    static virtual void Prefetch(float* p)
    {
        if (Sse.IsSupported) Sse.Prefetch1(p);
    }

    /// <summary>a * b + c with one rounding.</summary>
    static abstract TV Fma(TV a, TV b, TV c);

    /// <summary>The lower bf16 of each 32-bit pair, widened exactly.</summary>
    static abstract TV LoadPairLow(float* p);

    /// <summary>The upper bf16 of each 32-bit pair, widened exactly.</summary>
    static abstract TV LoadPairHigh(float* p);
}

/// <summary>
/// Sixteen logical lanes, whatever the hardware has: one 512-bit vector, two of 256 bits, four of 128, or sixteen scalars. Comparisons give
/// lanes of all
/// ones or zeros; the integer operations work on the bits of the floats. Each operation is exactly defined (IEEE 754, round to nearest
/// even), so
/// kernels written with it give the same bits in every width; only the sign and payload of a NaN are left open.
/// </summary>
/// <typeparam name="TV">The sixteen lanes.</typeparam>
internal unsafe interface ISimd<TV> : IVector<TV>
    where TV : unmanaged
{
    /// <summary>Reads <paramref name="n"/> lanes (1 to 15) and fills the rest; reads nothing beyond them.</summary>
    static abstract TV LoadPart(float* p, int n, float fill);

    /// <summary>Writes the first <paramref name="n"/> lanes (1 to 15) and nothing beyond them.</summary>
    static abstract void StorePart(TV v, float* p, int n);

    static abstract TV Add(TV a, TV b);

    static abstract TV Sub(TV a, TV b);

    static abstract TV Mul(TV a, TV b);

    static abstract TV Div(TV a, TV b);

    static abstract TV Sqrt(TV a);

    /// <summary>a &gt; b ? a : b, so b where either is NaN.</summary>
    static abstract TV Max(TV a, TV b);

    /// <summary>a &lt; b ? a : b, so b where either is NaN.</summary>
    static abstract TV Min(TV a, TV b);

    /// <summary>All ones where a &lt; b, else zero (also where either is NaN).</summary>
    static abstract TV Less(TV a, TV b);

    /// <summary>Lane of a where the mask is ones, else of b.</summary>
    static abstract TV Select(TV mask, TV a, TV b);

    static abstract TV And(TV a, TV b);

    static abstract TV Or(TV a, TV b);

    /// <summary>The bits of an integer in every lane.</summary>
    static abstract TV BroadcastBits(int x);

    static abstract TV AddBits(TV a, TV b);

    static abstract TV SubBits(TV a, TV b);

    static abstract TV ShiftLeft(TV a, int count);

    static abstract TV ShiftRightLogical(TV a, int count);

    static abstract TV ShiftRightArithmetic(TV a, int count);

    /// <summary>Writes lanes that hold integers of one byte, a byte each; gives their sum.</summary>
    static virtual int StoreBytes(TV integers, sbyte* target)
    {
        var lanes = (int*)&integers;
        var sum = 0;
        for (var i = 0; i < 16; i++) sum += target[i] = (sbyte)lanes[i];
        return sum;
    }

    /// <summary>The sum of the lanes by one tree: i with i + 8, then with i + 4, i + 2, i + 1.</summary>
    static abstract float Sum(TV a);

    /// <summary>The largest lane by the same tree.</summary>
    static abstract float MaxLane(TV a);
}
