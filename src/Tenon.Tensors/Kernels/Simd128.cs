using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tenon.Tensors.Kernels;

/// <summary>Four 128-bit registers that stand for sixteen lanes.</summary>
/// <param name="A">Lanes 0 to 3.</param>
/// <param name="B">Lanes 4 to 7.</param>
/// <param name="C">Lanes 8 to 11.</param>
/// <param name="D">Lanes 12 to 15.</param>
internal readonly record struct Quad128(Vector128<float> A, Vector128<float> B, Vector128<float> C, Vector128<float> D);

/// <summary>
/// Sixteen lanes in four 128-bit registers: NEON on ARM64, written portably, so that any processor can hold it against the plain twin.
/// </summary>
internal readonly unsafe struct Simd128 : ISimd<Quad128>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Lanes => 16;

    public static int TileRows => 4;

    [MethodImpl(Inline)]
    public static Quad128 Load(float* p) =>
        new(Vector128.Load(p), Vector128.Load(p + 4), Vector128.Load(p + 8), Vector128.Load(p + 12));

    [MethodImpl(Inline)]
    public static void Store(Quad128 v, float* p)
    {
        v.A.Store(p);
        v.B.Store(p + 4);
        v.C.Store(p + 8);
        v.D.Store(p + 12);
    }

    [MethodImpl(Inline)]
    public static Quad128 Broadcast(float x)
    {
        var v = Vector128.Create(x);
        return new(v, v, v, v);
    }

    [MethodImpl(Inline)]
    public static Quad128 Fma(Quad128 a, Quad128 b, Quad128 c) =>
        new(Simd4.Fma(a.A, b.A, c.A), Simd4.Fma(a.B, b.B, c.B), Simd4.Fma(a.C, b.C, c.C), Simd4.Fma(a.D, b.D, c.D));

    [MethodImpl(Inline)]
    public static Quad128 LoadPairLow(float* p) =>
        new(Simd4.LoadPairLow(p), Simd4.LoadPairLow(p + 4), Simd4.LoadPairLow(p + 8), Simd4.LoadPairLow(p + 12));

    [MethodImpl(Inline)]
    public static Quad128 LoadPairHigh(float* p) =>
        new(Simd4.LoadPairHigh(p), Simd4.LoadPairHigh(p + 4), Simd4.LoadPairHigh(p + 8), Simd4.LoadPairHigh(p + 12));

    public static Quad128 LoadPart(float* p, int n, float fill)
    {
        // There are no masked loads: the ends of rows go through the stack.
        var lanes = stackalloc float[16];
        for (var i = 0; i < 16; i++) lanes[i] = i < n ? p[i] : fill;
        return Load(lanes);
    }

    public static void StorePart(Quad128 v, float* p, int n)
    {
        var lanes = stackalloc float[16];
        Store(v, lanes);
        for (var i = 0; i < n; i++) p[i] = lanes[i];
    }

    [MethodImpl(Inline)] public static Quad128 Add(Quad128 a, Quad128 b) => new(a.A + b.A, a.B + b.B, a.C + b.C, a.D + b.D);

    [MethodImpl(Inline)] public static Quad128 Sub(Quad128 a, Quad128 b) => new(a.A - b.A, a.B - b.B, a.C - b.C, a.D - b.D);

    [MethodImpl(Inline)] public static Quad128 Mul(Quad128 a, Quad128 b) => new(a.A * b.A, a.B * b.B, a.C * b.C, a.D * b.D);

    [MethodImpl(Inline)] public static Quad128 Div(Quad128 a, Quad128 b) => new(a.A / b.A, a.B / b.B, a.C / b.C, a.D / b.D);

    [MethodImpl(Inline)]
    public static Quad128 Sqrt(Quad128 a) => new(Vector128.Sqrt(a.A), Vector128.Sqrt(a.B), Vector128.Sqrt(a.C), Vector128.Sqrt(a.D));

    // NEON's own maximum gives NaN where either is NaN: compare and select instead.
    [MethodImpl(Inline)] public static Quad128 Max(Quad128 a, Quad128 b) => Select(Less(b, a), a, b);

    [MethodImpl(Inline)] public static Quad128 Min(Quad128 a, Quad128 b) => Select(Less(a, b), a, b);

    [MethodImpl(Inline)]
    public static Quad128 Less(Quad128 a, Quad128 b) =>
        new(Vector128.LessThan(a.A, b.A), Vector128.LessThan(a.B, b.B), Vector128.LessThan(a.C, b.C), Vector128.LessThan(a.D, b.D));

    [MethodImpl(Inline)]
    public static Quad128 Select(Quad128 mask, Quad128 a, Quad128 b) => new(
        Vector128.ConditionalSelect(mask.A, a.A, b.A), Vector128.ConditionalSelect(mask.B, a.B, b.B),
        Vector128.ConditionalSelect(mask.C, a.C, b.C), Vector128.ConditionalSelect(mask.D, a.D, b.D));

    [MethodImpl(Inline)] public static Quad128 And(Quad128 a, Quad128 b) => new(a.A & b.A, a.B & b.B, a.C & b.C, a.D & b.D);

    [MethodImpl(Inline)] public static Quad128 Or(Quad128 a, Quad128 b) => new(a.A | b.A, a.B | b.B, a.C | b.C, a.D | b.D);

    [MethodImpl(Inline)] public static Quad128 BroadcastBits(int x) => Broadcast(BitConverter.Int32BitsToSingle(x));

    [MethodImpl(Inline)]
    public static Quad128 AddBits(Quad128 a, Quad128 b) => new(
        (a.A.AsInt32() + b.A.AsInt32()).AsSingle(), (a.B.AsInt32() + b.B.AsInt32()).AsSingle(),
        (a.C.AsInt32() + b.C.AsInt32()).AsSingle(), (a.D.AsInt32() + b.D.AsInt32()).AsSingle());

    [MethodImpl(Inline)]
    public static Quad128 SubBits(Quad128 a, Quad128 b) => new(
        (a.A.AsInt32() - b.A.AsInt32()).AsSingle(), (a.B.AsInt32() - b.B.AsInt32()).AsSingle(),
        (a.C.AsInt32() - b.C.AsInt32()).AsSingle(), (a.D.AsInt32() - b.D.AsInt32()).AsSingle());

    [MethodImpl(Inline)]
    public static Quad128 ShiftLeft(Quad128 a, int count) => new(
        (a.A.AsInt32() << count).AsSingle(), (a.B.AsInt32() << count).AsSingle(),
        (a.C.AsInt32() << count).AsSingle(), (a.D.AsInt32() << count).AsSingle());

    [MethodImpl(Inline)]
    public static Quad128 ShiftRightLogical(Quad128 a, int count) => new(
        (a.A.AsInt32() >>> count).AsSingle(), (a.B.AsInt32() >>> count).AsSingle(),
        (a.C.AsInt32() >>> count).AsSingle(), (a.D.AsInt32() >>> count).AsSingle());

    [MethodImpl(Inline)]
    public static Quad128 ShiftRightArithmetic(Quad128 a, int count) => new(
        (a.A.AsInt32() >> count).AsSingle(), (a.B.AsInt32() >> count).AsSingle(),
        (a.C.AsInt32() >> count).AsSingle(), (a.D.AsInt32() >> count).AsSingle());

    [MethodImpl(Inline)]
    public static int StoreBytes(Quad128 integers, sbyte* target)
    {
        var (a, b) = (integers.A.AsInt32(), integers.B.AsInt32());
        var (c, d) = (integers.C.AsInt32(), integers.D.AsInt32());
        Vector128.Narrow(Vector128.Narrow(a, b), Vector128.Narrow(c, d)).Store(target);
        return Vector128.Sum(a + b + c + d);
    }

    [MethodImpl(Inline)]
    public static float Sum(Quad128 a)
    {
        var four = (a.A + a.C) + (a.B + a.D);
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    [MethodImpl(Inline)]
    public static float MaxLane(Quad128 a)
    {
        var four = Larger(Larger(a.A, a.C), Larger(a.B, a.D));
        var (x, y) = (four[0] > four[2] ? four[0] : four[2], four[1] > four[3] ? four[1] : four[3]);
        return x > y ? x : y;
    }

    [MethodImpl(Inline)]
    private static Vector128<float> Larger(Vector128<float> a, Vector128<float> b) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), a, b);
}

/// <summary>
/// One 128-bit register of four lanes: the vector of the matrix-product tiles on ARM64, whose 32 registers hold 12 rows by two of them.
/// </summary>
internal readonly unsafe struct Simd4 : IVector<Vector128<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Lanes => 4;

    public static int TileRows => 12;

    [MethodImpl(Inline)] public static Vector128<float> Load(float* p) => Vector128.Load(p);

    [MethodImpl(Inline)] public static void Store(Vector128<float> v, float* p) => v.Store(p);

    [MethodImpl(Inline)] public static Vector128<float> Broadcast(float x) => Vector128.Create(x);

    [MethodImpl(Inline)]
    public static Vector128<float> Fma(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.FusedMultiplyAdd(a, b, c);

    [MethodImpl(Inline)] public static Vector128<float> LoadPairLow(float* p) => (Vector128.Load((uint*)p) << 16).AsSingle();

    [MethodImpl(Inline)]
    public static Vector128<float> LoadPairHigh(float* p) => (Vector128.Load((uint*)p) & Vector128.Create(0xFFFF0000u)).AsSingle();
}
