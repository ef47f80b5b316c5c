using Tenon.Checkpoints;

namespace Tenon.Adapters;

/// <summary>
/// The weights of a model with an adapter merged in: new matrices made from the pristine base, which stays as it is. A tied head or
/// embedding that the
/// adapter touches on one side only comes out as two matrices.
/// </summary>
public static class MergedWeights
{
    /// <summary>All tensors of the merged model under their Hugging Face names.</summary>
    public static IWeightSource Of(AdapterSet adapter)
    {
        var model = adapter.Model;
        var tensors = new List<(string Name, long[] Shape, float[] Values)>();
        var linears = adapter.Linears.ToDictionary(l => l.Layer.Path);
        var norms = adapter.Norms.ToDictionary(n => n.Norm.Path, n => n.Weight);
        var embedding = adapter.Embeddings.Count > 0 ? adapter.Embeddings[0] : null;

        var table = model.Embedding.Table.ToArray();
        tensors.Add((model.Embedding.Path + ".weight", Shape(model.Embedding.Table), embedding is null ? table
            : embedding.EffectiveTable((float[])table.Clone())));
        foreach (var layer in model.Linears) AddLinear(layer);
        foreach (var norm in model.Norms)
            tensors.Add(
                (norm.Path + ".weight", [norm.Weight.Length],
                (norms.TryGetValue(norm.Path, out var weight) ? weight : norm.Weight).ToArray()));
        if (!IsTied(adapter)) AddLinear(model.Head);
        return new MemoryWeights($"merged {adapter.Name}", tensors);

        void AddLinear(Tenon.Models.Layers.Linear layer)
        {
            var part = linears.GetValueOrDefault(layer.Path);
            var dense = layer.Weight.ToArray();
            tensors.Add((layer.Path + ".weight", Shape(layer.Weight), part is null ? dense : part.EffectiveWeight(dense)));
            var bias = part is null ? layer.Bias?.ToArray() : part.EffectiveBias(part.Bias?.ToArray());
            if (bias is not null && layer.Bias is null)
                throw new TenonException($"merge of '{layer.Path}'", "a layer whose model has a bias there, or an adapter without one",
                    "an adapter with a bias on a layer without",
                    "the model's format has no place for it: use the adapter unmerged", usage: true);
            if (bias is not null) tensors.Add((layer.Path + ".bias", [bias.Length], bias));
        }
    }

    /// <summary>True where head and embedding are still one matrix after the merge.</summary>
    public static bool IsTied(AdapterSet adapter)
    {
        if (!adapter.Model.IsTied) return false;
        var touchesHead = adapter.Linears.Any(l => l.Layer == adapter.Model.Head);
        var touchesEmbedding = adapter.Embeddings.Count > 0;
        // Full training shares one parameter between both; every other method changes the side that it names.
        return adapter.Method.IsWhole || (adapter.Embeddings is [TokenRows] && adapter.Settings.TrainableHeadTokens.Count == 0)
            || (!touchesHead && !touchesEmbedding);
    }

    private static long[] Shape(Tenon.Tensors.FrozenMatrix weight) => [weight.Outputs, weight.Inputs];
}
