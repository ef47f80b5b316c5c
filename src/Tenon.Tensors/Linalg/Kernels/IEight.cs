using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tenon.Tensors.Linalg.Kernels;

/// <summary>
/// Eight logical lanes of float64, whatever the hardware has: one 512-bit vector, two of 256 bits, four of 128, or eight scalars. Every
/// operation is exactly defined (IEEE 754, multiply-adds
/// fused), so that a kernel gives the same bits in each.
/// </summary>
/// <typeparam name="TV">The eight lanes.</typeparam>
internal unsafe interface IEight<TV>
    where TV : unmanaged
{
    /// <summary>Rows of a product's tile (by sixteen columns) whose accumulators fit in the registers.</summary>
    static abstract int TileRows { get; }

    static abstract TV Load(double* p);

    static abstract void Store(TV v, double* p);

    static abstract TV Broadcast(double x);

    static abstract TV Multiply(TV a, TV b);

    /// <summary>a * b + c with one rounding.</summary>
    static abstract TV Fma(TV a, TV b, TV c);

    static abstract TV Add(TV a, TV b);

    /// <summary>The sum of the lanes by one tree: i with i + 4, then with i + 2, i + 1.</summary>
    static abstract double Sum(TV a);
}

/// <summary>Eight lanes in one AVX-512 register.</summary>
internal readonly unsafe struct Wide : IEight<Vector512<double>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int TileRows => 8;

    [MethodImpl(Inline)] public static Vector512<double> Load(double* p) => Vector512.Load(p);

    [MethodImpl(Inline)] public static void Store(Vector512<double> v, double* p) => v.Store(p);

    [MethodImpl(Inline)] public static Vector512<double> Broadcast(double x) => Vector512.Create(x);

    [MethodImpl(Inline)] public static Vector512<double> Multiply(Vector512<double> a, Vector512<double> b) => a * b;

    [MethodImpl(Inline)]
    public static Vector512<double> Fma(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Avx512F.FusedMultiplyAdd(a, b, c);

    [MethodImpl(Inline)] public static Vector512<double> Add(Vector512<double> a, Vector512<double> b) => a + b;

    [MethodImpl(Inline)]
    public static double Sum(Vector512<double> a)
    {
        var four = a.GetLower() + a.GetUpper();
        var two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }
}

/// <summary>Two 256-bit vectors.</summary>
internal struct Lanes256
{
    public Vector256<double> Low;
    public Vector256<double> High;
}

/// <summary>Eight lanes in two AVX2 registers.</summary>
internal readonly unsafe struct Half : IEight<Lanes256>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int TileRows => 2;

    [MethodImpl(Inline)] public static Lanes256 Load(double* p) => new() { Low = Vector256.Load(p), High = Vector256.Load(p + 4) };

    [MethodImpl(Inline)]
    public static void Store(Lanes256 v, double* p)
    {
        v.Low.Store(p);
        v.High.Store(p + 4);
    }

    [MethodImpl(Inline)]
    public static Lanes256 Broadcast(double x)
    {
        var v = Vector256.Create(x);
        return new() { Low = v, High = v };
    }

    [MethodImpl(Inline)] public static Lanes256 Multiply(Lanes256 a, Lanes256 b) => new() { Low = a.Low * b.Low, High = a.High * b.High };

    [MethodImpl(Inline)]
    public static Lanes256 Fma(Lanes256 a, Lanes256 b, Lanes256 c) =>
        new()
        {
            Low = System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a.Low, b.Low, c.Low),
            High = System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a.High, b.High, c.High)
        };

    [MethodImpl(Inline)] public static Lanes256 Add(Lanes256 a, Lanes256 b) => new() { Low = a.Low + b.Low, High = a.High + b.High };

    [MethodImpl(Inline)]
    public static double Sum(Lanes256 a)
    {
        var four = a.Low + a.High;
        var two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }
}

/// <summary>Four 128-bit vectors.</summary>
internal struct Lanes128
{
    public Vector128<double> A;
    public Vector128<double> B;
    public Vector128<double> C;
    public Vector128<double> D;
}

/// <summary>Eight lanes in four 128-bit registers: NEON on ARM64, written portably.</summary>
internal readonly unsafe struct Quarter : IEight<Lanes128>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int TileRows => 2;

    [MethodImpl(Inline)]
    public static Lanes128 Load(double* p) =>
        new() { A = Vector128.Load(p), B = Vector128.Load(p + 2), C = Vector128.Load(p + 4), D = Vector128.Load(p + 6) };

    [MethodImpl(Inline)]
    public static void Store(Lanes128 v, double* p)
    {
        v.A.Store(p);
        v.B.Store(p + 2);
        v.C.Store(p + 4);
        v.D.Store(p + 6);
    }

    [MethodImpl(Inline)]
    public static Lanes128 Broadcast(double x)
    {
        var v = Vector128.Create(x);
        return new() { A = v, B = v, C = v, D = v };
    }

    [MethodImpl(Inline)]
    public static Lanes128 Multiply(Lanes128 a, Lanes128 b) => new() { A = a.A * b.A, B = a.B * b.B, C = a.C * b.C, D = a.D * b.D };

    [MethodImpl(Inline)]
    public static Lanes128 Fma(Lanes128 a, Lanes128 b, Lanes128 c) => new()
    {
        A = Vector128.FusedMultiplyAdd(a.A, b.A, c.A), B = Vector128.FusedMultiplyAdd(a.B, b.B, c.B),
        C = Vector128.FusedMultiplyAdd(a.C, b.C, c.C), D = Vector128.FusedMultiplyAdd(a.D, b.D, c.D),
    };

    [MethodImpl(Inline)]
    public static Lanes128 Add(Lanes128 a, Lanes128 b) => new() { A = a.A + b.A, B = a.B + b.B, C = a.C + b.C, D = a.D + b.D };

    [MethodImpl(Inline)]
    public static double Sum(Lanes128 a)
    {
        var two = (a.A + a.C) + (a.B + a.D);
        return two[0] + two[1];
    }
}

/// <summary>Eight doubles in memory.</summary>
[InlineArray(8)]
internal struct Lanes8
{
    private double _first;
}

/// <summary>Eight lanes one after the other: the plain meaning of every operation.</summary>
internal readonly unsafe struct Scalar : IEight<Lanes8>
{
    public static int TileRows => 1;

    public static Lanes8 Load(double* p) => *(Lanes8*)p;

    public static void Store(Lanes8 v, double* p) => *(Lanes8*)p = v;

    public static Lanes8 Broadcast(double x)
    {
        Unsafe.SkipInit(out Lanes8 r);
        for (var i = 0; i < 8; i++) r[i] = x;
        return r;
    }

    public static Lanes8 Multiply(Lanes8 a, Lanes8 b)
    {
        for (var i = 0; i < 8; i++) a[i] *= b[i];
        return a;
    }

    public static Lanes8 Fma(Lanes8 a, Lanes8 b, Lanes8 c)
    {
        for (var i = 0; i < 8; i++) c[i] = Math.FusedMultiplyAdd(a[i], b[i], c[i]);
        return c;
    }

    public static Lanes8 Add(Lanes8 a, Lanes8 b)
    {
        for (var i = 0; i < 8; i++) a[i] += b[i];
        return a;
    }

    public static double Sum(Lanes8 a)
    {
        for (var half = 4; half > 0; half >>= 1)
            for (var i = 0; i < half; i++) a[i] += a[i + half];
        return a[0];
    }
}
