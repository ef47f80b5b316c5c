using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Layers;

/// <summary>Token embedding: rows of a frozen table [vocabulary, size], and one empty slot. A tied head shares the table.</summary>
public sealed class Embedding(string path, FrozenMatrix table)
{
    /// <summary>Its module path (<c>model.embed_tokens</c>).</summary>
    public string Path { get; } = path;

    /// <summary>The frozen table.</summary>
    public FrozenMatrix Table { get; } = table;

    /// <summary>The adapter's place; null runs the base.</summary>
    public IEmbeddingSlot? Slot { get; set; }

    /// <summary>Rows of the batch's ids.</summary>
    public Tensor Forward(Tape tape, TokenBatch batch) => Slot is null ? Base(tape, batch) : Slot.Forward(tape, this, batch);

    /// <summary>Rows of the frozen table alone.</summary>
    public Tensor Base(Tape tape, TokenBatch batch) => tape.Embed(Table, batch.Ids);
}
