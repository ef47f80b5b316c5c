using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Products with single entries of a spectrum, sixteen tokens side by side: arrays [length][16] of real and imaginary parts.
/// </summary>
internal static unsafe class SpectrumKernels
{
    /// <summary>to[toPlaces[k]] += values[k] from[fromPlaces[k]], complex by real, k ascending.</summary>
    public static void Scatter(
        float* values, int* fromPlaces, float* fromRe, float* fromIm, int* toPlaces, float* toRe, float* toIm, int count) =>
        KernelSet.Best.Scatter(values, fromPlaces, fromRe, fromIm, toPlaces, toRe, toIm, count);

    /// <summary>products[k] = factor Re(a[aPlaces[k]] b[bPlaces[k]]), products [count][16].</summary>
    public static void RealProducts(
        int* aPlaces, float* aRe, float* aIm, int* bPlaces, float* bRe, float* bIm, float factor, float* products, int count) =>
        KernelSet.Best.RealProducts(aPlaces, aRe, aIm, bPlaces, bRe, bIm, factor, products, count);

    /// <summary>
    /// to[i][f] = sum over j of w[i][j][f] from[j][f] for <paramref name="outer"/> blocks i, <paramref name="inner"/> blocks j and
    /// <paramref name="size"/> frequencies, w at (i outerStep + j innerStep) size, complex.
    /// <paramref name="conjugateWeight"/> and <paramref name="conjugateFrom"/> take the conjugates of w and of from.
    /// </summary>
    public static void Blocks(
        float* wRe, float* wIm, nint outerStep, nint innerStep, float* fromRe, float* fromIm, float* toRe, float* toIm,
        int outer, int inner, int size, bool conjugateWeight, bool conjugateFrom)
    {
        var (weightSign, fromSign) = (conjugateWeight ? -1f : 1f, conjugateFrom ? -1f : 1f);
        KernelSet.Best.Blocks(
            wRe, wIm, outerStep, innerStep, fromRe, fromIm, toRe, toIm, outer, inner, size, weightSign, fromSign);
    }
}

/// <summary>The products in one width of vector.</summary>
internal static unsafe class SpectrumKernels<TOps, TV>
    where TOps : unmanaged, ISimd<TV>
    where TV : unmanaged
{
    private const nint T = TokenFourier.Tokens;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scatter(float* values, int* fromPlaces, float* fromRe, float* fromIm, int* toPlaces, float* toRe, float* toIm,
    int count)
    {
        for (var k = 0; k < count; k++)
        {
            var value = TOps.Broadcast(values[k]);
            var (from, to) = (fromPlaces[k] * T, toPlaces[k] * T);
            TOps.Store(TOps.Fma(value, TOps.Load(fromRe + from), TOps.Load(toRe + to)), toRe + to);
            TOps.Store(TOps.Fma(value, TOps.Load(fromIm + from), TOps.Load(toIm + to)), toIm + to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RealProducts(int* aPlaces, float* aRe, float* aIm, int* bPlaces, float* bRe, float* bIm, float factor,
    float* products, int count)
    {
        var scale = TOps.Broadcast(factor);
        for (var k = 0; k < count; k++)
        {
            var (a, b) = (aPlaces[k] * T, bPlaces[k] * T);
            var product = TOps.Sub(TOps.Mul(TOps.Load(aRe + a), TOps.Load(bRe + b)), TOps.Mul(TOps.Load(aIm + a), TOps.Load(bIm + b)));
            TOps.Store(TOps.Mul(scale, product), products + k * T);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blocks(float* wRe, float* wIm, nint outerStep, nint innerStep, float* fromRe, float* fromIm, float* toRe,
    float* toIm, int outer, int inner, int size, float weightSign, float fromSign)
    {
        for (var i = 0; i < outer; i++)
            for (var f = 0; f < size; f++)
            {
                var (sumRe, sumIm) = (TOps.Broadcast(0f), TOps.Broadcast(0f));
                for (var j = 0; j < inner; j++)
                {
                    var at = (i * outerStep + j * innerStep) * size + f;
                    // (a + i b)(c + i d), the signs of both imaginary parts on the weight's side.
                    var (a, b) = (wRe[at], weightSign * wIm[at]);
                    var from = (j * (nint)size + f) * T;
                    var (c, d) = (TOps.Load(fromRe + from), TOps.Load(fromIm + from));
                    sumRe = TOps.Fma(TOps.Broadcast(-b * fromSign), d, TOps.Fma(TOps.Broadcast(a), c, sumRe));
                    sumIm = TOps.Fma(TOps.Broadcast(b), c, TOps.Fma(TOps.Broadcast(a * fromSign), d, sumIm));
                }

                var to = (i * (nint)size + f) * T;
                TOps.Store(sumRe, toRe + to);
                TOps.Store(sumIm, toIm + to);
            }
    }
}
