using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// HiRA's part of the embedding: row[id] = table[id] * (1 + B A[:, id]); A [r, vocabulary] zero and B [size, r] normal at the start.
/// </summary>
public sealed class HiraEmbedding : EmbeddingAdapter
{
    /// <summary>A zero update, B not yet drawn.</summary>
    public HiraEmbedding(Embedding layer, int rank)
        : base(layer)
    {
        A = Parameter.Create($"{layer.Path}.hira_embedding_A", rank, layer.Table.Outputs);
        B = Parameter.Create($"{layer.Path}.hira_embedding_B", layer.Table.Inputs, rank);
    }

    /// <summary>A [r, vocabulary].</summary>
    public Parameter A { get; }

    /// <summary>B [size, r].</summary>
    public Parameter B { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("hira_embedding_A", A), ("hira_embedding_B", B)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, int[] ids)
    {
        var rows = tape.Embed(Layer.Table, ids);
        return tape.Add(rows, tape.Multiply(tape.MatMul(tape.EmbedColumns(A, ids), B), rows));
    }

    /// <inheritdoc/>
    public override float[] EffectiveTable(float[] table)
    {
        var a = A.Value;
        var b = B.Value;
        var (size, words) = ((int)B.Rows, (int)A.Columns);
        for (var i = 0; i < table.Length; i++)
        {
            var factor = 1.0;
            for (var k = 0; k < (int)A.Rows; k++) factor += (double)b[i % size * (int)A.Rows + k] * a[k * words + i / size];
            table[i] = (float)(table[i] * factor);
        }

        return table;
    }
}
