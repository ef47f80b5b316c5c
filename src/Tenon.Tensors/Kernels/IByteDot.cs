using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Products of bytes for some outputs side by side: what a tile of an int8 product needs. The integers are exact in any order, the float
/// operations are named, so
/// that every implementation gives the same bits.
/// </summary>
/// <typeparam name="TW">Four weights of each output.</typeparam>
/// <typeparam name="TI">An int32 sum of each output.</typeparam>
/// <typeparam name="TF">A float32 number of each output.</typeparam>
internal unsafe interface IByteDot<TW, TI, TF>
    where TW : unmanaged
    where TI : unmanaged
    where TF : unmanaged
{
    /// <summary>Outputs side by side; a divisor of 8.</summary>
    static abstract int Outputs { get; }

    /// <summary>Reads four weights of each output, stored as q + 128.</summary>
    static abstract TW Weights(byte* p);

    /// <summary>
    /// Where the sums of a block begin; <paramref name="start"/> (-128 sum of the activations) where the weights keep their 128.
    /// </summary>
    static abstract TI Begin(int start);

    /// <summary>
    /// sum + the products of each output's four weights with the same four activations, which lie in <paramref name="four"/> as signed
    /// bytes.
    /// </summary>
    static abstract TI Dot(TI sum, TW weights, int four);

    /// <summary>Reads one number of each output.</summary>
    static abstract TF Load(float* p);

    /// <summary>Writes one number of each output.</summary>
    static abstract void Store(TF v, float* p);

    /// <summary>y + sum (scales a), the product of the scales rounded first, then fused.</summary>
    static abstract TF Add(TI sum, TF scales, float a, TF y);

    /// <summary>y + offsets a, fused.</summary>
    static abstract TF Fma(TF offsets, float a, TF y);
}

/// <summary>The plain meaning, one output at a time.</summary>
internal readonly unsafe struct ScalarDot : IByteDot<int, int, float>
{
    public static int Outputs => 1;

    public static int Weights(byte* p) => *(int*)p ^ unchecked((int)0x80808080);

    public static int Begin(int start) => 0;

    public static int Dot(int sum, int weights, int four)
    {
        for (var shift = 0; shift < 32; shift += 8) sum += (sbyte)(weights >> shift) * (sbyte)(four >> shift);
        return sum;
    }

    public static float Load(float* p) => *p;

    public static void Store(float v, float* p) => *p = v;

    public static float Add(int sum, float scales, float a, float y) => MathF.FusedMultiplyAdd(sum, scales * a, y);

    public static float Fma(float offsets, float a, float y) => MathF.FusedMultiplyAdd(offsets, a, y);
}

/// <summary>The float32 half that both 256-bit forms share.</summary>
internal static unsafe class Eight256
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    [MethodImpl(Inline)]
    public static Vector256<float> Add(Vector256<int> sum, Vector256<float> scales, float a, Vector256<float> y) =>
        System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(Avx.ConvertToVector256Single(sum), scales * Vector256.Create(a), y);

    [MethodImpl(Inline)]
    public static Vector256<float> Fma(Vector256<float> offsets, float a, Vector256<float> y) =>
        System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(offsets, Vector256.Create(a), y);
}

/// <summary>
/// Eight outputs with AVX-VNNI: <c>vpdpbusd</c> takes the weights unsigned, as they are stored, and the activations signed.
/// </summary>
internal readonly unsafe struct VnniDot : IByteDot<Vector256<byte>, Vector256<int>, Vector256<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Outputs => 8;

    [MethodImpl(Inline)] public static Vector256<byte> Weights(byte* p) => Vector256.Load(p);

    [MethodImpl(Inline)] public static Vector256<int> Begin(int start) => Vector256.Create(start);

    [MethodImpl(Inline)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, int four) =>
        AvxVnni.MultiplyWideningAndAdd(sum, weights, Vector256.Create(four).AsSByte());

    [MethodImpl(Inline)] public static Vector256<float> Load(float* p) => Vector256.Load(p);

    [MethodImpl(Inline)] public static void Store(Vector256<float> v, float* p) => v.Store(p);

    [MethodImpl(Inline)]
    public static Vector256<float> Add(Vector256<int> sum, Vector256<float> scales, float a, Vector256<float> y) =>
        Eight256.Add(sum, scales, a, y);

    [MethodImpl(Inline)]
    public static Vector256<float> Fma(Vector256<float> offsets, float a, Vector256<float> y) => Eight256.Fma(offsets, a, y);
}

/// <summary>Weights of eight outputs with their signs moved to the other side of a product.</summary>
/// <param name="Sizes">|q|, up to 128.</param>
/// <param name="Signs">q.</param>
internal readonly record struct SignedWeights(Vector256<byte> Sizes, Vector256<sbyte> Signs);

/// <summary>
/// Eight outputs with AVX2: <c>vpmaddubsw</c> multiplies unsigned by signed bytes, so the weight's sign moves to the activation (at most
/// 127 in size). Two products of
/// at most 128 x 127 fit into 16 bits, so nothing saturates.
/// </summary>
internal readonly unsafe struct Avx2Dot : IByteDot<SignedWeights, Vector256<int>, Vector256<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Outputs => 8;

    [MethodImpl(Inline)]
    public static SignedWeights Weights(byte* p)
    {
        var q = (Vector256.Load(p) ^ Vector256.Create((byte)0x80)).AsSByte();
        return new(Avx2.Abs(q), q);
    }

    [MethodImpl(Inline)] public static Vector256<int> Begin(int start) => Vector256<int>.Zero;

    [MethodImpl(Inline)]
    public static Vector256<int> Dot(Vector256<int> sum, SignedWeights weights, int four)
    {
        var pairs = Avx2.MultiplyAddAdjacent(weights.Sizes, Avx2.Sign(Vector256.Create(four).AsSByte(), weights.Signs));
        return Avx2.Add(sum, Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1)));
    }

    [MethodImpl(Inline)] public static Vector256<float> Load(float* p) => Vector256.Load(p);

    [MethodImpl(Inline)] public static void Store(Vector256<float> v, float* p) => v.Store(p);

    [MethodImpl(Inline)]
    public static Vector256<float> Add(Vector256<int> sum, Vector256<float> scales, float a, Vector256<float> y) =>
        Eight256.Add(sum, scales, a, y);

    [MethodImpl(Inline)]
    public static Vector256<float> Fma(Vector256<float> offsets, float a, Vector256<float> y) => Eight256.Fma(offsets, a, y);
}

/// <summary>
/// Four outputs in 128 bits: <c>sdot</c> on ARM64 where the processor has it, else widening products, written portably, so that any
/// processor can hold them against the
/// plain twin.
/// </summary>
internal readonly unsafe struct NeonDot : IByteDot<Vector128<sbyte>, Vector128<int>, Vector128<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Outputs => 4;

    [MethodImpl(Inline)]
    public static Vector128<sbyte> Weights(byte* p) => (Vector128.Load(p) ^ Vector128.Create((byte)0x80)).AsSByte();

    [MethodImpl(Inline)] public static Vector128<int> Begin(int start) => Vector128<int>.Zero;

    [MethodImpl(Inline)]
    public static Vector128<int> Dot(Vector128<int> sum, Vector128<sbyte> weights, int four)
    {
        var x = Vector128.Create(four).AsSByte();
        if (Dp.IsSupported) return Dp.DotProduct(sum, weights, x);
        // Two products of at most 128 x 128 fit into an int32 lane; an even and an odd input of a pair are taken apart by shifts.
        var (low, high) =
            (Vector128.WidenLower(weights) * Vector128.WidenLower(x), Vector128.WidenUpper(weights) * Vector128.WidenUpper(x));
        var pairsLow = (low.AsInt32() << 16 >> 16) + (low.AsInt32() >> 16);
        var pairsHigh = (high.AsInt32() << 16 >> 16) + (high.AsInt32() >> 16);
        // Neighbours of each pair of lanes: the two halves of an output.
        var even = Vector128.Create(pairsLow[0], pairsLow[2], pairsHigh[0], pairsHigh[2]);
        var odd = Vector128.Create(pairsLow[1], pairsLow[3], pairsHigh[1], pairsHigh[3]);
        return sum + even + odd;
    }

    [MethodImpl(Inline)] public static Vector128<float> Load(float* p) => Vector128.Load(p);

    [MethodImpl(Inline)] public static void Store(Vector128<float> v, float* p) => v.Store(p);

    [MethodImpl(Inline)]
    public static Vector128<float> Add(Vector128<int> sum, Vector128<float> scales, float a, Vector128<float> y) =>
        Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(sum), scales * Vector128.Create(a), y);

    [MethodImpl(Inline)]
    public static Vector128<float> Fma(Vector128<float> offsets, float a, Vector128<float> y) =>
        Vector128.FusedMultiplyAdd(offsets, Vector128.Create(a), y);
}
