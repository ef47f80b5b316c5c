using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Decoders;

/// <summary>
/// One pre-norm block: x + attention(norm(x)), then x + feed-forward(norm(x)). What the families differ in (biases, norms of the heads) is
/// which
/// layers are there.
/// </summary>
public sealed class DecoderBlock
{
    /// <summary>Index from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Norm before attention.</summary>
    public required RmsNorm InputNorm { get; init; }

    /// <summary>Query, key, value and output projections.</summary>
    public required Linear Query { get; init; }

    /// <inheritdoc cref="Query"/>
    public required Linear Key { get; init; }

    /// <inheritdoc cref="Query"/>
    public required Linear Value { get; init; }

    /// <inheritdoc cref="Query"/>
    public required Linear Output { get; init; }

    /// <summary>Norms of each head of q and k (Qwen3); null elsewhere.</summary>
    public RmsNorm? QueryNorm { get; init; }

    /// <inheritdoc cref="QueryNorm"/>
    public RmsNorm? KeyNorm { get; init; }

    /// <summary>Norm before the feed-forward.</summary>
    public required RmsNorm PostAttentionNorm { get; init; }

    /// <summary>Gate, up and down projections.</summary>
    public required Linear Gate { get; init; }

    /// <inheritdoc cref="Gate"/>
    public required Linear Up { get; init; }

    /// <inheritdoc cref="Gate"/>
    public required Linear Down { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>The same weights behind empty slots.</summary>
    internal DecoderBlock Share() => new()
    {
        Index = Index, Heads = Heads, KeyValueHeads = KeyValueHeads, InputNorm = InputNorm.Share(), Query = Query.Share(),
        Key = Key.Share(), Value = Value.Share(), Output = Output.Share(), QueryNorm = QueryNorm?.Share(), KeyNorm = KeyNorm?.Share(),
        PostAttentionNorm = PostAttentionNorm.Share(), Gate = Gate.Share(), Up = Up.Share(), Down = Down.Share(),
    };

    /// <summary>The linear layers in checkpoint order.</summary>
    public IEnumerable<Linear> Linears => [Query, Key, Value, Output, Gate, Up, Down];

    /// <summary>The norms in forward order.</summary>
    public IEnumerable<RmsNorm> Norms
    {
        get
        {
            yield return InputNorm;
            if (QueryNorm is not null) yield return QueryNorm;
            if (KeyNorm is not null) yield return KeyNorm;
            yield return PostAttentionNorm;
        }
    }

    /// <summary>The residual stream after this block; x [tokens, hidden].</summary>
    public Tensor Forward(Tape tape, Tensor x, TokenBatch batch, RotaryTable rotary)
    {
        // A batch that is cut where its adapters change has other rows.
        tape.Kept = batch.RunAdapters is null ? batch.Kept : null;
        x = tape.AddInto(x, Attention(tape, x, batch, rotary));
        x = tape.AddInto(x, FeedForward(tape, x, batch));
        tape.Kept = null;
        return x;
    }

    private Tensor Attention(Tape tape, Tensor x, TokenBatch batch, RotaryTable rotary)
    {
        Span<Tensor> all = [x, x, x];
        JoinedLinears.OfNorm(tape, InputNorm, x, batch, [Query, Key, Value], all);
        var (q, k, v) = (all[0], all[1], all[2]);
        if (QueryNorm is not null) q = QueryNorm.Forward(tape, q, batch);
        if (KeyNorm is not null) k = KeyNorm.Forward(tape, k, batch);
        q = tape.RotateInPlace(q, batch.Positions, rotary);
        k = tape.RotateInPlace(k, batch.Positions, rotary);
        var attended = batch.Cache is { } cache
            ? tape.AttentionCached(q, k, v, Heads, batch.Layout, cache.Layer(Index))
            : tape.Attention(q, k, v, Heads, KeyValueHeads, batch.Layout, Index);
        return JoinedLinears.Of(tape, attended, batch, Output);
    }

    private Tensor FeedForward(Tape tape, Tensor x, TokenBatch batch)
    {
        Span<Tensor> both = [x, x];
        JoinedLinears.OfNorm(tape, PostAttentionNorm, x, batch, [Gate, Up], both);
        return JoinedLinears.OfGate(tape, both[0], both[1], batch, Down);
    }
}
