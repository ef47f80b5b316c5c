using Tenon.Adapters.Methods;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;

namespace Tenon.Adapters;

/// <summary>
/// PEFT's files for methods that it does not know and that are low-rank sums: the same function as a plain LoRA of one rank and scale 1.
/// What such a method needs to go on stands in Tenon's record.
/// </summary>
internal static class PlainLora
{
    /// <summary>The configuration.</summary>
    public static PeftConfig Config(AdapterSet adapter, string baseModel)
    {
        var config = LoraPeft.Plain(baseModel, Rank(Parts(adapter)));
        config["lora_dropout"] = adapter.Settings.Dropout;
        return config;
    }

    /// <summary>The tensors: two factors a layer in place of the method's own, and whatever else is trained beside it.</summary>
    public static IEnumerable<SafetensorsEntry> Tensors(AdapterSet adapter)
    {
        var own = adapter.Linears.Where(l => !l.Replaces).SelectMany(l => l.Tensors.Select(t => t.Tensor)).ToHashSet();
        var others = adapter.Tensors.Where(t => !own.Contains(t.Tensor)).DistinctBy(t => t.Name)
            .Select(t => SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray()));
        var parts = Parts(adapter);
        return LoraConversion.Entries(parts, Rank(parts)).Concat(others);
    }

    private static List<(Tenon.Models.Layers.Linear Layer, LowRankFactors Factors)> Parts(AdapterSet adapter) =>
        [.. adapter.Linears.Where(l => !l.Replaces).Select(l => (l.Layer, l.ToLora()!))];

    private static int Rank(List<(Tenon.Models.Layers.Linear Layer, LowRankFactors Factors)> parts) => parts.Max(p => p.Factors.Rank);
}
