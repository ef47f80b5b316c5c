using System.Text.Json.Nodes;
using Tenon.Adapters.Methods;
using Tenon.Adapters.Peft;
using Tenon.Models;
using Tenon.Models.Config;
using Tenon.Models.Layers;

namespace Tenon.Adapters;

/// <summary>From a recipe's target words to layers of a model, by PEFT's own rule (<see cref="TargetModules"/>).</summary>
public static class Targets
{
    /// <summary>
    /// The linear layers that an adapter's settings name, in model order; none is an error that lists what there is. A method that adapts
    /// the embedding too sets <paramref name="besideEmbedding"/>.
    /// </summary>
    public static IReadOnlyList<Linear> Linears(AdapterSet set, bool besideEmbedding = false) =>
        Linears(set.Model, set.Settings, besideEmbedding);

    /// <summary>The same, by model and settings.</summary>
    public static IReadOnlyList<Linear> Linears(CausalModel model, AdapterSettings settings, bool besideEmbedding = false)
    {
        var chosen = Shapes(model.Config, settings, besideEmbedding).Select(s => s.Path).ToHashSet();
        return [.. model.Linears.Append(model.Head).Where(l => chosen.Contains(l.Path))];
    }

    /// <summary>
    /// Path and sizes of the linear layers (besides the embedding, for a method that adapts it too) that the settings name on a model that
    /// is known by its configuration alone.
    /// </summary>
    public static IReadOnlyList<(string Path, long Outputs, long Inputs)> Shapes(ModelConfig config, AdapterSettings settings,
        bool besideEmbedding = false)
    {
        var chosen = Resolve(config, settings).Modules;
        if (besideEmbedding) chosen = [.. chosen.Where(m => m.Kind != ModuleKind.Embedding)];
        foreach (var module in chosen)
            if (module.Kind is ModuleKind.Norm or ModuleKind.Embedding)
                throw new TenonException($"adapter target '{module.Path}'", "a linear layer", module.Kind.ToString().ToLowerInvariant(),
                    $"method '{settings.Method}' adapts linear layers only", usage: true);
        return [.. chosen.Select(m => (m.Path, (long)m.Shape[0], (long)m.Shape[1]))];
    }

    /// <summary>True where the settings name the embedding.</summary>
    public static bool Embedding(ModelConfig config, AdapterSettings settings) =>
        Resolve(config, settings).Modules.Any(m => m.Kind == ModuleKind.Embedding);

    /// <summary>
    /// Whole modules that the settings train beside the method (<c>modules-to-save</c>), in model order; a name that hits nothing is an
    /// error.
    /// </summary>
    public static IReadOnlyList<ModelModule> WholeModules(ModelConfig config, AdapterSettings settings)
    {
        if (settings.ModulesToSave.Count == 0) return [];
        var modules = ModelModules.Of(config);
        foreach (var name in settings.ModulesToSave)
            if (settings.Start.Peft is null
                && !modules.Any(m => m.Path.EndsWith(name, StringComparison.Ordinal)
                || m.Path.Contains(name + ".", StringComparison.Ordinal)))
                throw new TenonException("adapter.modules-to-save", "ends of module paths", $"'{name}', which hits nothing",
                    $"modules end in {string.Join(", ", modules.Select(m => m.Path[(m.Path.LastIndexOf('.') + 1)..]).Distinct())}",
                    usage: true);
        return TargetModules.ToSave(Configure(settings), modules);
    }

    /// <summary>What <c>target_modules</c> says in the adapter's file.</summary>
    public static JsonNode? Saved(ModelConfig config, AdapterSettings settings) => Resolve(config, settings).Saved?.DeepClone();

    private static TargetChoice Resolve(ModelConfig config, AdapterSettings settings)
    {
        var modules = ModelModules.Of(config);
        foreach (var layer in settings.Layers)
            if (layer < 0 || layer >= config.NumHiddenLayers)
                throw new TenonException("adapter.layers", $"indices from 0 to {config.NumHiddenLayers - 1}", $"{layer}", usage: true);
        var choice = TargetModules.Resolve(Configure(settings), modules, config.ModelType);
        if (settings.Start.Peft is null && choice.Notes.Count > 0)
            throw new TenonException($"adapter of method '{settings.Method}'", "targets, exclude and patterns that each hit a module",
                string.Join("; ", choice.Notes),
                $"modules end in {string.Join(", ", modules.Select(m => m.Path[(m.Path.LastIndexOf('.') + 1)..]).Distinct())}",
                usage: true);
        if (settings.Layers.Count == 0 || settings.Targets is AdapterTargets.Names) return choice;
        // PEFT's layers_to_transform filters names only, so all-linear and a pattern become the list of what is left.
        var left = choice.Modules.Where(m => settings.Layers.Any(l => m.Path.Contains($".layers.{l}.", StringComparison.Ordinal))).ToList();
        if (left.Count == 0)
            throw new TenonException($"adapter targets '{settings.Targets}' in layers {string.Join(", ", settings.Layers)}",
                "at least one module", "no match", usage: true);
        return choice
            with
        {
            Modules = left,
            Saved =
            new JsonArray([.. left.Select(m => m.Path).Order(StringComparer.Ordinal).Select(p => (JsonNode)p)])
        };
    }

    private static PeftConfig Configure(AdapterSettings settings)
    {
        var peft = PeftConfig.Create(LoraPeft.Type);
        peft["target_modules"] = settings.Targets.Json();
        if (settings.Exclude is [var only] && AdapterTargets.IsPattern(only)) peft["exclude_modules"] = only;
        else if (settings.Exclude.Count > 0) peft["exclude_modules"] = new JsonArray([.. settings.Exclude.Select(e => (JsonNode)e)]);
        if (settings.ModulesToSave.Count > 0) peft["modules_to_save"] = new JsonArray([.. settings.ModulesToSave.Select(m => (JsonNode)m)]);
        peft["rank_pattern"] = new JsonObject(settings.RankPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));
        peft["alpha_pattern"] = new JsonObject(settings.AlphaPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));
        if (settings.Layers.Count > 0 && peft["target_modules"] is JsonArray)
            peft["layers_to_transform"] = new JsonArray([.. settings.Layers.Select(l => (JsonNode)l)]);
        return peft;
    }
}
