using System.Runtime.Intrinsics;
using Tenon.Tensors.Linalg.Kernels;
using Half = Tenon.Tensors.Linalg.Kernels.Half;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// All kernels that come in several widths of vector: the one place where a width is chosen. What each kernel does is said at its front
/// (<see cref="RowKernels"/>, <see cref="Gemm"/>, <see cref="FrozenMatrix"/>, <see cref="TokenFourier"/>, <see cref="SpectrumKernels"/>,
/// <see cref="Lines"/>, <see cref="Product"/>, <see cref="RotationBatch"/>). Every set gives the same bits.
/// </summary>
/// <param name="level">The width.</param>
internal abstract unsafe class KernelSet(SimdLevel level)
{
    /// <summary>
    /// The set of this process. The compiler sees the exact type behind a static readonly field, so that a call through it is direct.
    /// </summary>
    public static readonly KernelSet Best = Of(Cpu.Level);

    /// <summary>The width that the set was written for.</summary>
    public SimdLevel Level { get; } = level;

    /// <summary>True where there are vectors: what only moves values goes through registers then.</summary>
    public bool HasVectors => Level != SimdLevel.Scalar;

    /// <summary>The set of a width; the processor must have it.</summary>
    public static KernelSet Of(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => new KernelSet<Simd512, Vector512<float>, Simd512, Vector512<float>, Wide, Vector512<double>>(level),
        SimdLevel.Avx2 => new KernelSet<Simd256, Pair256, Simd8, Vector256<float>, Half, Lanes256>(level),
        SimdLevel.Neon => new KernelSet<Simd128, Quad128, Simd4, Vector128<float>, Quarter, Lanes128>(level),
        _ => new KernelSet<SimdScalar, Lanes16, SimdScalar, Lanes16, Scalar, Lanes8>(level),
    };

    public abstract float Max(float* x, nint n);

    public abstract float Sum(float* x, nint n);

    public abstract float Dot(float* x, float* y, nint n);

    public abstract float ExpSum(float* x, nint n, float max, float* result);

    public abstract void Exp(float* x, float* result, nint n);

    public abstract void Add(float* target, float* source, nint n);

    public abstract void Axpy(float* target, float* source, float scale, nint n);

    public abstract void Scale(float* target, float scale, nint n);

    public abstract float ScaleMax(float* target, float scale, nint n);

    public abstract void Mul(float* target, float* a, float* b, nint n);

    public abstract void MulAdd(float* target, float* a, float* b, nint n);

    public abstract float RmsNorm(float* x, float* weight, float* y, nint n, float eps);

    public abstract void RmsNormBackward(float* x, float* weight, float* dy, float inverse, float* dx, nint n);

    public abstract void RmsNormWeightGradient(float* x, float* dy, float inverse, float* dweight, nint n);

    public abstract void SwiGlu(float* gate, float* up, float* y, nint n);

    public abstract void SwiGluBackward(float* gate, float* up, float* dy, float* dgate, float* dup, nint n);

    public abstract void RoundToBf16(float* source, float* target, nint n);

    public abstract void RoundToInt8(float* x, nint n, int terms, byte* records);

    public abstract void Rotate(float* x, float* cos, float* sin, nint half, float sign);

    public abstract void Multiply(
        nint m, nint n, nint k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate);

    public abstract void MultiplyPairs(
        nint m, nint n, nint k, float* a, nint aRow, float* pairs, nint pairsRow, float* c, nint cRow, bool accumulate);

    /// <summary>See <see cref="Gemm.MultiplyPairsOfTwo"/>.</summary>
    public abstract void MultiplyPairsOfTwo(
        nint m, nint n, nint k, float* a, nint aRow, float* pairs, nint next, nint pairsRow, float* c, nint cNext, nint cRow);

    public abstract void FrozenMultiply(FrozenCall* call, int part);

    public abstract void FrozenMultiplyTransposed(FrozenCall* call, int part);

    public abstract void WidenPairs(float* pairs, nint lines, nint columns, float* target);

    public abstract void Transform(FourierPlan* plan, float* re, float* im, float* scratch, int sign);

    public abstract void Scatter(
        float* values, int* fromPlaces, float* fromRe, float* fromIm, int* toPlaces, float* toRe, float* toIm, int count);

    public abstract void RealProducts(
        int* aPlaces, float* aRe, float* aIm, int* bPlaces, float* bRe, float* bIm, float factor, float* products, int count);

    public abstract void Blocks(
        float* wRe, float* wIm, nint outerStep, nint innerStep, float* fromRe, float* fromIm, float* toRe, float* toIm,
        int outer, int inner, int size, float weightSign, float fromSign);

    public abstract double Dot(double* x, double* y, nint n);

    public abstract void AddScaled(double factor, double* x, double* y, nint n);

    public abstract void AddRows(double* factors, double* a, nint stride, nint rows, double* y, nint n);

    public abstract void Multiply(
        nint m, nint n, nint k, double* a, nint aRow, nint aStep, double* b, nint bRow, nint bColumn, double* c, nint cRow,
        Product.Into into);

    public abstract void Rotate(double* line, int count, bool backward, double* factors);
}

/// <summary>The kernels of one width.</summary>
/// <typeparam name="TOps">Sixteen lanes of float32: rows.</typeparam>
/// <typeparam name="TV">Their vector.</typeparam>
/// <typeparam name="TTile">One hardware vector of float32: products.</typeparam>
/// <typeparam name="TT">That vector.</typeparam>
/// <typeparam name="TEight">Eight lanes of float64: factorisations.</typeparam>
/// <typeparam name="TD">Their vector.</typeparam>
/// <param name="level">The width.</param>
internal sealed unsafe class KernelSet<TOps, TV, TTile, TT, TEight, TD>(SimdLevel level) : KernelSet(level)
    where TOps : unmanaged, ISimd<TV>
    where TV : unmanaged
    where TTile : unmanaged, IVector<TT>
    where TT : unmanaged
    where TEight : unmanaged, IEight<TD>
    where TD : unmanaged
{
    public override float Max(float* x, nint n) => Rows<TOps, TV>.Max(x, n);

    public override float Sum(float* x, nint n) => Rows<TOps, TV>.Sum(x, n);

    public override float Dot(float* x, float* y, nint n) => Rows<TOps, TV>.Dot(x, y, n);

    public override float ExpSum(float* x, nint n, float max, float* result) => Rows<TOps, TV>.ExpSum(x, n, max, result);

    public override void Exp(float* x, float* result, nint n) => Rows<TOps, TV>.Exp(x, result, n);

    public override void Add(float* target, float* source, nint n) => Rows<TOps, TV>.Add(target, source, n);

    public override void Axpy(float* target, float* source, float scale, nint n) => Rows<TOps, TV>.Axpy(target, source, scale, n);

    public override void Scale(float* target, float scale, nint n) => Rows<TOps, TV>.Scale(target, scale, n);

    public override float ScaleMax(float* target, float scale, nint n) => Rows<TOps, TV>.ScaleMax(target, scale, n);

    public override void Mul(float* target, float* a, float* b, nint n) => Rows<TOps, TV>.Mul(target, a, b, n);

    public override void MulAdd(float* target, float* a, float* b, nint n) => Rows<TOps, TV>.MulAdd(target, a, b, n);

    public override float RmsNorm(float* x, float* weight, float* y, nint n, float eps) => Rows<TOps, TV>.RmsNorm(x, weight, y, n, eps);

    public override void RmsNormBackward(float* x, float* weight, float* dy, float inverse, float* dx, nint n) =>
        Rows<TOps, TV>.RmsNormBackward(x, weight, dy, inverse, dx, n);

    public override void RmsNormWeightGradient(float* x, float* dy, float inverse, float* dweight, nint n) =>
        Rows<TOps, TV>.RmsNormWeightGradient(x, dy, inverse, dweight, n);

    public override void SwiGlu(float* gate, float* up, float* y, nint n) => Rows<TOps, TV>.SwiGlu(gate, up, y, n);

    public override void SwiGluBackward(float* gate, float* up, float* dy, float* dgate, float* dup, nint n) =>
        Rows<TOps, TV>.SwiGluBackward(gate, up, dy, dgate, dup, n);

    public override void RoundToBf16(float* source, float* target, nint n) => Rows<TOps, TV>.RoundToBf16(source, target, n);

    public override void RoundToInt8(float* x, nint n, int terms, byte* records) => Rows<TOps, TV>.RoundToInt8(x, n, terms, records);

    public override void Rotate(float* x, float* cos, float* sin, nint half, float sign) => Rows<TOps, TV>.Rotate(x, cos, sin, half, sign);

    public override void Multiply(
        nint m, nint n, nint k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate) =>
        Gemm<TTile, TT>.Multiply(m, n, k, a, aRow, aStep, b, bRow, c, cRow, accumulate);

    public override void MultiplyPairs(
        nint m, nint n, nint k, float* a, nint aRow, float* pairs, nint pairsRow, float* c, nint cRow, bool accumulate) =>
        Gemm<TTile, TT>.MultiplyPairs(m, n, k, a, aRow, pairs, pairsRow, c, cRow, accumulate);

    public override void MultiplyPairsOfTwo(
        nint m, nint n, nint k, float* a, nint aRow, float* pairs, nint next, nint pairsRow, float* c, nint cNext, nint cRow) =>
        Gemm<TTile, TT>.MultiplyPairsOfTwo(m, n, k, a, aRow, pairs, next, pairsRow, c, cNext, cRow);

    public override void FrozenMultiply(FrozenCall* call, int part) => Frozen<TTile, TT>.Multiply(call, part);

    public override void FrozenMultiplyTransposed(FrozenCall* call, int part) => Frozen<TTile, TT>.MultiplyTransposed(call, part);

    public override void WidenPairs(float* pairs, nint lines, nint columns, float* target) =>
        Frozen<TTile, TT>.WidenPairs(pairs, lines, columns, target);

    public override void Transform(FourierPlan* plan, float* re, float* im, float* scratch, int sign) =>
        TokenFourier<TOps, TV>.Transform(plan, re, im, scratch, sign);

    public override void Scatter(
        float* values, int* fromPlaces, float* fromRe, float* fromIm, int* toPlaces, float* toRe, float* toIm, int count) =>
        SpectrumKernels<TOps, TV>.Scatter(values, fromPlaces, fromRe, fromIm, toPlaces, toRe, toIm, count);

    public override void RealProducts(
        int* aPlaces, float* aRe, float* aIm, int* bPlaces, float* bRe, float* bIm, float factor, float* products, int count) =>
        SpectrumKernels<TOps, TV>.RealProducts(aPlaces, aRe, aIm, bPlaces, bRe, bIm, factor, products, count);

    public override void Blocks(
        float* wRe, float* wIm, nint outerStep, nint innerStep, float* fromRe, float* fromIm, float* toRe, float* toIm,
        int outer, int inner, int size, float weightSign, float fromSign) =>
        SpectrumKernels<TOps, TV>.Blocks(
            wRe, wIm, outerStep, innerStep, fromRe, fromIm, toRe, toIm, outer, inner, size, weightSign, fromSign);

    public override double Dot(double* x, double* y, nint n) => Lines<TEight, TD>.Dot(x, y, n);

    public override void AddScaled(double factor, double* x, double* y, nint n) => Lines<TEight, TD>.AddScaled(factor, x, y, n);

    public override void AddRows(double* factors, double* a, nint stride, nint rows, double* y, nint n) =>
        Lines<TEight, TD>.AddRows(factors, a, stride, rows, y, n);

    public override void Multiply(
        nint m, nint n, nint k, double* a, nint aRow, nint aStep, double* b, nint bRow, nint bColumn, double* c, nint cRow,
        Product.Into into) =>
        Product<TEight, TD>.Multiply(m, n, k, a, aRow, aStep, b, bRow, bColumn, c, cRow, into);

    public override void Rotate(double* line, int count, bool backward, double* factors) =>
        RotationBatch.Run<TEight, TD>(line, count, backward, factors);
}
