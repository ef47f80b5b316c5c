namespace Tenon.Tensors.Kernels;

/// <summary>
/// One row at a time, in the widest form that this processor has; see <see cref="Rows{TOps, TV}"/>. Pointers need no alignment, lengths no
/// multiple;
/// nothing beyond <c>n</c> elements is read or written.
/// </summary>
internal static unsafe class RowKernels
{
    /// <summary>The largest of <paramref name="n"/> numbers; NaN is passed over; minus infinity for none.</summary>
    public static float Max(float* x, nint n) => KernelSet.Best.Max(x, n);

    /// <summary>The sum of <paramref name="n"/> numbers.</summary>
    public static float Sum(float* x, nint n) => KernelSet.Best.Sum(x, n);

    /// <summary>The sum of x[i] y[i], fused.</summary>
    public static float Dot(float* x, float* y, nint n) => KernelSet.Best.Dot(x, y, n);

    /// <summary>Writes e^(x - max) to <paramref name="result"/> (which may be <paramref name="x"/>) and gives its sum.</summary>
    public static float ExpSum(float* x, nint n, float max, float* result) => KernelSet.Best.ExpSum(x, n, max, result);

    /// <summary>result = e^x; may be in place.</summary>
    public static void Exp(float* x, float* result, nint n) => KernelSet.Best.Exp(x, result, n);

    /// <summary>target += source.</summary>
    public static void Add(float* target, float* source, nint n) => KernelSet.Best.Add(target, source, n);

    /// <summary>target += source scale, fused.</summary>
    public static void Axpy(float* target, float* source, float scale, nint n) => KernelSet.Best.Axpy(target, source, scale, n);

    /// <summary>target *= scale.</summary>
    public static void Scale(float* target, float scale, nint n) => KernelSet.Best.Scale(target, scale, n);

    /// <summary>target *= scale; gives the largest result as <see cref="Max"/> does.</summary>
    public static float ScaleMax(float* target, float scale, nint n) => KernelSet.Best.ScaleMax(target, scale, n);

    /// <summary>target = a b.</summary>
    public static void Mul(float* target, float* a, float* b, nint n) => KernelSet.Best.Mul(target, a, b, n);

    /// <summary>target += a b, fused.</summary>
    public static void MulAdd(float* target, float* a, float* b, nint n) => KernelSet.Best.MulAdd(target, a, b, n);

    /// <summary>y = x r weight with r = 1 / sqrt(mean(x²) + eps), which is returned; y may be x.</summary>
    public static float RmsNorm(float* x, float* weight, float* y, nint n, float eps) => KernelSet.Best.RmsNorm(x, weight, y, n, eps);

    /// <summary>
    /// dx += the gradient of <see cref="RmsNorm"/> for the input; <paramref name="inverse"/> is what the forward returned.
    /// </summary>
    public static void RmsNormBackward(float* x, float* weight, float* dy, float inverse, float* dx, nint n) =>
        KernelSet.Best.RmsNormBackward(x, weight, dy, inverse, dx, n);

    /// <summary>dweight += dy x inverse.</summary>
    public static void RmsNormWeightGradient(float* x, float* dy, float inverse, float* dweight, nint n) =>
        KernelSet.Best.RmsNormWeightGradient(x, dy, inverse, dweight, n);

    /// <summary>y = silu(gate) up; y may be either input.</summary>
    public static void SwiGlu(float* gate, float* up, float* y, nint n) => KernelSet.Best.SwiGlu(gate, up, y, n);

    /// <summary>Overwrites dgate and dup with the gradients of <see cref="SwiGlu"/>; each may be its own input.</summary>
    public static void SwiGluBackward(float* gate, float* up, float* dy, float* dgate, float* dup, nint n) =>
        KernelSet.Best.SwiGluBackward(gate, up, dy, dgate, dup, n);

    /// <summary>Rounds to bfloat16, nearest, ties to even, and keeps the result as float32; NaN stays NaN; may be in place.</summary>
    public static void RoundToBf16(float* source, float* target, nint n) => KernelSet.Best.RoundToBf16(source, target, n);

    /// <summary>
    /// A row as integers of one byte: <paramref name="terms"/> (1 or 2) records for each 32 numbers; see <see cref="Int8Rows"/>.
    /// </summary>
    public static void RoundToInt8(float* x, nint n, int terms, byte* records) => KernelSet.Best.RoundToInt8(x, n, terms, records);

    /// <summary>The sum of squares in float64: sixteen partial sums, then the same tree.</summary>
    public static double SumSquaresDouble(float* x, nint n)
    {
        var partial = stackalloc double[16];
        new Span<double>(partial, 16).Clear();
        for (nint i = 0; i < n; i++)
        {
            // The product of two floats is exact in float64, so that fusing could change nothing.
            var square = (double)x[i] * x[i];
            partial[i & 15] += square;
        }

        for (var half = 8; half > 0; half >>= 1)
            for (var i = 0; i < half; i++) partial[i] += partial[i + half];
        return partial[0];
    }

    /// <summary>Rotary positions on one head of 2 half numbers, rotate-half form: (a, b) becomes (a cos - b sin, b cos + a sin).</summary>
    public static void Rotate(float* x, float* cos, float* sin, nint half) => Turn(x, cos, sin, half, 1f);

    /// <summary>The transpose (and inverse, where cos² + sin² = 1) of <see cref="Rotate"/>: its gradient.</summary>
    public static void RotateBack(float* x, float* cos, float* sin, nint half) => Turn(x, cos, sin, half, -1f);

    private static void Turn(float* x, float* cos, float* sin, nint half, float sign) => KernelSet.Best.Rotate(x, cos, sin, half, sign);
}
