using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA's part of the embedding: row[id] = table[id] + s (A[:, id])^T B^T, A [r, vocabulary] zero and B [size, r] normal at the start. A
/// tied head keeps the plain
/// table, as PEFT has it while nothing is merged.
/// </summary>
public class LoraEmbedding : EmbeddingAdapter
{
    /// <summary>A zero update of a rank and scale, B not yet drawn.</summary>
    public LoraEmbedding(Embedding layer, int rank, float scale)
        : base(layer)
    {
        Scale = scale;
        A = Parameter.Create($"{layer.Path}.lora_embedding_A", rank, layer.Table.Outputs);
        B = Parameter.Create($"{layer.Path}.lora_embedding_B", layer.Table.Inputs, rank);
    }

    /// <summary>s.</summary>
    public float Scale { get; }

    /// <summary>A [r, vocabulary].</summary>
    public Parameter A { get; }

    /// <summary>B [size, r].</summary>
    public Parameter B { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("lora_embedding_A", A), ("lora_embedding_B", B)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, int[] ids) =>
        tape.MatMulInto(tape.Scale(tape.EmbedColumns(A, ids), Scale), B, tape.Embed(Layer.Table, ids));

    /// <inheritdoc/>
    public override float[] EffectiveTable(float[] table)
    {
        var (rank, size) = ((int)A.Rows, (int)B.Rows);
        var a = A.Value;
        var b = B.Value;
        for (var id = 0; id < (int)A.Columns; id++)
            for (var i = 0; i < size; i++)
            {
                var sum = 0.0;
                for (var k = 0; k < rank; k++) sum += (double)a[k * (int)A.Columns + id] * b[i * rank + k];
                table[id * size + i] = (float)(table[id * size + i] + Scale * sum);
            }

        return table;
    }
}
