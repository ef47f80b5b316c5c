// Rules that divide by the root of summed or averaged squares, as torch.optim writes them; weight decay is an L2 penalty.
using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>
/// RMSprop (Hinton, lecture 6): s = a s + (1 - a) g g; p -= lr g / (sqrt(s) + eps), optionally centred and with momentum.
/// </summary>
internal sealed class RmsPropRule<T>(double smoothing, double epsilon, bool centered, double momentum) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape)
    {
        var state = new List<StateArray<T>> { Zeros("second", shape.Length) };
        if (centered) state.Add(Zeros("first", shape.Length));
        if (momentum != 0) state.Add(Zeros("momentum", shape.Length));
        return state;
    }

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var second = state[0].Values;
        var first = centered ? state[1].Values : [];
        var buffer = momentum != 0 ? state[^1].Values : [];
        var (step, decay, e) = (Of(-arguments.LearningRate), Of(arguments.WeightDecay), Of(epsilon));
        var (keep, take, mu) = (Of(smoothing), Of(1 - smoothing), Of(momentum));
        for (var i = 0; i < values.Length; i++)
        {
            var g = decay == T.Zero ? gradient[i] : gradient[i] + decay * values[i];
            var variance = second[i] = second[i] * keep + take * g * g;
            if (centered)
            {
                first[i] = Lerp(first[i], g, take);
                variance -= first[i] * first[i];
            }
            var divisor = T.Sqrt(variance) + e;
            if (momentum == 0)
            {
                values[i] += step * g / divisor;
                continue;
            }
            buffer[i] = buffer[i] * mu + g / divisor;
            values[i] += step * buffer[i];
        }
    }
}

/// <summary>Adagrad (Duchi 2011): s += g g; p -= (lr / (1 + (t - 1) decay)) g / (sqrt(s) + eps).</summary>
internal sealed class AdagradRule<T>(double rateDecay, double start, double epsilon) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape)
    {
        var sum = Zeros("sum", shape.Length);
        Array.Fill(sum.Values, Of(start));
        return [sum];
    }

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var sum = state[0].Values;
        var step = Of(-arguments.LearningRate / (1 + (arguments.Number - 1) * rateDecay));
        var (decay, e) = (Of(arguments.WeightDecay), Of(epsilon));
        for (var i = 0; i < values.Length; i++)
        {
            var g = decay == T.Zero ? gradient[i] : gradient[i] + decay * values[i];
            sum[i] += g * g;
            values[i] += step * g / (T.Sqrt(sum[i]) + e);
        }
    }
}
