// AdamW as transformers had it before torch's (and as PEFT's LoRA-FA writes it):
//   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g g;  p -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps);  p -= lr wd p
// eps stands beside the uncorrected root, and the decay comes after the step.
using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>Adam with epsilon beside the uncorrected root and decoupled weight decay after the step.</summary>
internal sealed class PlainRootAdamRule<T>(double beta1, double beta2, double epsilon) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape) =>
        [Zeros("first", shape.Length), Zeros("second", shape.Length)];

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var (first, second) = (state[0].Values, state[1].Values);
        var step =
            Of(-arguments.LearningRate * Math.Sqrt(1 - Powers.Of(beta2, arguments.Number)) / (1 - Powers.Of(beta1, arguments.Number)));
        var (keep1, take1, keep2, take2, e) = (Of(beta1), Of(1 - beta1), Of(beta2), Of(1 - beta2), Of(epsilon));
        var decay = Of(-arguments.LearningRate * arguments.WeightDecay);
        for (var i = 0; i < values.Length; i++)
        {
            var g = gradient[i];
            var m = first[i] = first[i] * keep1 + take1 * g;
            var v = second[i] = second[i] * keep2 + take2 * g * g;
            var p = values[i] + step * m / (T.Sqrt(v) + e);
            values[i] = p + decay * p;
        }
    }
}
