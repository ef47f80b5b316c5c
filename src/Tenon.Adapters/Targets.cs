using Tenon.Models;
using Tenon.Models.Layers;

namespace Tenon.Adapters;

/// <summary>From a recipe's target words to layers of a model.</summary>
public static class Targets
{
    /// <summary>The linear layers that the settings name, in model order; none is an error that lists what there is.</summary>
    public static IReadOnlyList<Linear> Linears(CausalModel model, AdapterSettings settings)
    {
        var candidates = model.Linears.Append(model.Head).ToList();
        var chosen = candidates.Where(l => Matches(settings.Targets, l.Path, l.Path == model.Head.Path)).ToList();
        if (chosen.Count == 0)
            throw new TenonException($"adapter targets '{settings.Targets}'", "at least one linear layer of the model", "no match",
                $"layers end in {string.Join(", ", model.Blocks[0].Linears.Select(l => l.Path[(l.Path.LastIndexOf('.') + 1)..]))}; 'all-linear' takes them all", usage: true);
        return chosen;
    }

    /// <summary>Path and sizes of the layers that the settings name on a model that is known by its configuration alone.</summary>
    public static IReadOnlyList<(string Path, long Outputs, long Inputs)> Shapes(Tenon.Models.Config.ModelConfig config, AdapterSettings settings)
    {
        const string suffix = ".weight";
        var chosen = Tenon.Models.Weights.ExpectedTensors.Of(config).Where(t => t.Shape.Length == 2 && t.Name != "model.embed_tokens.weight")
            .Select(t => (Path: t.Name[..^suffix.Length], Outputs: t.Shape[0], Inputs: t.Shape[1]))
            .Where(t => Matches(settings.Targets, t.Path, t.Path == "lm_head")).ToList();
        return chosen.Count > 0 ? chosen : throw new TenonException($"adapter targets '{settings.Targets}'", "at least one linear layer of the model", "no match", usage: true);
    }

    private static bool Matches(string targets, string path, bool isHead)
    {
        if (targets.Equals("all-linear", StringComparison.OrdinalIgnoreCase)) return !isHead;
        return targets.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Any(t => path == t || path.EndsWith("." + t, StringComparison.Ordinal));
    }
}
