using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models;
using Tenon.Models.Config;
using Tenon.Models.Layers;

namespace Tenon.Adapters;

/// <summary>From a recipe's target words to layers of a model, by PEFT's own rule (<see cref="TargetModules"/>).</summary>
public static class Targets
{
    /// <summary>The linear layers that the settings name, in model order; none is an error that lists what there is.</summary>
    public static IReadOnlyList<Linear> Linears(CausalModel model, AdapterSettings settings)
    {
        var chosen = Shapes(model.Config, settings).Select(s => s.Path).ToHashSet();
        return [.. model.Linears.Append(model.Head).Where(l => chosen.Contains(l.Path))];
    }

    /// <summary>Path and sizes of the linear layers that the settings name on a model that is known by its configuration alone.</summary>
    public static IReadOnlyList<(string Path, long Outputs, long Inputs)> Shapes(ModelConfig config, AdapterSettings settings)
    {
        var chosen = Resolve(config, settings).Modules;
        foreach (var module in chosen)
            if (module.Kind is ModuleKind.Norm or ModuleKind.Embedding)
                throw new TenonException($"adapter target '{module.Path}'", "a linear layer", module.Kind.ToString().ToLowerInvariant(), $"method '{settings.Method}' adapts linear layers only", usage: true);
        return [.. chosen.Select(m => (m.Path, (long)m.Shape[0], (long)m.Shape[1]))];
    }

    /// <summary>What <c>target_modules</c> says in the adapter's file.</summary>
    public static JsonNode? Saved(ModelConfig config, AdapterSettings settings) => Resolve(config, settings).Saved?.DeepClone();

    private static TargetChoice Resolve(ModelConfig config, AdapterSettings settings)
    {
        var peft = PeftConfig.Create("LORA");
        peft["target_modules"] = Words(settings.Targets);
        return TargetModules.Resolve(peft, ModelModules.Of(config), config.ModelType);
    }

    /// <summary><c>all-linear</c> and patterns are texts, names are a list.</summary>
    private static JsonNode Words(string targets)
    {
        if (targets.Equals("all-linear", StringComparison.OrdinalIgnoreCase)) return "all-linear";
        if (targets.AsSpan().IndexOfAny("*()[]|^$\\+?{}") >= 0) return targets;
        return new JsonArray([.. targets.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(t => (JsonNode)t)]);
    }
}
