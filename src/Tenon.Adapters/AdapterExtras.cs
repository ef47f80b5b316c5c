using Tenon.Adapters.Peft;

namespace Tenon.Adapters;

/// <summary>
/// What every method takes beside its own parts: whole modules (<c>modules_to_save</c>), trained biases, trained token rows.
/// </summary>
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
        var modules = Targets.WholeModules(model.Config, set.Settings);
        var tie = set.Settings.Start.Peft is { } peft && peft.Has("ensure_weight_tying") && peft.Flag("ensure_weight_tying") && model.IsTied
            && modules.Any(m => m.Kind is ModuleKind.Embedding or ModuleKind.Head);
        if (tie)
        {
            var table = Trained.Copy(model.Embedding.Path + ".weight", model.Embedding.Table);
            set.Add(new WholeEmbedding(model.Embedding, table, isHead: true));
            set.Add(new WholeLinear(model.Head, table));
        }

        foreach (var module in modules)
            switch (module.Kind)
            {
                case ModuleKind.Embedding or ModuleKind.Head when tie:
                    break;
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
        const string key = "token_adapter.trainable_tokens_delta";
        var (rows, head) = (set.Settings.TrainableTokens, set.Settings.TrainableHeadTokens);
        if (rows.Count > 0 && set.Embeddings.Count > 0) throw Trained(set.Embeddings[0].Layer.Path);
        if (head.Count > 0 && set.Linears.Any(l => l.Layer == set.Model.Head)) throw Trained(set.Model.Head.Path);
        if (rows.Count > 0) TokenRows.AddTo(set, rows, key, headFollows: head.Count == 0);
        if (head.Count > 0) TokenRows.AddToHead(set, head, key);

        static TenonException Trained(string path) =>
            new("adapter.trainable-tokens", "an embedding that nothing else trains", path + " is trained already",
            "leave it out of modules-to-save or targets", usage: true);
    }

    private static void AddBiases(AdapterSet set)
    {
        var which = set.Settings.Bias;
        if (which == "none") return;
        if (which is not ("all" or "only")) throw new TenonException("adapter.bias", "none, all or only", which, usage: true);
        foreach (var part in set.Linears)
            if (part.OwnBias is null && part.Layer.Bias is { } bias)
                part.OwnBias = Trained.Copy(part.Layer.Path + ".base_layer.bias", bias);
        if (which == "only") return;
        var adapted = set.Linears.Select(l => l.Layer).ToHashSet();
        foreach (var layer in set.Model.Linears.Append(set.Model.Head))
            if (layer.Bias is { } bias && !adapted.Contains(layer))
                set.Add(new WholeLinear(layer, null) { OwnBias = Trained.Copy(layer.Path + ".bias", bias) });
    }
}
