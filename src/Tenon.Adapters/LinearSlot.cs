using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>
/// What sits in a layer's slot: for each run the part of the adapter that the batch names, or the base. A batch of one adapter goes through
/// in one piece; a
/// mixed one is cut where the adapter changes, and each piece has the bits it has alone.
/// </summary>
internal sealed class AdapterSlot<TPart> where TPart : class
{
    private readonly Dictionary<IAdapter, TPart> _parts = new(ReferenceEqualityComparer.Instance);

    public void Add(IAdapter adapter, TPart part)
    {
        if (!_parts.TryAdd(adapter, part)) throw new TenonException($"adapter '{adapter.Name}'", "one part for each layer", "a second one");
    }

    public bool Remove(IAdapter adapter)
    {
        _parts.Remove(adapter);
        return _parts.Count == 0;
    }

    public TPart? Single(IAdapter? adapter) => adapter is not null && _parts.TryGetValue(adapter, out var part) ? part : null;

    /// <summary>Applies <paramref name="forward"/> (null part: the base) to all rows.</summary>
    public Tensor Forward(Tape tape, Tensor x, TokenBatch batch, Func<TPart?, Tensor, Tensor> forward)
    {
        if (batch.RunAdapters is not { } adapters) return forward(Single(batch.Adapter), x);
        var runs = batch.Layout.AllRuns;
        var pieces = new List<Tensor>();
        for (var first = 0; first < runs.Count;)
        {
            var end = first + 1;
            while (end < runs.Count && ReferenceEquals(adapters[end], adapters[first])) end++;
            var start = runs[first].Start;
            var rows = runs[end - 1].Start + runs[end - 1].Length - start;
            pieces.Add(forward(Single(adapters[first]), tape.Rows(x, start, rows)));
            first = end;
        }

        return pieces.Count == 1 ? pieces[0] : tape.Stack(pieces);
    }
}

/// <summary>A slot that adapters leave again.</summary>
internal interface ILeftSlot
{
    /// <summary>Takes an adapter's part out; true where the slot is empty then.</summary>
    bool Remove(IAdapter adapter);
}

/// <summary>The slot of a linear layer.</summary>
internal sealed class LinearSlot : ILinearSlot, ILeftSlot
{
    public AdapterSlot<LinearAdapter> Parts { get; } = new();

    public bool Remove(IAdapter adapter) => Parts.Remove(adapter);

    public Tensor Forward(Tape tape, Linear linear, Tensor x, TokenBatch batch)
    {
        if (batch.RunAdapters is not null) return Mixed(tape, linear, x, batch);
        return Parts.Single(batch.Adapter) is { } part ? part.Forward(tape, x) : linear.Base(tape, x);
    }

    public JoinedProduct? Joined(Linear linear, TokenBatch batch)
    {
        if (batch.RunAdapters is not null) return null;
        return Parts.Single(batch.Adapter) is { } part ? part.Joined : new JoinedProduct(linear.Weight, linear.Bias);
    }

    private Tensor Mixed(Tape tape, Linear linear, Tensor x, TokenBatch batch) =>
        Parts.Forward(tape, x, batch, (part, rows) => part is null ? linear.Base(tape, rows) : part.Forward(tape, rows));
}

/// <summary>The slot of a norm: an adapter replaces its weight.</summary>
internal sealed class NormSlot : INormSlot, ILeftSlot
{
    public AdapterSlot<Parameter> Parts { get; } = new();

    public bool Remove(IAdapter adapter) => Parts.Remove(adapter);

    public Tensor Forward(Tape tape, RmsNorm norm, Tensor x, TokenBatch batch) =>
        Parts.Forward(tape, x, batch, (weight, rows) => norm.With(tape, rows, weight ?? norm.Weight));
}

/// <summary>What an adapter does to the embedding: rows of given ids.</summary>
public abstract class EmbeddingAdapter(Embedding layer)
{
    /// <summary>The adapted embedding.</summary>
    public Embedding Layer { get; } = layer;

    /// <summary>True where it stands in place of frozen rows rather than beside them.</summary>
    internal virtual bool Replaces => false;

    /// <summary>Tensors under PEFT's key suffixes.</summary>
    public abstract IEnumerable<(string Key, Parameter Tensor)> Tensors { get; }

    /// <summary>Rows [tokens, size] of the ids.</summary>
    public abstract Tensor Forward(Tape tape, int[] ids);

    /// <summary>The whole table with the adapter in it, [vocabulary, size], from a copy of the base table.</summary>
    public abstract float[] EffectiveTable(float[] table);
}

/// <summary>The slot of the embedding; mixed batches look up run by run.</summary>
internal sealed class EmbeddingSlot : IEmbeddingSlot, ILeftSlot
{
    public AdapterSlot<EmbeddingAdapter> Parts { get; } = new();

    public bool Remove(IAdapter adapter) => Parts.Remove(adapter);

    public Tensor Forward(Tape tape, Embedding embedding, TokenBatch batch)
    {
        var all = batch.Ids;
        if (batch.RunAdapters is null) return One(Parts.Single(batch.Adapter), all);
        var pieces = new List<Tensor>();
        for (var r = 0; r < batch.Layout.AllRuns.Count; r++)
        {
            var run = batch.Layout.AllRuns[r];
            pieces.Add(One(Parts.Single(batch.RunAdapters[r]), all[run.Start..(run.Start + run.Length)]));
        }

        return pieces.Count == 1 ? pieces[0] : tape.Stack(pieces);

        Tensor One(EmbeddingAdapter? part, int[] ids) => part is null ? tape.Embed(embedding.Table, ids) : part.Forward(tape, ids);
    }
}
