using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Layers;

/// <summary>
/// The identity of an adapter inside a batch: what a run names. The adapter project gives it parameters; models only pass it on.
/// </summary>
public interface IAdapter
{
    /// <summary>A name for messages.</summary>
    string Name { get; }

    /// <summary>Grows with each change of its weights.</summary>
    long Version => 0;
}

/// <summary>
/// What an adapter puts into a linear layer's slot: the whole product, so that it can change inputs, outputs and the bias.
/// </summary>
public interface ILinearSlot
{
    /// <summary>y [tokens, out] of x [tokens, in], each run through the adapter that the batch names for it.</summary>
    Tensor Forward(Tape tape, Linear linear, Tensor x, TokenBatch batch);

    /// <summary>
    /// The same as one product with a narrow update, for all tokens of the batch alike, where it is nothing else outside training; null
    /// where only <see cref="Forward"/> knows.
    /// </summary>
    JoinedProduct? Joined(Linear linear, TokenBatch batch) => null;
}

/// <summary>What an adapter puts into a norm's slot.</summary>
public interface INormSlot
{
    /// <summary>Normalised and scaled rows.</summary>
    Tensor Forward(Tape tape, RmsNorm norm, Tensor x, TokenBatch batch);
}

/// <summary>What an adapter puts into the embedding's slot.</summary>
public interface IEmbeddingSlot
{
    /// <summary>Rows [tokens, size] of the batch's ids.</summary>
    Tensor Forward(Tape tape, Embedding embedding, TokenBatch batch);
}
