// Adam (arXiv 1412.6980) and AdamW (arXiv 1711.05101), as torch.optim writes them:
//   m += (1 - b1)(g - m);  v = b2 v + (1 - b2) g g;  p -= (lr / (1 - b1^t)) m / (sqrt(v) / sqrt(1 - b2^t) + eps)
// AdamW first shrinks p by 1 - lr wd, Adam adds wd p to g. The loop runs on vectors of any width: the lanes never meet.
using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>Adam with decoupled weight decay (AdamW) or with an L2 penalty (Adam), optionally AMSGrad.</summary>
internal sealed class AdamRule<T>(double beta1, double beta2, double epsilon, bool decoupled, bool amsgrad = false) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape) => amsgrad
        ? [Zeros("first", shape.Length), Zeros("second", shape.Length), Zeros("largest", shape.Length)]
        : [Zeros("first", shape.Length), Zeros("second", shape.Length)];

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var correction1 = 1 - Powers.Of(beta1, arguments.Number);
        var constants = new Constants
        {
            Shrink = Of(decoupled ? 1 - arguments.LearningRate * arguments.WeightDecay : 1),
            Penalty = Of(decoupled ? 0 : arguments.WeightDecay),
            Step = Of(-arguments.LearningRate / correction1),
            Root = Of(Math.Sqrt(1 - Powers.Of(beta2, arguments.Number))),
            Epsilon = Of(epsilon),
            Blend1 = Of(1 - beta1),
            Keep2 = Of(beta2),
            Blend2 = Of(1 - beta2),
        };
        var (first, second) = (state[0].Values, state[1].Values);
        if (amsgrad) Largest(values, gradient, first, second, state[2].Values, constants);
        else Plain(values, gradient, first, second, constants);
    }

    private struct Constants
    {
        public T Shrink, Penalty, Step, Root, Epsilon, Blend1, Keep2, Blend2;
    }

    private static void Plain(Span<T> values, ReadOnlySpan<T> gradient, Span<T> first, Span<T> second, Constants c)
    {
        var (width, i) = (Vector<T>.Count, 0);
        var fromNear = c.Blend1 < Of(0.5);
        var (shrink, penalty, step, root) =
            (new Vector<T>(c.Shrink), new Vector<T>(c.Penalty), new Vector<T>(c.Step), new Vector<T>(c.Root));
        var (epsilon, blend1, rest1) = (new Vector<T>(c.Epsilon), new Vector<T>(c.Blend1), new Vector<T>(T.One - c.Blend1));
        var (keep2, blend2) = (new Vector<T>(c.Keep2), new Vector<T>(c.Blend2));
        for (; i <= values.Length - width; i += width)
        {
            var p = new Vector<T>(values[i..]) * shrink;
            var g = new Vector<T>(gradient[i..]);
            if (c.Penalty != T.Zero) g += penalty * p;
            var m = new Vector<T>(first[i..]);
            var v = new Vector<T>(second[i..]);
            m = fromNear ? m + blend1 * (g - m) : g - (g - m) * rest1;
            v = v * keep2 + blend2 * g * g;
            m.CopyTo(first[i..]);
            v.CopyTo(second[i..]);
            (p + step * m / (Vector.SquareRoot(v) / root + epsilon)).CopyTo(values[i..]);
        }
        for (; i < values.Length; i++)
        {
            var p = values[i] * c.Shrink;
            var g = gradient[i];
            if (c.Penalty != T.Zero) g += c.Penalty * p;
            var m = first[i] = Lerp(first[i], g, c.Blend1);
            var v = second[i] = second[i] * c.Keep2 + c.Blend2 * g * g;
            values[i] = p + c.Step * m / (T.Sqrt(v) / c.Root + c.Epsilon);
        }
    }

    private static void Largest(Span<T> values, ReadOnlySpan<T> gradient, Span<T> first, Span<T> second, Span<T> largest, Constants c)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var p = values[i] * c.Shrink;
            var g = gradient[i];
            if (c.Penalty != T.Zero) g += c.Penalty * p;
            var m = first[i] = Lerp(first[i], g, c.Blend1);
            var v = second[i] = second[i] * c.Keep2 + c.Blend2 * g * g;
            if (v > largest[i]) largest[i] = v;
            values[i] = p + c.Step * m / (T.Sqrt(largest[i]) / c.Root + c.Epsilon);
        }
    }
}
