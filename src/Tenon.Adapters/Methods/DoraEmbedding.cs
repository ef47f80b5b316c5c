using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// DoRA's part of the embedding: row[id] = m / n o (table[id] + s (A[:, id])^T B^T), n the norms of the columns of the whole adapted table,
/// constant in the gradient, m a trained magnitude a column
/// that starts at the norms of the table's columns.
/// </summary>
public sealed class DoraEmbedding : LoraEmbedding
{
    private readonly DerivedParameter _factor;
    private readonly double[] _squares;
    private float[] _norms = [];

    /// <summary>A zero update whose magnitudes are the norms of the frozen table's columns.</summary>
    public DoraEmbedding(Embedding layer, int rank, float scale)
        : base(layer, rank, scale)
    {
        _squares = Sums(null);
        Magnitude = Parameter.Create($"{layer.Path}.lora_magnitude_vector", layer.Table.Inputs);
        Magnitude.Set([.. _squares.Select(s => (float)Math.Sqrt(s))]);
        _factor = new DerivedParameter($"{layer.Path}.dora_factor", [layer.Table.Inputs], [Magnitude, A, B], values =>
        {
            _norms = Norms();
            for (var i = 0; i < values.Length; i++) values[i] = _norms[i] == 0 ? 0 : Magnitude.Value[i] / _norms[i];
        }, gradient =>
        {
            var sum = Magnitude.GradientSum;
            for (var i = 0; i < sum.Length; i++)
                if (_norms[i] != 0) sum[i] += gradient[i] / _norms[i];
        });
    }

    /// <summary>m [size].</summary>
    public Parameter Magnitude { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [.. base.Tensors, ("lora_magnitude_vector", Magnitude)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, int[] ids) => tape.MultiplyRow(base.Forward(tape, ids), _factor.Value);

    /// <inheritdoc/>
    public override float[] EffectiveTable(float[] table)
    {
        base.EffectiveTable(table);
        var scale = _factor.Value.Value;
        for (var i = 0; i < table.Length; i++) table[i] *= scale[i % scale.Length];
        return table;
    }

    /// <summary>The norms of the columns of table + s (B A)^T [size], from |T_i|^2 + 2 s B_i (A T)_i + s^2 B_i (A A^T) B_i^T.</summary>
    private float[] Norms()
    {
        var (rank, size) = ((int)A.Rows, (int)B.Rows);
        var cross = new double[rank * size];
        Sums(cross);
        var spread = Spread();
        var result = new float[size];
        for (var i = 0; i < size; i++)
        {
            var square = _squares[i];
            for (var k = 0; k < rank; k++)
            {
                var inner = 2 * cross[k * size + i];
                for (var l = 0; l < rank; l++) inner += Scale * spread[k * rank + l] * B.Value[i * rank + l];
                square += Scale * B.Value[i * rank + k] * inner;
            }

            result[i] = (float)Math.Sqrt(Math.Max(0, square));
        }

        return result;
    }

    /// <summary>A A^T [r, r].</summary>
    private double[] Spread()
    {
        var (rank, words) = ((int)A.Rows, (int)A.Columns);
        var spread = new double[rank * rank];
        for (var k = 0; k < rank; k++)
            for (var l = 0; l < rank; l++)
                for (var id = 0; id < words; id++) spread[k * rank + l] += (double)A.Value[k * words + id] * A.Value[l * words + id];
        return spread;
    }

    /// <summary>
    /// One pass over the frozen table: adds A T [r, size] to <paramref name="cross"/>; where that is null, gives the squares of the columns
    /// [size].
    /// </summary>
    private double[] Sums(double[]? cross)
    {
        var (table, size) = (Layer.Table, (int)Layer.Table.Inputs);
        var row = new float[size];
        var sums = new double[cross is null ? size : 0];
        for (var id = 0; id < (int)table.Outputs; id++)
        {
            table.CopyRows(id, row);
            if (cross is null)
                for (var i = 0; i < size; i++) sums[i] += (double)row[i] * row[i];
            for (var k = 0; cross is not null && k < (int)A.Rows; k++)
            {
                double a = A.Value[k * (int)A.Columns + id];
                if (a == 0) continue;
                for (var i = 0; i < size; i++) cross[k * size + i] += a * row[i];
            }
        }

        return sums;
    }
}
