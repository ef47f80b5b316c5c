// Adafactor (arXiv 1804.04235) keeps the second moment of a matrix as one number a row and one a column. torch and transformers have two
// different
// readings of it; both are here. Means of rows and columns are summed in float64, in order.
using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>
/// torch.optim.Adafactor: learning rate min(lr, 1/sqrt(t)) times the tensor's root mean square, decay 1 - t^b of the second moment.
/// </summary>
internal sealed class AdafactorRule<T>(double decayPower, double? epsilon1, double epsilon2, double clip) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // The machine epsilon 2^-23 or 2^-52, which is what is meant where the setting is null.
    private static readonly double S_machine = typeof(T) == typeof(float) ? 1.1920928955078125e-07 : 2.220446049250313e-16;

    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape) => Factors<T>.NewState(shape);

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var floor = epsilon1 ?? S_machine;
        var take = Of(ExactMath.Pow(arguments.Number, decayPower));
        var rate = Math.Min(arguments.LearningRate, 1 / Math.Sqrt(arguments.Number));
        var scale = Math.Max(epsilon2, Norm(values) / Math.Sqrt(shape.Length)) * rate;
        if (arguments.WeightDecay != 0)
        {
            var shrink = Of(1 - arguments.LearningRate * arguments.WeightDecay);
            foreach (ref var value in values) value *= shrink;
        }
        var update = new T[shape.Length];
        var smallest = Of(floor * floor);
        if (shape.IsMatrix)
        {
            var (rows, columns) = (state[0].Values, state[1].Values);
            Factors<T>.MeanSquares(gradient, shape, 0, (row, mean) => rows[row] =
                Lerp(rows[row], Of(mean), take), (column, mean) => columns[column] = Lerp(columns[column], Of(mean), take));
            var whole = T.Max(Of(Factors<T>.Mean(rows)), Of(floor));
            for (var i = 0; i < update.Length; i++)
                update[i] = T.Max(rows[i / shape.Columns] * columns[i % shape.Columns] / whole, smallest);
        }
        else
        {
            var second = state[0].Values;
            for (var i = 0; i < update.Length; i++)
            {
                second[i] = Lerp(second[i], gradient[i] * gradient[i], take);
                update[i] = T.Max(second[i], smallest);
            }
        }
        for (var i = 0; i < update.Length; i++) update[i] = gradient[i] * (T.One / T.Sqrt(update[i]));
        var step = Of(-scale / Math.Max(1, Norm(update) / (Math.Sqrt(shape.Length) * clip)));
        for (var i = 0; i < update.Length; i++) values[i] += step * update[i];
    }
}

/// <summary>Settings of transformers' Adafactor, with its defaults.</summary>
/// <param name="RelativeStep">The learning rate is min(1e-2, 1/sqrt(t)), whatever the recipe's is.</param>
/// <param name="ScaleParameter">The learning rate is multiplied by the tensor's root mean square (at least
/// <paramref name="Epsilon2"/>).</param>
/// <param name="WarmupInit">The relative step starts at 1e-6 t.</param>
/// <param name="DecayRate">The second moment's decay is 1 - t^this.</param>
/// <param name="Epsilon1">Added to squared gradients.</param>
/// <param name="Epsilon2">Smallest root mean square.</param>
/// <param name="ClipThreshold">Largest root mean square of an update.</param>
/// <param name="Beta1">Decay of a first moment; null for none.</param>
internal sealed record RelativeAdafactorSettings(
    bool RelativeStep = true, bool ScaleParameter = true, bool WarmupInit = false, double DecayRate = -0.8, double Epsilon1 =
    1e-30, double Epsilon2 = 1e-3,
    double ClipThreshold = 1, double? Beta1 = null);

/// <summary>transformers.Adafactor.</summary>
internal sealed class RelativeAdafactorRule<T>(RelativeAdafactorSettings settings) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape) =>
        settings.Beta1 is null ? Factors<T>.NewState(shape) : [.. Factors<T>.NewState(shape), Zeros("first", shape.Length)];

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        var rate = arguments.LearningRate;
        if (settings.RelativeStep) rate = Math.Min(settings.WarmupInit ? 1e-6 * arguments.Number : 1e-2, 1 / Math.Sqrt(arguments.Number));
        if (settings.ScaleParameter) rate *= Math.Max(settings.Epsilon2, Norm(values) / Math.Sqrt(shape.Length));
        var keep = 1 - ExactMath.Pow(arguments.Number, settings.DecayRate);
        var (kept, taken) = (Of(keep), Of(1 - keep));
        var update = new T[shape.Length];
        if (shape.IsMatrix)
        {
            var (rows, columns) = (state[0].Values, state[1].Values);
            Factors<T>.MeanSquares(gradient, shape, settings.Epsilon1,
                (row, mean) => rows[row] = rows[row] * kept + taken * Of(mean), (column, mean) => columns[column] =
                columns[column] * kept + taken * Of(mean));
            var whole = Of(Factors<T>.Mean(rows));
            for (var i = 0; i < update.Length; i++)
                update[i] = T.One / T.Sqrt(rows[i / shape.Columns] / whole) * (T.One / T.Sqrt(columns[i % shape.Columns])) * gradient[i];
        }
        else
        {
            var second = state[0].Values;
            for (var i = 0; i < update.Length; i++)
            {
                second[i] = second[i] * kept + taken * (gradient[i] * gradient[i] + Of(settings.Epsilon1));
                update[i] = T.One / T.Sqrt(second[i]) * gradient[i];
            }
        }
        var divisor = Of(Math.Max(1, Norm(update) / Math.Sqrt(shape.Length) / settings.ClipThreshold));
        var step = Of(rate);
        var first = settings.Beta1 is null ? null : state[^1].Values;
        var (keep1, take1) = (Of(settings.Beta1 ?? 0), Of(1 - (settings.Beta1 ?? 0)));
        var decay = Of(-arguments.WeightDecay * rate);
        for (var i = 0; i < update.Length; i++)
        {
            var change = update[i] / divisor * step;
            if (first is not null) change = first[i] = first[i] * keep1 + take1 * change;
            if (arguments.WeightDecay != 0) values[i] += decay * values[i];
            values[i] -= change;
        }
    }
}

/// <summary>Row and column moments of a matrix.</summary>
internal static class Factors<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static IReadOnlyList<StateArray<T>> NewState(TensorShape shape) => shape.IsMatrix
        ? [new("rows", new T[shape.Rows]), new("columns", new T[shape.Columns])]
        : [new("second", new T[shape.Length])];

    /// <summary>Means of g g + epsilon over each row, then over each column.</summary>
    public static void MeanSquares(ReadOnlySpan<T> gradient, TensorShape shape, double epsilon, Action<int, double> row, Action<int,
        double> column)
    {
        var columns = new double[shape.Columns];
        for (var r = 0; r < shape.Rows; r++)
        {
            var sum = 0.0;
            for (var c = 0; c < shape.Columns; c++)
            {
                var g = double.CreateTruncating(gradient[r * shape.Columns + c]);
                var square = g * g + epsilon;
                sum += square;
                columns[c] += square;
            }
            row(r, sum / shape.Columns);
        }
        for (var c = 0; c < shape.Columns; c++) column(c, columns[c] / shape.Rows);
    }

    public static double Mean(ReadOnlySpan<T> values)
    {
        var sum = 0.0;
        foreach (var value in values) sum += double.CreateTruncating(value);
        return sum / values.Length;
    }
}
