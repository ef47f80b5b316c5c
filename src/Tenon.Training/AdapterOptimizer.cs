using Tenon.Tensors;
using Tenon.Training.Settings;

namespace Tenon.Training;

/// <summary>
/// The optimizer of a run: global gradient clipping, then one update rule over all trainable parameters at the schedule's learning rate. Its state
/// (moments, number of updates) is what a checkpoint keeps.
/// </summary>
public sealed class AdapterOptimizer
{
    private readonly IReadOnlyList<Parameter> parameters;
    private readonly OptimizerSettings settings;
    private readonly long totalUpdates;
    private readonly List<float[]> first;
    private readonly List<float[]> second;

    /// <summary>An optimizer over parameters for a run of so many updates.</summary>
    public AdapterOptimizer(IReadOnlyList<Parameter> parameters, OptimizerSettings settings, long totalUpdates)
    {
        this.parameters = parameters;
        this.settings = settings;
        this.totalUpdates = totalUpdates;
        first = [.. parameters.Select(p => new float[p.Length])];
        second = [.. parameters.Select(p => new float[p.Length])];
    }

    /// <summary>Updates done so far.</summary>
    public long Updates { get; private set; }

    /// <summary>Learning rate of the coming update.</summary>
    public double LearningRate => settings.LearningRate;

    /// <summary>Named state arrays, in parameter order.</summary>
    public IEnumerable<(string Name, float[] Values)> State
    {
        get
        {
            for (var i = 0; i < parameters.Count; i++)
            {
                yield return ("first." + parameters[i].Name, first[i]);
                yield return ("second." + parameters[i].Name, second[i]);
            }
        }
    }

    /// <summary>Puts back what <see cref="State"/> gave.</summary>
    public void Restore(long updates, Func<string, float[]> read)
    {
        Updates = updates;
        foreach (var (name, values) in State) read(name).CopyTo(values, 0);
    }

    /// <summary>Clips, updates, zeroes the gradients. Returns the gradient's norm before clipping, the norm of the change and the learning rate used.</summary>
    public (double GradNorm, double UpdateNorm, double LearningRate) Step()
    {
        var rate = LearningRate;
        var squares = 0.0;
        foreach (var p in parameters) squares += SumSquares(p.GradientOrZero());
        var norm = Math.Sqrt(squares);
        if (!double.IsFinite(norm)) throw new TenonException("gradient of the step", "a finite norm", $"{norm}", "the run has diverged: lower the learning rate");
        var factor = settings.MaxGradNorm is { } bound ? (float)Math.Min(1, bound / (norm + 1e-6)) : 1f;
        Updates++;
        var correction1 = 1 - Power(settings.Beta1, Updates);
        var correction2 = Math.Sqrt(1 - Power(settings.Beta2, Updates));
        var change = 0.0;
        for (var i = 0; i < parameters.Count; i++)
        {
            var (m, v, gradient) = (first[i], second[i], parameters[i].GradientOrZero().ToArray());
            parameters[i].Update(values => change += Update(values, gradient, m, v, factor, rate, correction1, correction2));
            parameters[i].ZeroGrad();
        }

        return (norm, Math.Sqrt(change), rate);
    }

    private double Update(Span<float> values, float[] gradient, float[] m, float[] v, float factor, double rate, double correction1, double correction2)
    {
        var (b1, b2) = ((float)settings.Beta1, (float)settings.Beta2);
        var decay = (float)(1 - rate * settings.WeightDecay);
        var step = (float)(rate / correction1);
        var root = (float)correction2;
        var epsilon = (float)settings.Epsilon;
        var change = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            var g = gradient[i] * factor;
            m[i] = MathF.FusedMultiplyAdd(1 - b1, g - m[i], m[i]);
            v[i] = MathF.FusedMultiplyAdd((1 - b2) * g, g, b2 * v[i]);
            var before = values[i];
            values[i] = before * decay - step * (m[i] / (MathF.Sqrt(v[i]) / root + epsilon));
            var d = (double)values[i] - before;
            change += d * d;
        }

        return change;
    }

    private static double SumSquares(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        foreach (var v in values) sum += (double)v * v;
        return sum;
    }

    private static double Power(double b, long n)
    {
        var result = 1.0;
        for (; n > 0; n >>= 1, b *= b)
            if ((n & 1) != 0) result *= b;
        return result;
    }
}
