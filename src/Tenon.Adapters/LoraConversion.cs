using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models.Weights;

namespace Tenon.Adapters;

/// <summary>
/// An adapter as plain LoRA for servers that know nothing else: one rank for all layers (smaller ones are padded with zeros), scale 1 (alpha = r), so that readers
/// which ignore patterns compute the same function.
/// </summary>
public static class LoraConversion
{
    /// <summary>Writes the exact plain LoRA into an existing folder; an adapter that is none is an error. Returns the rank.</summary>
    public static int Save(AdapterSet adapter, string folder, string baseModel)
    {
        if (Obstacle(adapter) is { } obstacle) throw Refused(adapter, obstacle);
        var parts = adapter.Linears.Select(l => (l.Layer, Factors: l.ToLora())).ToList();
        if (parts.Find(p => p.Factors is null) is { Layer: { } layer }) throw Refused(adapter, $"the update of '{layer.Path}' is no low-rank sum");
        return Write(adapter, folder, baseModel, parts.ConvertAll(p => (p.Layer, p.Factors!)));
    }

    private static int Write(AdapterSet adapter, string folder, string baseModel, List<(Tenon.Models.Layers.Linear Layer, LowRankFactors Factors)> parts)
    {
        adapter.RequireFinite();
        var rank = Math.Max(1, parts.Max(p => p.Factors.Rank));
        var config = Config(baseModel, rank);
        config["target_modules"] = Targets.Saved(adapter.Model.Config, new AdapterSettings { Targets = string.Join(',', parts.Select(p => p.Layer.Path)) }) ?? new JsonArray();
        SafetensorsWriter.Write(Path.Combine(folder, PeftFolder.TensorFile), Entries(parts, rank), new Dictionary<string, string> { ["format"] = "pt" });
        config.Write(folder);
        return rank;
    }

    /// <summary>A plain LoRA of one rank and scale 1.</summary>
    internal static PeftConfig Config(string baseModel, int rank)
    {
        var config = PeftConfig.Create("LORA", baseModel);
        config["r"] = rank;
        config["lora_alpha"] = rank;
        return config;
    }

    /// <summary>The factors of each layer under PEFT's names, padded with zeros to one rank.</summary>
    internal static IEnumerable<SafetensorsEntry> Entries(IEnumerable<(Tenon.Models.Layers.Linear Layer, LowRankFactors Factors)> parts, int rank)
    {
        foreach (var (layer, factors) in parts)
        {
            var name = $"{PeftKeys.Prefix}{layer.Path}";
            yield return SafetensorsEntry.FromFloats($"{name}.lora_A.weight", [rank, layer.Inputs], PadRows(factors.A, rank * layer.Inputs));
            yield return SafetensorsEntry.FromFloats($"{name}.lora_B.weight", [layer.Outputs, rank], PadColumns(factors.B, layer.Outputs, factors.Rank, rank));
        }
    }

    /// <summary>What a plain LoRA of linear layers cannot say, or null.</summary>
    private static string? Obstacle(AdapterSet adapter)
    {
        if (adapter.Norms.Count > 0) return $"it trains the norm '{adapter.Norms[0].Norm.Path}'";
        if (adapter.Embeddings.Count > 0) return $"it trains the embedding '{adapter.Embeddings[0].Layer.Path}'";
        if (adapter.Linears.FirstOrDefault(l => l is WholeLinear) is { } whole) return $"it trains '{whole.Layer.Path}' whole";
        if (adapter.Linears.FirstOrDefault(l => l.OwnBias is not null) is { } biased) return $"it trains the bias of '{biased.Layer.Path}'";
        return adapter.Linears.FirstOrDefault(l => ChangesBias(l)) is { } part ? $"it changes the bias of '{part.Layer.Path}'" : null;
    }

    private static TenonException Refused(AdapterSet adapter, string why) =>
        new($"method '{adapter.Method.Name}' as plain LoRA", "an update of linear layers that is exactly low-rank", why, "tenon adapter merge writes the whole model", usage: true);

    private static bool ChangesBias(LinearAdapter part)
    {
        var bias = part.Layer.Bias?.ToArray();
        var effective = part.EffectiveBias(bias is null ? null : (float[])bias.Clone());
        return (bias is null) != (effective is null) || (bias is not null && !bias.AsSpan().SequenceEqual(effective));
    }

    private static float[] PadRows(float[] values, int length)
    {
        if (values.Length == length) return values;
        var result = new float[length];
        values.CopyTo(result, 0);
        return result;
    }

    private static float[] PadColumns(float[] values, int rows, int columns, int width)
    {
        if (columns == width) return values;
        var result = new float[rows * width];
        for (var r = 0; r < rows; r++) values.AsSpan(r * columns, columns).CopyTo(result.AsSpan(r * width));
        return result;
    }
}
