using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <summary>Sixteen floats in memory.</summary>
[InlineArray(16)]
internal struct Lanes16
{
    private float _first;
}

/// <summary>
/// Sixteen lanes one after the other: the plain meaning of every operation, for processors without AVX2 and as the twin that tests hold
/// the vector forms against.
/// </summary>
internal readonly unsafe struct SimdScalar : ISimd<Lanes16>
{
    public static int Lanes => 16;

    public static int TileRows => 4;

    public static Lanes16 Load(float* p) => *(Lanes16*)p;

    public static void Store(Lanes16 v, float* p) => *(Lanes16*)p = v;

    public static Lanes16 Broadcast(float x)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = x;
        return r;
    }

    public static Lanes16 LoadPart(float* p, int n, float fill)
    {
        var r = Broadcast(fill);
        for (var i = 0; i < n; i++) r[i] = p[i];
        return r;
    }

    public static void StorePart(Lanes16 v, float* p, int n)
    {
        for (var i = 0; i < n; i++) p[i] = v[i];
    }

    public static float Sum(Lanes16 a)
    {
        for (var half = 8; half > 0; half >>= 1)
            for (var i = 0; i < half; i++) a[i] += a[i + half];
        return a[0];
    }

    public static float MaxLane(Lanes16 a)
    {
        for (var half = 8; half > 0; half >>= 1)
            for (var i = 0; i < half; i++) a[i] = a[i] > a[i + half] ? a[i] : a[i + half];
        return a[0];
    }

    public static Lanes16 BroadcastBits(int x) => Broadcast(Of(x));

    public static Lanes16 LoadPairLow(float* p)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(Bits(p[i]) << 16);
        return r;
    }

    public static Lanes16 LoadPairHigh(float* p)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(Bits(p[i]) & unchecked((int)0xFFFF0000));
        return r;
    }

    public static Lanes16 Fma(Lanes16 a, Lanes16 b, Lanes16 c)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = MathF.FusedMultiplyAdd(a[i], b[i], c[i]);
        return r;
    }

    public static Lanes16 Add(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = a[i] + b[i];
        return r;
    }

    public static Lanes16 Sub(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = a[i] - b[i];
        return r;
    }

    public static Lanes16 Mul(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = a[i] * b[i];
        return r;
    }

    public static Lanes16 Div(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = a[i] / b[i];
        return r;
    }

    public static Lanes16 Sqrt(Lanes16 a)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = MathF.Sqrt(a[i]);
        return r;
    }

    public static Lanes16 Max(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = a[i] > b[i] ? a[i] : b[i];
        return r;
    }

    public static Lanes16 Min(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = a[i] < b[i] ? a[i] : b[i];
        return r;
    }

    public static Lanes16 Less(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(a[i] < b[i] ? -1 : 0);
        return r;
    }

    public static Lanes16 Select(Lanes16 mask, Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Bits(mask[i]) != 0 ? a[i] : b[i];
        return r;
    }

    public static Lanes16 And(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(Bits(a[i]) & Bits(b[i]));
        return r;
    }

    public static Lanes16 Or(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(Bits(a[i]) | Bits(b[i]));
        return r;
    }

    public static Lanes16 AddBits(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(Bits(a[i]) + Bits(b[i]));
        return r;
    }

    public static Lanes16 SubBits(Lanes16 a, Lanes16 b)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(Bits(a[i]) - Bits(b[i]));
        return r;
    }

    public static Lanes16 ShiftLeft(Lanes16 a, int count)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(Bits(a[i]) << count);
        return r;
    }

    public static Lanes16 ShiftRightLogical(Lanes16 a, int count)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(Bits(a[i]) >>> count);
        return r;
    }

    public static Lanes16 ShiftRightArithmetic(Lanes16 a, int count)
    {
        Unsafe.SkipInit(out Lanes16 r);
        for (var i = 0; i < 16; i++) r[i] = Of(Bits(a[i]) >> count);
        return r;
    }

    private static int Bits(float x) => BitConverter.SingleToInt32Bits(x);

    private static float Of(int bits) => BitConverter.Int32BitsToSingle(bits);
}
