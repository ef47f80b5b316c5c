namespace Tenon.Checkpoints;

/// <summary>A tensor as a checkpoint holds it.</summary>
/// <param name="Name">The Hugging Face name (<c>model.layers.0.self_attn.q_proj.weight</c>), whatever the file calls it.</param>
/// <param name="Shape">Row-major shape, outermost first ([out, in] for a linear weight).</param>
/// <param name="Storage">The stored type.</param>
public sealed record WeightInfo(string Name, long[] Shape, StoredType Storage)
{
    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>Rows as <see cref="IWeightSource.Read"/> counts them: the first dimension of a matrix, 1 for a vector.</summary>
    public long Rows => Shape.Length < 2 ? 1 : Shape[0];

    /// <summary>Values a row.</summary>
    public long Columns => Rows == 0 ? 0 : Count / Rows;

    /// <summary>The shape as text: <c>[64, 32]</c>.</summary>
    internal string ShapeText => $"[{string.Join(", ", Shape)}]";
}

/// <summary>Read access to a checkpoint, tensor by tensor, so that a large model needs no second copy in memory. Thread-safe.</summary>
public interface IWeightSource : IDisposable
{
    /// <summary>Where it was read from, for messages.</summary>
    string Location { get; }

    /// <summary>All tensors under their Hugging Face names.</summary>
    IReadOnlyDictionary<string, WeightInfo> Tensors { get; }

    /// <summary>
    /// Reads rows [<paramref name="row"/>, row + count) of a tensor (a vector counts as one row) widened exactly to float32.
    /// </summary>
    /// <param name="name">Hugging Face name.</param>
    /// <param name="row">First row: index into the first dimension of a matrix.</param>
    /// <param name="destination">Exactly count x columns values, row-major.</param>
    void Read(string name, long row, Span<float> destination);
}

/// <summary>A source whose tensors lie somewhere as bytes, for fingerprints.</summary>
internal interface IStoredBytes
{
    /// <summary>Number of bytes that hold the tensor.</summary>
    long StoredLength(string name);

    /// <summary>A part of those bytes, as they lie in the file.</summary>
    ReadOnlySpan<byte> Stored(string name, long offset, int length);
}
