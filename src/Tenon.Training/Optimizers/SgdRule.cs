using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>
/// Gradient descent, plain or with momentum: b = mu b + (1 - dampening) g, where the first b is g itself; p -= lr b, or with Nesterov
/// p -= lr (g + mu b). Weight decay is an L2 penalty. As torch.optim.SGD.
/// </summary>
internal sealed class SgdRule<T>(double momentum, double dampening, bool nesterov) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape) => momentum == 0 ? [] : [Zeros("momentum", shape.Length)];

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var (step, decay) = (Of(-arguments.LearningRate), Of(arguments.WeightDecay));
        var (mu, take) = (Of(momentum), Of(1 - dampening));
        var buffer = momentum == 0 ? [] : state[0].Values;
        for (var i = 0; i < values.Length; i++)
        {
            var g = decay == T.Zero ? gradient[i] : gradient[i] + decay * values[i];
            if (momentum != 0)
            {
                buffer[i] = arguments.Number == 1 ? g : buffer[i] * mu + take * g;
                g = nesterov ? g + mu * buffer[i] : buffer[i];
            }
            values[i] += step * g;
        }
    }
}

/// <summary>Lion (arXiv 2302.06675): p -= lr (sign(b1 m + (1 - b1) g) + wd p); m = b2 m + (1 - b2) g; the sign of 0 is 0.</summary>
internal sealed class LionRule<T>(double beta1, double beta2) : UpdateRule<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape) => [Zeros("momentum", shape.Length)];

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var momentum = state[0].Values;
        var (rate, decay) = (Of(arguments.LearningRate), Of(arguments.WeightDecay));
        var (keep1, take1, keep2, take2) = (Of(beta1), Of(1 - beta1), Of(beta2), Of(1 - beta2));
        for (var i = 0; i < values.Length; i++)
        {
            var blend = momentum[i] * keep1 + gradient[i] * take1;
            var sign = blend > T.Zero ? T.One : blend < T.Zero ? -T.One : T.Zero;
            values[i] -= rate * (sign + decay * values[i]);
            momentum[i] = momentum[i] * keep2 + gradient[i] * take2;
        }
    }
}
