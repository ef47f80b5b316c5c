using Tenon.Models;
using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters;

/// <summary>
/// One adapter on one model: the parts of its method for each layer, and what every method has in common. While attached, a batch that
/// names it goes through
/// it; a batch that names none goes through the base, bit for bit.
/// </summary>
public sealed class AdapterSet : IAdapter, IDisposable
{
    private readonly CausalModel _model;
    private readonly List<LinearAdapter> _linears = [];
    private readonly List<(RmsNorm Norm, Parameter Weight, string Key)> _norms = [];
    private readonly List<EmbeddingAdapter> _embeddings = [];
    private readonly List<(string Name, Parameter Tensor)> _shared = [];
    private readonly List<(string Name, Parameter Tensor)> _kept = [];

    /// <summary>An adapter without parts yet; a method adds them and then calls <see cref="Attach"/>.</summary>
    public AdapterSet(string name, AdapterMethod method, AdapterSettings settings, CausalModel model)
    {
        Name = name;
        Method = method;
        Settings = settings;
        _model = model;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The method it belongs to.</summary>
    public AdapterMethod Method { get; }

    /// <summary>The settings it was made with; a method that finds its ranks itself puts them in.</summary>
    public AdapterSettings Settings { get; internal set; }

    /// <summary>What it was made from beside the settings.</summary>
    public AdapterStart Start => Settings.Start;

    /// <summary>The model it sits on.</summary>
    public CausalModel Model => _model;

    /// <summary>Parts of linear layers, in model order.</summary>
    public IReadOnlyList<LinearAdapter> Linears => _linears;

    /// <summary>Norms with a weight of their own.</summary>
    public IReadOnlyList<(RmsNorm Norm, Parameter Weight, string Key)> Norms => _norms;

    /// <summary>The embedding's part, if any.</summary>
    public IReadOnlyList<EmbeddingAdapter> Embeddings => _embeddings;

    /// <summary>State of the method that belongs to the whole adapter (a schedule's statistics), or null.</summary>
    public object? State { get; set; }

    /// <summary>Raised by every optimizer step; a rollout names the version it was drawn with.</summary>
    public long Version { get; set; }

    /// <summary>
    /// All tensors under the full names that PEFT's files use, in model order; a shared tensor stands once for each name it is saved under.
    /// </summary>
    public IEnumerable<(string Name, Parameter Tensor)> Tensors =>
        _embeddings.SelectMany(e => e.Tensors.Select(t => (PeftName(e.Layer.Path, t.Key), t.Tensor)))
            .Concat(_linears.SelectMany(OfLayer))
            .Concat(_norms.Select(n => (PeftName(n.Norm.Path, n.Key), n.Weight)))
            .Concat(_shared);

    /// <summary>Tensors that PEFT's file has no place for and going on needs, under names within the adapter.</summary>
    public IEnumerable<(string Name, Parameter Tensor)> PrivateTensors =>
        _linears.SelectMany(l => l.PrivateTensors.Select(t => ($"{l.Layer.Path}.{t.Key}", t.Tensor))).Concat(_kept);

    /// <summary>What the optimizer changes, each once, in the order of <see cref="Tensors"/>.</summary>
    public IReadOnlyList<Parameter> Trainable => [.. Tensors.Select(t => t.Tensor).Distinct().Where(t => t.Trainable)];

    /// <summary>
    /// Share of the adapter's inputs that are dropped in training: the settings' value where the method acts on it, else 0.
    /// </summary>
    public double Dropout => Method.Uses.HasFlag(SharedKeys.Dropout) ? Settings.Dropout : 0;

    /// <summary>Number of trainable values.</summary>
    public long TrainableCount => Trainable.Sum(p => (long)p.Length);

    private static string PeftName(string path, string key) => $"base_model.model.{path}.{key}";

    private static IEnumerable<(string Name, Parameter Tensor)> OfLayer(LinearAdapter part)
    {
        foreach (var (key, tensor) in part.Tensors) yield return (PeftName(part.Layer.Path, key), tensor);
        if (part.OwnBias is { } bias) yield return (PeftName(part.Layer.Path, part.BiasKey), bias);
    }

    /// <summary>Adds a part of a linear layer.</summary>
    public void Add(LinearAdapter part)
    {
        part.Index = _linears.Count;
        part.DropoutRate = Dropout;
        if (part.DropoutRate > 0 && part.Layer == _model.Head)
            throw new TenonException("adapter.dropout", "0 where the head is adapted: its rows are computed in pieces",
                $"{part.DropoutRate}", "leave lm_head out of the targets", usage: true);
        _linears.Add(part);
    }

    /// <summary>Adds a tensor that belongs to the whole adapter and is saved under its full name (<c>base_model.vera_A</c>).</summary>
    public void AddShared(string name, Parameter tensor) => _shared.Add((name, tensor));

    /// <summary>Frozen matrices of the base that PEFT's file repeats (an adapted embedding or head), by their full names.</summary>
    internal List<(string Name, FrozenMatrix Weight)> BaseCopies { get; } = [];

    /// <summary>
    /// Has the file repeat the frozen embedding and head where the method stands beside them, as PEFT's does unless token rows are trained
    /// too.
    /// </summary>
    internal void RepeatAdaptedEnds()
    {
        if (Settings.TrainableTokens.Count + Settings.TrainableHeadTokens.Count > 0) return;
        foreach (var part in _embeddings)
            if (!part.Replaces) BaseCopies.Add((PeftName(part.Layer.Path, "base_layer.weight"), part.Layer.Table));
        foreach (var part in _linears)
            if (part.Layer == _model.Head && !part.Replaces)
                BaseCopies.Add((PeftName(part.Layer.Path, "base_layer.weight"), part.Layer.Weight));
    }

    /// <summary>Adds a tensor that only Tenon's own record holds, under a name within the adapter.</summary>
    public void AddPrivate(string name, Parameter tensor) => _kept.Add((name, tensor));

    /// <summary>Adds a weight for a norm, under the key suffix that its file has.</summary>
    public void Add(RmsNorm norm, Parameter weight, string key = "weight") => _norms.Add((norm, weight, key));

    /// <summary>Adds the embedding's part.</summary>
    public void Add(EmbeddingAdapter part) => _embeddings.Add(part);

    /// <summary>Puts all parts into the model's slots.</summary>
    public AdapterSet Attach()
    {
        foreach (var part in _linears) ((LinearSlot)(part.Layer.Slot ??= new LinearSlot())).Parts.Add(this, part);
        foreach (var (norm, weight, _) in _norms) ((NormSlot)(norm.Slot ??= new NormSlot())).Parts.Add(this, weight);
        foreach (var part in _embeddings) ((EmbeddingSlot)(part.Layer.Slot ??= new EmbeddingSlot())).Parts.Add(this, part);
        return this;
    }

    /// <summary>
    /// Takes all parts out of the model's slots; an empty slot is removed, so that the base runs as if it had never been there.
    /// </summary>
    public void Dispose()
    {
        foreach (var part in _linears)
            if (part.Layer.Slot is ILeftSlot slot && slot.Remove(this)) part.Layer.Slot = null;
        foreach (var (norm, _, _) in _norms)
            if (norm.Slot is ILeftSlot slot && slot.Remove(this)) norm.Slot = null;
        foreach (var part in _embeddings)
            if (part.Layer.Slot is ILeftSlot slot && slot.Remove(this)) part.Layer.Slot = null;
    }

    /// <summary>Throws where any tensor holds NaN or infinity, naming it: called before every save.</summary>
    public void RequireFinite()
    {
        foreach (var (name, tensor) in Tensors)
        {
            var values = tensor.Value;
            for (var i = 0; i < values.Length; i++)
                if (!float.IsFinite(values[i]))
                    throw new TenonException($"adapter tensor '{name}'", "finite values", $"{values[i]} at index {i}",
                        "the run has diverged: lower the learning rate or max-grad-norm and go on from an earlier checkpoint");
        }
    }
}
