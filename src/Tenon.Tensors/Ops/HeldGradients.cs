namespace Tenon.Tensors.Ops;

/// <summary>
/// Gradients of a prompt's keys and values while its completions are spread over several batches. Each part but the last takes what its
/// completions
/// gave out of the pass (the prompt's rows then carry zero and change no sum), the next part goes on from there, and the last lets all of
/// it
/// through: the bits are those of one batch.
/// </summary>
public sealed unsafe class HeldGradients
{
    private readonly Dictionary<int, (float[] Keys, float[] Values)> _layers = [];

    /// <summary>First row of the prompt's run in the current part's batch.</summary>
    public int FirstRow { get; set; }

    /// <summary>Rows of the prompt's run.</summary>
    public int Rows { get; set; }

    /// <summary>True in the last part.</summary>
    public bool IsLast { get; set; }

    internal void Restore(int layer, Tensor dk, Tensor dv)
    {
        if (!_layers.TryGetValue(layer, out var held)) return;
        held.Keys.CopyTo(Span(dk));
        held.Values.CopyTo(Span(dv));
    }

    internal void Save(int layer, Tensor dk, Tensor dv)
    {
        if (IsLast) return;
        _layers[layer] = (Span(dk).ToArray(), Span(dv).ToArray());
        Span(dk).Clear();
        Span(dv).Clear();
    }

    private Span<float> Span(Tensor tensor) => new(tensor.Row(FirstRow), checked((int)(Rows * tensor.Columns)));
}
