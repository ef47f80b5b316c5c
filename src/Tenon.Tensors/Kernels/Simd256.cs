using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tenon.Tensors.Kernels;

/// <summary>Two AVX2 registers that stand for sixteen lanes.</summary>
/// <param name="A">Lanes 0 to 7.</param>
/// <param name="B">Lanes 8 to 15.</param>
internal readonly record struct Pair256(Vector256<float> A, Vector256<float> B);

/// <summary>Sixteen lanes in two AVX2 registers.</summary>
internal readonly unsafe struct Simd256 : ISimd<Pair256>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Lanes => 16;

    public static int TileRows => 4;

    [MethodImpl(Inline)] public static Pair256 Load(float* p) => new(Vector256.Load(p), Vector256.Load(p + 8));

    [MethodImpl(Inline)]
    public static void Store(Pair256 v, float* p)
    {
        v.A.Store(p);
        v.B.Store(p + 8);
    }

    [MethodImpl(Inline)]
    public static Pair256 Broadcast(float x)
    {
        var v = Vector256.Create(x);
        return new(v, v);
    }

    [MethodImpl(Inline)]
    public static Pair256 Fma(Pair256 a, Pair256 b, Pair256 c) =>
        new(System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a.A, b.A, c.A), System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a.B, b.B, c.B));

    [MethodImpl(Inline)] public static Pair256 LoadPairLow(float* p) => new(Simd8.LoadPairLow(p), Simd8.LoadPairLow(p + 8));

    [MethodImpl(Inline)] public static Pair256 LoadPairHigh(float* p) => new(Simd8.LoadPairHigh(p), Simd8.LoadPairHigh(p + 8));

    [MethodImpl(Inline)]
    public static Pair256 LoadPart(float* p, int n, float fill)
    {
        var fills = Vector256.Create(fill);
        var a = PartMask(n);
        if (n <= 8) return new(Avx.BlendVariable(fills, Avx.MaskLoad(p, a), a), fills);
        var b = PartMask(n - 8);
        return new(Vector256.Load(p), Avx.BlendVariable(fills, Avx.MaskLoad(p + 8, b), b));
    }

    [MethodImpl(Inline)]
    public static void StorePart(Pair256 v, float* p, int n)
    {
        if (n <= 8)
        {
            Avx.MaskStore(p, PartMask(n), v.A);
            return;
        }

        v.A.Store(p);
        Avx.MaskStore(p + 8, PartMask(n - 8), v.B);
    }

    [MethodImpl(Inline)] public static Pair256 Add(Pair256 a, Pair256 b) => new(a.A + b.A, a.B + b.B);

    [MethodImpl(Inline)] public static Pair256 Sub(Pair256 a, Pair256 b) => new(a.A - b.A, a.B - b.B);

    [MethodImpl(Inline)] public static Pair256 Mul(Pair256 a, Pair256 b) => new(a.A * b.A, a.B * b.B);

    [MethodImpl(Inline)] public static Pair256 Div(Pair256 a, Pair256 b) => new(a.A / b.A, a.B / b.B);

    [MethodImpl(Inline)] public static Pair256 Sqrt(Pair256 a) => new(Avx.Sqrt(a.A), Avx.Sqrt(a.B));

    [MethodImpl(Inline)] public static Pair256 Max(Pair256 a, Pair256 b) => new(Avx.Max(a.A, b.A), Avx.Max(a.B, b.B));

    [MethodImpl(Inline)] public static Pair256 Min(Pair256 a, Pair256 b) => new(Avx.Min(a.A, b.A), Avx.Min(a.B, b.B));

    [MethodImpl(Inline)]
    public static Pair256 Less(Pair256 a, Pair256 b) =>
        new(Vector256.LessThan(a.A, b.A), Vector256.LessThan(a.B, b.B));

    [MethodImpl(Inline)]
    public static Pair256 Select(Pair256 mask, Pair256 a, Pair256 b) =>
    new(Avx.BlendVariable(b.A, a.A, mask.A), Avx.BlendVariable(b.B, a.B, mask.B));

    [MethodImpl(Inline)] public static Pair256 And(Pair256 a, Pair256 b) => new(a.A & b.A, a.B & b.B);

    [MethodImpl(Inline)] public static Pair256 Or(Pair256 a, Pair256 b) => new(a.A | b.A, a.B | b.B);

    [MethodImpl(Inline)] public static Pair256 BroadcastBits(int x) => Broadcast(BitConverter.Int32BitsToSingle(x));

    [MethodImpl(Inline)]
    public static Pair256 AddBits(Pair256 a, Pair256 b) =>
    new((a.A.AsInt32() + b.A.AsInt32()).AsSingle(), (a.B.AsInt32() + b.B.AsInt32()).AsSingle());

    [MethodImpl(Inline)]
    public static Pair256 SubBits(Pair256 a, Pair256 b) =>
    new((a.A.AsInt32() - b.A.AsInt32()).AsSingle(), (a.B.AsInt32() - b.B.AsInt32()).AsSingle());

    [MethodImpl(Inline)]
    public static Pair256 ShiftLeft(Pair256 a, int count) => new((a.A.AsInt32() << count).AsSingle(), (a.B.AsInt32() << count).AsSingle());

    [MethodImpl(Inline)]
    public static Pair256 ShiftRightLogical(Pair256 a, int count) =>
    new((a.A.AsInt32() >>> count).AsSingle(), (a.B.AsInt32() >>> count).AsSingle());

    [MethodImpl(Inline)]
    public static Pair256 ShiftRightArithmetic(Pair256 a, int count) =>
    new((a.A.AsInt32() >> count).AsSingle(), (a.B.AsInt32() >> count).AsSingle());

    [MethodImpl(Inline)]
    public static int StoreBytes(Pair256 integers, sbyte* target)
    {
        var (a, b) = (integers.A.AsInt32().GetLower(), integers.A.AsInt32().GetUpper());
        var (c, d) = (integers.B.AsInt32().GetLower(), integers.B.AsInt32().GetUpper());
        Vector128.Narrow(Vector128.Narrow(a, b), Vector128.Narrow(c, d)).Store(target);
        return Vector128.Sum(a + b + c + d);
    }

    [MethodImpl(Inline)]
    public static float Sum(Pair256 a)
    {
        var eight = a.A + a.B;
        var four = eight.GetLower() + eight.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    [MethodImpl(Inline)]
    public static float MaxLane(Pair256 a)
    {
        var eight = Avx.Max(a.A, a.B);
        var four = Sse.Max(eight.GetLower(), eight.GetUpper());
        var two = Sse.Max(four, Sse.Shuffle(four, four, 0b_11_10_11_10));
        return Sse.Max(two, Sse.Shuffle(two, two, 0b_01_01_01_01))[0];
    }

    [MethodImpl(Inline)]
    private static Vector256<float> PartMask(int n) => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(n)).AsSingle();
}

/// <summary>One AVX2 register of eight lanes: the vector of the narrow matrix-product tiles.</summary>
internal readonly unsafe struct Simd8 : IVector<Vector256<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Lanes => 8;

    public static int TileRows => 6;

    [MethodImpl(Inline)] public static Vector256<float> Load(float* p) => Vector256.Load(p);

    [MethodImpl(Inline)] public static void Store(Vector256<float> v, float* p) => v.Store(p);

    [MethodImpl(Inline)] public static Vector256<float> Broadcast(float x) => Vector256.Create(x);

    [MethodImpl(Inline)]
    public static Vector256<float> Fma(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
    System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a, b, c);

    [MethodImpl(Inline)] public static Vector256<float> LoadPairLow(float* p) => (Vector256.Load((uint*)p) << 16).AsSingle();

    [MethodImpl(Inline)]
    public static Vector256<float> LoadPairHigh(float* p) =>
        (Vector256.Load((uint*)p) & Vector256.Create(0xFFFF0000u)).AsSingle();
}
