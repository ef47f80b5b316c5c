// Muon (K. Jordan, 2024), as torch.optim.Muon: the momentum of a matrix is replaced by its nearest orthogonal matrix, found by a
// Newton-Schulz
// iteration. Left out: torch's rounding to bfloat16 inside that iteration. Tensors that are no matrix take AdamW's step instead.
using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>How the learning rate of a matrix [r, c] is adjusted.</summary>
internal enum MuonRate
{
    /// <summary>lr sqrt(max(1, r / c)).</summary>
    Original,

    /// <summary>lr 0.2 sqrt(max(r, c)): updates of the size of AdamW's.</summary>
    MatchAdamW,
}

/// <summary>Muon for matrices.</summary>
internal sealed class MuonRule<T>(double momentum, bool nesterov, int iterations, MuonRate adjustment, UpdateRule<T> others,
    double epsilon = 1e-7)
    : UpdateRule<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override IReadOnlyList<StateArray<T>> NewState(TensorShape shape) =>
        shape.IsMatrix ? [Zeros("momentum", shape.Length)] : others.NewState(shape);

    /// <inheritdoc/>
    public override void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments)
    {
        if (!shape.IsMatrix)
        {
            others.Apply(values, gradient, shape, state, arguments);
            return;
        }
        var buffer = state[0].Values;
        var update = new T[shape.Length];
        var (take, mu) = (Of(1 - momentum), Of(momentum));
        for (var i = 0; i < update.Length; i++)
        {
            buffer[i] = Lerp(buffer[i], gradient[i], take);
            update[i] = nesterov ? Lerp(gradient[i], buffer[i], mu) : buffer[i];
        }
        update = Orthogonal(update, shape);
        var factor = adjustment == MuonRate.Original
            ? Math.Sqrt(Math.Max(1, (double)shape.Rows / shape.Columns))
            : 0.2 * Math.Sqrt(Math.Max(shape.Rows, shape.Columns));
        var (step, shrink) = (Of(-arguments.LearningRate * factor), Of(1 - arguments.LearningRate * arguments.WeightDecay));
        for (var i = 0; i < update.Length; i++) values[i] = values[i] * shrink + step * update[i];
    }

    // X <- a X + (b G + c G G) X with G = X X^T, on the side where G is small; the coefficients make singular values grow fast, not exactly
    // to 1.
    private T[] Orthogonal(T[] matrix, TensorShape shape)
    {
        var tall = shape.Rows > shape.Columns;
        var (rows, columns) = tall ? (shape.Columns, shape.Rows) : (shape.Rows, shape.Columns);
        var x = tall ? Transposed(matrix, shape.Rows, shape.Columns) : matrix;
        var norm = Of(Math.Max(Norm(x), epsilon));
        for (var i = 0; i < x.Length; i++) x[i] /= norm;
        var (a, b, c) = (Of(3.4445), Of(-4.7750), Of(2.0315));
        for (var step = 0; step < iterations; step++)
        {
            var gram = Product(x, Transposed(x, rows, columns), rows, columns, rows);
            var square = Product(gram, gram, rows, rows, rows);
            for (var i = 0; i < gram.Length; i++) gram[i] = b * gram[i] + c * square[i];
            var moved = Product(gram, x, rows, rows, columns);
            for (var i = 0; i < x.Length; i++) x[i] = a * x[i] + moved[i];
        }
        return tall ? Transposed(x, rows, columns) : x;
    }

    // [rows, inner] times [inner, columns]: one accumulator an output, inner index ascending; lanes run over columns.
    private static T[] Product(T[] left, T[] right, int rows, int inner, int columns)
    {
        var result = new T[rows * columns];
        for (var r = 0; r < rows; r++)
        {
            var output = result.AsSpan(r * columns, columns);
            for (var k = 0; k < inner; k++)
            {
                var source = right.AsSpan(k * columns, columns);
                var (factor, i) = (left[r * inner + k], 0);
                var factors = new Vector<T>(factor);
                for (; i <= columns - Vector<T>.Count; i += Vector<T>.Count)
                    (new Vector<T>(output[i..]) + factors * new Vector<T>(source[i..])).CopyTo(output[i..]);
                for (; i < columns; i++) output[i] += factor * source[i];
            }
        }
        return result;
    }

    private static T[] Transposed(T[] matrix, int rows, int columns)
    {
        var result = new T[matrix.Length];
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++)
                result[c * rows + r] = matrix[r * columns + c];
        return result;
    }
}
