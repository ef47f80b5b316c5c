using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tenon.Tensors.Kernels;

/// <summary>Sixteen lanes in one AVX-512 register.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Lanes => 16;

    public static int TileRows => 12;

    [MethodImpl(Inline)] public static Vector512<float> Load(float* p) => Vector512.Load(p);

    [MethodImpl(Inline)] public static void Store(Vector512<float> v, float* p) => v.Store(p);

    [MethodImpl(Inline)] public static Vector512<float> Broadcast(float x) => Vector512.Create(x);

    [MethodImpl(Inline)]
    public static Vector512<float> Fma(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Avx512F.FusedMultiplyAdd(a, b, c);

    [MethodImpl(Inline)] public static Vector512<float> LoadPairLow(float* p) => (Vector512.Load((uint*)p) << 16).AsSingle();

    [MethodImpl(Inline)]
    public static Vector512<float> LoadPairHigh(float* p) =>
        (Vector512.Load((uint*)p) & Vector512.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(Inline)]
    public static Vector512<float> LoadPart(float* p, int n, float fill)
    {
        var mask = PartMask(n);
        return Vector512.ConditionalSelect(mask, Avx512F.MaskLoad(p, mask, Vector512<float>.Zero), Vector512.Create(fill));
    }

    [MethodImpl(Inline)] public static void StorePart(Vector512<float> v, float* p, int n) => Avx512F.MaskStore(p, PartMask(n), v);

    [MethodImpl(Inline)] public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(Inline)] public static Vector512<float> Sub(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(Inline)] public static Vector512<float> Mul(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(Inline)] public static Vector512<float> Div(Vector512<float> a, Vector512<float> b) => a / b;

    [MethodImpl(Inline)] public static Vector512<float> Sqrt(Vector512<float> a) => Avx512F.Sqrt(a);

    [MethodImpl(Inline)] public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Avx512F.Max(a, b);

    [MethodImpl(Inline)] public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Avx512F.Min(a, b);

    [MethodImpl(Inline)] public static Vector512<float> Less(Vector512<float> a, Vector512<float> b) => Vector512.LessThan(a, b);

    [MethodImpl(Inline)]
    public static Vector512<float> Select(Vector512<float> mask, Vector512<float> a, Vector512<float> b) =>
    Vector512.ConditionalSelect(mask, a, b);

    [MethodImpl(Inline)] public static Vector512<float> And(Vector512<float> a, Vector512<float> b) => a & b;

    [MethodImpl(Inline)] public static Vector512<float> Or(Vector512<float> a, Vector512<float> b) => a | b;

    [MethodImpl(Inline)] public static Vector512<float> BroadcastBits(int x) => Vector512.Create(x).AsSingle();

    [MethodImpl(Inline)]
    public static Vector512<float> AddBits(Vector512<float> a, Vector512<float> b) =>
        (a.AsInt32() + b.AsInt32()).AsSingle();

    [MethodImpl(Inline)]
    public static Vector512<float> SubBits(Vector512<float> a, Vector512<float> b) =>
        (a.AsInt32() - b.AsInt32()).AsSingle();

    [MethodImpl(Inline)] public static Vector512<float> ShiftLeft(Vector512<float> a, int count) => (a.AsInt32() << count).AsSingle();

    [MethodImpl(Inline)]
    public static Vector512<float> ShiftRightLogical(Vector512<float> a, int count) =>
        (a.AsInt32() >>> count).AsSingle();

    [MethodImpl(Inline)]
    public static Vector512<float> ShiftRightArithmetic(Vector512<float> a, int count) =>
        (a.AsInt32() >> count).AsSingle();

    [MethodImpl(Inline)]
    public static int StoreBytes(Vector512<float> integers, sbyte* target)
    {
        Avx512F.ConvertToVector128SByte(integers.AsInt32()).Store(target);
        return Vector512.Sum(integers.AsInt32());
    }

    [MethodImpl(Inline)]
    public static float Sum(Vector512<float> a)
    {
        var eight = a.GetLower() + a.GetUpper();
        var four = eight.GetLower() + eight.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    [MethodImpl(Inline)]
    public static float MaxLane(Vector512<float> a)
    {
        var eight = Avx.Max(a.GetLower(), a.GetUpper());
        var four = Sse.Max(eight.GetLower(), eight.GetUpper());
        var two = Sse.Max(four, Sse.Shuffle(four, four, 0b_11_10_11_10));
        return Sse.Max(two, Sse.Shuffle(two, two, 0b_01_01_01_01))[0];
    }

    [MethodImpl(Inline)]
    private static Vector512<float> PartMask(int n) => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(n)).AsSingle();
}
