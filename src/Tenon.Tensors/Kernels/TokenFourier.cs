using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <summary>What a transform of one length needs, without anything managed: angles, and the radices in the order of the stages.</summary>
internal unsafe struct FourierPlan
{
    public const int MostStages = 32;

    /// <summary>cos(2 pi k / length) and sin, k from 0 to length - 1.</summary>
    public float* Cos, Sin;

    public int Length, Stages;
    public fixed int Radices[MostStages];
}

/// <summary>
/// Discrete Fourier transforms of the columns of sixteen tokens at once, [length][16] real and imaginary parts: X_k = sum_n x_n e^(sign 2
/// pi i k n / length), no division. Stockham's order (no
/// bit reversal), stages of 4, 2, 3 and any prime. A lane is a token and never meets another, so a token has the same bits in any company.
/// </summary>
internal static unsafe class TokenFourier
{
    /// <summary>Tokens side by side.</summary>
    public const int Tokens = 16;

    private static readonly ConcurrentDictionary<int, (Tensor Cos, Tensor Sin, int[] Radices)> S_tables = new();

    /// <summary>The plan of a length; its tables are made once in a process.</summary>
    public static FourierPlan Plan(int length)
    {
        var (cos, sin, radices) = S_tables.GetOrAdd(length, static n => Tables(n));
        var plan = new FourierPlan { Cos = cos.Data, Sin = sin.Data, Length = length, Stages = radices.Length };
        for (var i = 0; i < radices.Length; i++) plan.Radices[i] = radices[i];
        return plan;
    }

    /// <summary>Transforms re and im in place; <paramref name="scratch"/> has room for 2 length 16 floats.</summary>
    public static void Transform(FourierPlan* plan, float* re, float* im, float* scratch, int sign) =>
        KernelSet.Best.Transform(plan, re, im, scratch, sign);

    /// <summary>
    /// Sixteen rows of a [tokens, length] array, from row 16 block on, side by side as real parts [length][16], with zeros behind them as
    /// imaginary parts and in the lanes beyond the last row. Returns how
    /// many rows there are.
    /// </summary>
    public static nint Load(float* source, nint tokens, nint length, nint block, float* re)
    {
        var count = Math.Min(Tokens, tokens - block * Tokens);
        new Span<float>(re, (int)(2 * length * Tokens)).Clear();
        Transpose.Blocked(source + block * Tokens * length, count, length, length, re, Tokens);
        return count;
    }

    /// <summary>Adds factor times the real parts [length][16] to the block's rows; <paramref name="work"/> has room for them.</summary>
    public static void Add(float* target, nint length, nint block, nint count, float* re, float* work, float factor)
    {
        Transpose.Blocked(re, length, count, Tokens, work, length);
        for (nint t = 0; t < count; t++) RowKernels.Axpy(target + (block * Tokens + t) * length, work + t * length, factor, length);
    }

    private static (Tensor Cos, Tensor Sin, int[] Radices) Tables(int length)
    {
        var (cos, sin) = (Tensor.Zeros(1, length), Tensor.Zeros(1, length));
        for (var k = 0; k < length; k++)
        {
            cos.Data[k] = (float)ExactMath.Cos(2 * Math.PI * k / length);
            sin.Data[k] = (float)ExactMath.Sin(2 * Math.PI * k / length);
        }

        return (cos, sin, [.. Radices(length)]);
    }

    private static IEnumerable<int> Radices(int n)
    {
        for (; n % 4 == 0; n /= 4) yield return 4;
        for (var p = 2; p * p <= n; p++)
            for (; n % p == 0; n /= p) yield return p;
        if (n > 1) yield return n;
    }
}

/// <summary>The transforms in one width of vector.</summary>
internal static unsafe class TokenFourier<TOps, TV>
    where TOps : unmanaged, ISimd<TV>
    where TV : unmanaged
{
    private const nint T = TokenFourier.Tokens;

    /// <summary>See <see cref="TokenFourier.Transform"/>.</summary>
    public static void Transform(FourierPlan* plan, float* re, float* im, float* scratch, int sign)
    {
        var stage =
            new Stage
            {
                Plan = plan, Sign = sign, Re = re, Im = im, ToRe = scratch, ToIm = scratch + plan->Length * T, Stride = 1,
                Rest = plan->Length
            };
        for (var i = 0; i < plan->Stages; i++)
        {
            var radix = plan->Radices[i];
            stage.Rest /= radix;
            if (radix == 2) Two(&stage);
            else if (radix == 3) Three(&stage);
            else if (radix == 4) Four(&stage);
            else Any(&stage, radix);
            stage.Stride *= radix;
            var result = stage.ToRe;
            stage.ToRe = stage.Re;
            stage.Re = result;
            result = stage.ToIm;
            stage.ToIm = stage.Im;
            stage.Im = result;
        }

        if (stage.Re == re) return;
        var bytes = plan->Length * T * sizeof(float);
        Buffer.MemoryCopy(stage.Re, re, bytes, bytes);
        Buffer.MemoryCopy(stage.Im, im, bytes, bytes);
    }

    /// <summary>
    /// One stage of radix p over sequences of length p Rest, Stride of them interleaved: y[k + Stride (p q + j)] = w^(j q) sum_r e^(sign 2
    /// pi i j r / p) x[k + Stride (q + Rest r)], w of the
    /// sequence's length.
    /// </summary>
    private struct Stage
    {
        public FourierPlan* Plan;
        public float* Re, Im, ToRe, ToIm;
        public int Sign;
        public nint Stride, Rest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(Stage* s)
    {
        for (nint q = 0; q < s->Rest; q++)
        {
            var (c1, s1) = Angle(s, q * s->Stride);
            for (nint k = 0; k < s->Stride; k++)
            {
                var from = (k + s->Stride * q) * T;
                var gap = s->Stride * s->Rest * T;
                var to = (k + s->Stride * 2 * q) * T;
                var (a, b) = (TOps.Load(s->Re + from), TOps.Load(s->Im + from));
                var (c, d) = (TOps.Load(s->Re + from + gap), TOps.Load(s->Im + from + gap));
                Store(s, to, TOps.Add(a, c), TOps.Add(b, d));
                Store(s, to + s->Stride * T, TOps.Sub(a, c), TOps.Sub(b, d), c1, s1);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Three(Stage* s)
    {
        var half = TOps.Broadcast(-0.5f);
        var root = TOps.Broadcast(s->Sign * 0.8660254037844386f);
        for (nint q = 0; q < s->Rest; q++)
        {
            var (c1, s1) = Angle(s, q * s->Stride);
            var (c2, s2) = Angle(s, 2 * q * s->Stride);
            for (nint k = 0; k < s->Stride; k++)
            {
                var from = (k + s->Stride * q) * T;
                var gap = s->Stride * s->Rest * T;
                var (step, to) = (s->Stride * T, (k + s->Stride * 3 * q) * T);
                var (a0, b0) = (TOps.Load(s->Re + from), TOps.Load(s->Im + from));
                var (a1, b1) = (TOps.Load(s->Re + from + gap), TOps.Load(s->Im + from + gap));
                var (a2, b2) = (TOps.Load(s->Re + from + 2 * gap), TOps.Load(s->Im + from + 2 * gap));
                var (sumA, sumB) = (TOps.Add(a1, a2), TOps.Add(b1, b2));
                Store(s, to, TOps.Add(a0, sumA), TOps.Add(b0, sumB));
                // i root (x1 - x2) turns the real part into the imaginary one.
                var (middleA, middleB) = (TOps.Fma(half, sumA, a0), TOps.Fma(half, sumB, b0));
                var (turnA, turnB) = (TOps.Mul(root, TOps.Sub(b2, b1)), TOps.Mul(root, TOps.Sub(a1, a2)));
                Store(s, to + step, TOps.Add(middleA, turnA), TOps.Add(middleB, turnB), c1, s1);
                Store(s, to + 2 * step, TOps.Sub(middleA, turnA), TOps.Sub(middleB, turnB), c2, s2);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(Stage* s)
    {
        var sign = TOps.Broadcast(s->Sign);
        for (nint q = 0; q < s->Rest; q++)
        {
            var (c1, s1) = Angle(s, q * s->Stride);
            var (c2, s2) = Angle(s, 2 * q * s->Stride);
            var (c3, s3) = Angle(s, 3 * q * s->Stride);
            for (nint k = 0; k < s->Stride; k++)
            {
                var from = (k + s->Stride * q) * T;
                var gap = s->Stride * s->Rest * T;
                var (step, to) = (s->Stride * T, (k + s->Stride * 4 * q) * T);
                var (a0, b0) = (TOps.Load(s->Re + from), TOps.Load(s->Im + from));
                var (a1, b1) = (TOps.Load(s->Re + from + gap), TOps.Load(s->Im + from + gap));
                var (a2, b2) = (TOps.Load(s->Re + from + 2 * gap), TOps.Load(s->Im + from + 2 * gap));
                var (a3, b3) = (TOps.Load(s->Re + from + 3 * gap), TOps.Load(s->Im + from + 3 * gap));
                var (evenA, evenB) = (TOps.Add(a0, a2), TOps.Add(b0, b2));
                var (oddA, oddB) = (TOps.Sub(a0, a2), TOps.Sub(b0, b2));
                var (sumA, sumB) = (TOps.Add(a1, a3), TOps.Add(b1, b3));
                // sign i (x1 - x3)
                var (turnA, turnB) = (TOps.Mul(sign, TOps.Sub(b3, b1)), TOps.Mul(sign, TOps.Sub(a1, a3)));
                Store(s, to, TOps.Add(evenA, sumA), TOps.Add(evenB, sumB));
                Store(s, to + step, TOps.Add(oddA, turnA), TOps.Add(oddB, turnB), c1, s1);
                Store(s, to + 2 * step, TOps.Sub(evenA, sumA), TOps.Sub(evenB, sumB), c2, s2);
                Store(s, to + 3 * step, TOps.Sub(oddA, turnA), TOps.Sub(oddB, turnB), c3, s3);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Any(Stage* s, int radix)
    {
        var part = s->Plan->Length / radix;
        for (nint q = 0; q < s->Rest; q++)
            for (var j = 0; j < radix; j++)
            {
                var (c, t) = Angle(s, j * q * s->Stride);
                for (nint k = 0; k < s->Stride; k++)
                {
                    var from = (k + s->Stride * q) * T;
                    var gap = s->Stride * s->Rest * T;
                    var (sumA, sumB) = (TOps.Load(s->Re + from), TOps.Load(s->Im + from));
                    for (var r = 1; r < radix; r++)
                    {
                        var (x, y) = Angle(s, (nint)(j * r % radix) * part);
                        var (a, b) = (TOps.Load(s->Re + from + r * gap), TOps.Load(s->Im + from + r * gap));
                        sumA = TOps.Sub(TOps.Fma(a, x, sumA), TOps.Mul(b, y));
                        sumB = TOps.Fma(a, y, TOps.Fma(b, x, sumB));
                    }

                    Store(s, (k + s->Stride * (radix * q + j)) * T, sumA, sumB, c, t);
                }
            }
    }

    /// <summary>cos and signed sin of 2 pi index / length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TV Cos, TV Sin) Angle(Stage* s, nint index) =>
    (TOps.Broadcast(s->Plan->Cos[index]), TOps.Broadcast(s->Sign * s->Plan->Sin[index]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Stage* s, nint at, TV a, TV b)
    {
        TOps.Store(a, s->ToRe + at);
        TOps.Store(b, s->ToIm + at);
    }

    /// <summary>(a + i b)(c + i t).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Stage* s, nint at, TV a, TV b, TV c, TV t) =>
        Store(s, at, TOps.Sub(TOps.Mul(a, c), TOps.Mul(b, t)), TOps.Fma(a, t, TOps.Mul(b, c)));
}
