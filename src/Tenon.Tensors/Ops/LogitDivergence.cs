// The divergence of one row of logits from its teacher's and the gradient by the logits z of the policy:
//
//   D = sum_v min(d_v, bound)      dD/dz_v = p_v (g_v - sum_u p_u g_u)      g_v = dd_v/dp_v, 0 where the bound holds d_v
//
//   forward   d = q (log q - log p)                              p g = -q
//   reverse   d = p (log p - log q)                              p g = p (log p - log q) + p
//   JS        d = beta q log(q/m) + (1 - beta) p log(p/m)        p g = (1 - beta) p log(p/m)
//
// A constant added to every g leaves the gradient as it is: 1 for forward and -1 for reverse make it exactly 0 where the two rows are the
// same bits. With a top, the tokens outside it are one outcome whose probability is the sum of theirs, and share its g.
// Exponentials are the float32 ones of the sampler's own row routine; everything after them, and every sum, is float64 in token order.
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>The row routine behind <see cref="VocabularyTeacher"/>.</summary>
internal static unsafe class LogitDivergence
{
    /// <summary>Probability below which the outcome of all other tokens is held (and has no gradient), as SDPO's code holds it.</summary>
    private const double LeastTail = 1e-7;

    private readonly record struct Softmax(double Max, double LogSum, double Inverse);

    private readonly record struct Part(double Value, double Slope, bool IsHeld);

    /// <summary>
    /// The divergence of <paramref name="n"/> logits from the teacher's, both after the temperature; <paramref name="teacher"/> becomes the
    /// gradient of <paramref name="slope"/> times the divergence by the undivided logits.
    /// </summary>
    public static TokenDivergence Of(float* z, float* teacher, nint n, DivergenceChoice choice, double slope, float inverseTemperature)
    {
        var room = (n + 15) & ~15;
        var p = Scratch.Floats(ScratchUse.Op, 2 * room);
        var q = p + room;
        var (mine, its) = (Weigh(z, n, p), Weigh(teacher, n, q));
        var (least, last) = choice.Top > 0 && choice.Top < n ? Top(z, n, choice.Top) : (float.NegativeInfinity, n);
        double value = 0, total = 0, tail = 0, teacherTail = 0;
        var held = false;
        for (nint v = 0; v < n; v++)
        {
            var (pv, qv) = (p[v] * mine.Inverse, q[v] * its.Inverse);
            if (!(z[v] > least || (z[v] == least && v <= last)))
            {
                tail += pv;
                teacherTail += qv;
                continue;
            }

            var part = Take(choice, pv, qv, z[v] - mine.Max - mine.LogSum, teacher[v] - its.Max - its.LogSum);
            value += part.Value;
            total += part.Slope;
            held |= part.IsHeld;
            teacher[v] = (float)part.Slope;
        }

        var byTail = 0.0;
        if (choice.Top > 0 && choice.Top < n)
        {
            var (pt, qt) = (Math.Max(tail, LeastTail), Math.Max(teacherTail, LeastTail));
            var part = Take(choice, pt, qt, ExactMath.Log(pt), ExactMath.Log(qt));
            value += part.Value;
            held |= part.IsHeld;
            byTail = (tail < LeastTail ? Constant(choice.Kind) * pt : part.Slope) / pt;
            total += byTail * tail;
        }

        for (nint v = 0; v < n; v++)
        {
            var pv = p[v] * mine.Inverse;
            var own = z[v] > least || (z[v] == least && v <= last) ? teacher[v] : pv * byTail;
            teacher[v] = (float)(slope * (own - pv * total)) * inverseTemperature;
        }

        return new TokenDivergence(value, tail, held);
    }

    // exp(z - max), and what makes probabilities and their logarithms of it.
    private static Softmax Weigh(float* z, nint n, float* weights)
    {
        var max = RowKernels.Max(z, n);
        RowKernels.ExpSum(z, n, max, weights);
        var sum = 0.0;
        for (nint v = 0; v < n; v++) sum += weights[v];
        return new Softmax(max, ExactMath.Log(sum), 1 / sum);
    }

    private static double Constant(DivergenceKind kind) =>
        kind switch { DivergenceKind.ForwardKl => 1, DivergenceKind.ReverseKl => -1, _ => 0 };

    // One outcome's part of the divergence, and p times its slope by p with the constant added.
    private static Part Take(DivergenceChoice choice, double p, double q, double logP, double logQ)
    {
        double value, slope;
        switch (choice.Kind)
        {
            case DivergenceKind.ForwardKl:
                (value, slope) = (q * (logQ - logP), p - q);
                break;
            case DivergenceKind.ReverseKl:
                value = slope = p * (logP - logQ);
                break;
            default:
                var m = choice.Beta * q + (1 - choice.Beta) * p;
                if (m == 0) return default;
                // Where both are the same the logarithm of their mixture is theirs, to the last bit.
                var logM = logP == logQ ? logP : ExactMath.Log(m);
                slope = (1 - choice.Beta) * p * (logP - logM);
                value = choice.Beta * q * (logQ - logM) + slope;
                break;
        }

        return value > choice.Bound ? new Part(choice.Bound, Constant(choice.Kind) * p, true) : new Part(value, slope, false);
    }

    // The least of the largest `count` logits, and the last token that counts among those equal to it (the first ones do).
    private static (float Least, nint Last) Top(float* z, nint n, int count)
    {
        var heap = count <= 1024 ? stackalloc float[count] : new float[count];
        for (var i = 0; i < count; i++) heap[i] = z[i];
        for (var i = count / 2 - 1; i >= 0; i--) Sink(heap, i);
        for (nint v = count; v < n; v++)
        {
            if (!(z[v] > heap[0])) continue;
            heap[0] = z[v];
            Sink(heap, 0);
        }

        var least = heap[0];
        var equal = 0;
        foreach (var value in heap) equal += value == least ? 1 : 0;
        nint last = -1;
        for (nint v = 0; v < n && equal > 0; v++)
        {
            if (z[v] != least) continue;
            (last, equal) = (v, equal - 1);
        }

        return (least, last);
    }

    private static void Sink(Span<float> heap, int i)
    {
        while (true)
        {
            var child = 2 * i + 1;
            if (child >= heap.Length) return;
            if (child + 1 < heap.Length && heap[child + 1] < heap[child]) child++;
            if (heap[i] <= heap[child]) return;
            (heap[i], heap[child]) = (heap[child], heap[i]);
            i = child;
        }
    }
}
