using Tenon.Adapters.Peft;

namespace Tenon.Adapters;

/// <summary>What every method takes beside its own parts: whole modules (<c>modules_to_save</c>), trained biases, trained token rows.</summary>
internal static class AdapterExtras
{
    public static void AddTo(AdapterSet set)
    {
        AddWholeModules(set);
        AddTokens(set);
        AddBiases(set);
    }

    private static void AddWholeModules(AdapterSet set)
    {
        var model = set.Model;
        foreach (var module in Targets.WholeModules(model.Config, set.Settings))
            switch (module.Kind)
            {
                case ModuleKind.Norm:
                    var norm = model.Norms.First(n => n.Path == module.Path);
                    set.Add(norm, Trained.Copy(norm.Path + ".weight", norm.Weight));
                    break;
                case ModuleKind.Embedding:
                    set.Add(new WholeEmbedding(model.Embedding, Trained.Copy(module.Path + ".weight", model.Embedding.Table)));
                    break;
                default:
                    var layer = model.Linears.Append(model.Head).First(l => l.Path == module.Path);
                    var part = new WholeLinear(layer, Trained.Copy(layer.Path + ".weight", layer.Weight));
                    if (layer.Bias is { } bias) part.OwnBias = Trained.Copy(layer.Path + ".bias", bias);
                    set.Add(part);
                    break;
            }
    }

    private static void AddTokens(AdapterSet set)
    {
        if (set.Settings.TrainableTokens.Count == 0) return;
        if (set.Embeddings.Count > 0)
            throw new TenonException("adapter.trainable-tokens", "an embedding that nothing else trains", set.Embeddings[0].Layer.Path + " is trained already", "leave it out of modules-to-save or targets", usage: true);
        TokenRows.AddTo(set, set.Settings.TrainableTokens, "token_adapter.trainable_tokens_delta", headKey: null);
    }

    private static void AddBiases(AdapterSet set)
    {
        var which = set.Settings.Bias;
        if (which == "none") return;
        if (which is not ("all" or "only")) throw new TenonException("adapter.bias", "none, all or only", which, usage: true);
        foreach (var part in set.Linears)
            if (part.OwnBias is null && part.Layer.Bias is { } bias) part.OwnBias = Trained.Copy(part.Layer.Path + ".base_layer.bias", bias);
        if (which == "only") return;
        var adapted = set.Linears.Select(l => l.Layer).ToHashSet();
        foreach (var layer in set.Model.Linears.Append(set.Model.Head))
            if (layer.Bias is { } bias && !adapted.Contains(layer)) set.Add(new WholeLinear(layer, null) { OwnBias = Trained.Copy(layer.Path + ".bias", bias) });
    }
}
