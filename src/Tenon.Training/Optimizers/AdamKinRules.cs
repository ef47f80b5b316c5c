// Adam's relatives, as torch.optim writes them; weight decay is an L2 penalty in all three.
using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>NAdam (Dozat 2016): Adam with Nesterov momentum, mu_t = b1 (1 - 0.5 * 0.96^(t psi)).</summary>
internal sealed class NAdamRule<T>(double beta1, double beta2, double epsilon, double momentumDecay) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape) =>
        [Zeros("first", shape.Length), Zeros("second", shape.Length), new("momentum-product", [T.One])];

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var (first, second) = (state[0].Values, state[1].Values);
        var (now, next) = (Momentum(arguments.Number), Momentum(arguments.Number + 1));
        // The running product is kept in float32 whatever the values are, as the reference does.
        double product = (float)double.CreateTruncating(state[2].Values[0]) * (float)now;
        state[2].Values[0] = T.CreateTruncating(product);
        var byGradient = Of(-arguments.LearningRate * (1 - now) / (1 - product));
        var byMomentum = Of(-arguments.LearningRate * next / (1 - product * next));
        var correction2 = Of(1 - Powers.Of(beta2, arguments.Number));
        var (blend1, keep2, blend2, e, decay) = (Of(1 - beta1), Of(beta2), Of(1 - beta2), Of(epsilon), Of(arguments.WeightDecay));
        for (var i = 0; i < values.Length; i++)
        {
            var g = decay == T.Zero ? gradient[i] : gradient[i] + decay * values[i];
            var m = first[i] = Lerp(first[i], g, blend1);
            var v = second[i] = second[i] * keep2 + blend2 * g * g;
            var divisor = T.Sqrt(v / correction2) + e;
            values[i] = values[i] + byGradient * g / divisor + byMomentum * m / divisor;
        }
    }

    private double Momentum(long number) => beta1 * (1 - 0.5 * ExactMath.Pow(0.96, number * momentumDecay));
}

/// <summary>RAdam (arXiv 1908.03265): plain momentum until the second moment can be trusted, then Adam times a rectification.</summary>
internal sealed class RAdamRule<T>(double beta1, double beta2, double epsilon) : UpdateRule<T>
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
        var power = Powers.Of(beta2, arguments.Number);
        var (correction1, correction2) = (1 - Powers.Of(beta1, arguments.Number), 1 - power);
        var limit = 2 / (1 - beta2) - 1;
        var length = limit - 2 * arguments.Number * power / correction2;
        var rectified = length > 5;
        var factor = rectified ? Math.Sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)) : 1;
        var (root, divisor, rate, rectify) = (Of(Math.Sqrt(correction2)), Of(correction1), Of(arguments.LearningRate), Of(factor));
        var (blend1, keep2, blend2, e, decay) = (Of(1 - beta1), Of(beta2), Of(1 - beta2), Of(epsilon), Of(arguments.WeightDecay));
        for (var i = 0; i < values.Length; i++)
        {
            var g = decay == T.Zero ? gradient[i] : gradient[i] + decay * values[i];
            var m = first[i] = Lerp(first[i], g, blend1);
            var v = second[i] = second[i] * keep2 + blend2 * g * g;
            var update = m / divisor * rate;
            values[i] -= rectified ? update * (root / (T.Sqrt(v) + e)) * rectify : update;
        }
    }
}

/// <summary>Adamax (arXiv 1412.6980, section 7): Adam under the infinity norm.</summary>
internal sealed class AdamaxRule<T>(double beta1, double beta2, double epsilon) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape) =>
        [Zeros("first", shape.Length), Zeros("largest", shape.Length)];

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var (first, largest) = (state[0].Values, state[1].Values);
        var step = Of(-arguments.LearningRate / (1 - Powers.Of(beta1, arguments.Number)));
        var (blend1, keep2, e, decay) = (Of(1 - beta1), Of(beta2), Of(epsilon), Of(arguments.WeightDecay));
        for (var i = 0; i < values.Length; i++)
        {
            var g = decay == T.Zero ? gradient[i] : gradient[i] + decay * values[i];
            var m = first[i] = Lerp(first[i], g, blend1);
            largest[i] = T.Max(largest[i] * keep2, T.Abs(g) + e);
            values[i] += step * m / largest[i];
        }
    }
}
