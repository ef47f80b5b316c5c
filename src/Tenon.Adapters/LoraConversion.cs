using System.Text.Json.Nodes;
using Tenon.Adapters.Methods;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Tensors.Linalg;

namespace Tenon.Adapters;

/// <summary>
/// An adapter as plain LoRA for servers that know nothing else: one rank for all layers (smaller ones are padded with zeros), scale 1
/// (alpha = r), so that readers
/// which ignore patterns compute the same function.
/// </summary>
public static class LoraConversion
{
    /// <summary>
    /// Writes the plain LoRA into an existing folder: the exact one without a <paramref name="rank"/> (an adapter that is none is then an
    /// error), else at most of this rank, where a layer that is
    /// exactly of no larger one stays exact and every other gets the nearest factors (<see cref="NearestFactors"/>).
    /// </summary>
    public static LoraFit Save(AdapterSet adapter, string folder, string baseModel, int? rank = null)
    {
        if (rank is < 1) throw new TenonException("rank of a plain LoRA", "1 or more", $"{rank}", usage: true);
        if (Obstacle(adapter, rank is null) is { } obstacle) throw Refused(adapter, obstacle);
        adapter.RequireFinite();
        var parts = adapter.Linears.Select(l => (l.Layer, Factors: Converted(adapter, l, rank))).ToList();
        var written = Write(adapter, folder, baseModel, parts.ConvertAll(p => (p.Layer, p.Factors.Factors)));
        return new LoraFit(written,
            [.. parts.Where(p => p.Factors.Kept < p.Factors.Whole)
            .Select(p => new LayerFit(p.Layer.Path, p.Factors.Kept, p.Factors.Whole))], parts.Sum(p => p.Factors.Whole));
    }

    private static NearestFactors Converted(AdapterSet adapter, LinearAdapter part, int? rank)
    {
        var (layer, exact) = (part.Layer, part.ToLora());
        if (exact is not null && (rank is null || exact.Rank <= rank))
        {
            var whole = Squares(exact, layer);
            return new(exact, whole, whole);
        }

        if (rank is not { } most)
            throw Refused(adapter, $"the update of '{layer.Path}' is no low-rank sum",
                "--rank R writes the nearest plain LoRA of that rank and says how near it is; tenon adapter merge writes the whole model");
        if (exact is not null) return NearestFactors.Of(exact, layer.Outputs, layer.Inputs, most);
        var before = layer.Weight.ToArray();
        var after = part.EffectiveWeight((float[])before.Clone());
        var update = new Matrix(layer.Outputs, layer.Inputs);
        for (var i = 0; i < before.Length; i++) update.Values[i] = (double)after[i] - before[i];
        return NearestFactors.Of(update, most);
    }

    /// <summary>The squared norm of B A, from the two Gram matrices: trace(B'B A A').</summary>
    private static double Squares(LowRankFactors factors, Tenon.Models.Layers.Linear layer)
    {
        var b = Matrix.From(factors.B, layer.Outputs, factors.Rank);
        var a = Matrix.From(factors.A, factors.Rank, layer.Inputs);
        var (left, right) = (b.TransposeTimes(b), a.TimesTranspose(a));
        var sum = 0.0;
        for (var i = 0; i < left.Values.Length; i++) sum += left.Values[i] * right.Values[i];
        return sum;
    }

    private static int Write(AdapterSet adapter, string folder, string baseModel,
        List<(Tenon.Models.Layers.Linear Layer, LowRankFactors Factors)> parts)
    {
        var rank = Math.Max(1, parts.Max(p => p.Factors.Rank));
        var config = LoraPeft.Plain(baseModel, rank);
        config["target_modules"] =
            Targets.Saved(adapter.Model.Config, new AdapterSettings { Targets = string.Join(',', parts.Select(p => p.Layer.Path)) })
            ?? new JsonArray();
        SafetensorsWriter.Write(Path.Combine(folder, PeftFolder.TensorFile), Entries(parts, rank), new Dictionary<string,
            string>
        { ["format"] = "pt" });
        config.Write(folder);
        return rank;
    }

    /// <summary>The factors of each layer under PEFT's names, padded with zeros to one rank.</summary>
    internal static IEnumerable<SafetensorsEntry> Entries(IEnumerable<(Tenon.Models.Layers.Linear Layer, LowRankFactors Factors)> parts,
        int rank)
    {
        foreach (var (layer, factors) in parts)
        {
            var name = $"{PeftKeys.Prefix}{layer.Path}";
            yield return SafetensorsEntry.FromFloats($"{name}.lora_A.weight", [rank, layer.Inputs],
                PadRows(factors.A, rank * layer.Inputs));
            yield return SafetensorsEntry.FromFloats($"{name}.lora_B.weight", [layer.Outputs, rank],
                PadColumns(factors.B, layer.Outputs, factors.Rank, rank));
        }
    }

    /// <summary>What a plain LoRA of linear layers cannot say, or null.</summary>
    private static string? Obstacle(AdapterSet adapter, bool exact)
    {
        if (adapter.Norms.Count > 0) return $"it trains the norm '{adapter.Norms[0].Norm.Path}'";
        if (adapter.Embeddings.Count > 0) return $"it trains the embedding '{adapter.Embeddings[0].Layer.Path}'";
        if (exact && adapter.Linears.FirstOrDefault(l => l.TrainsBase) is { } whole) return $"it trains '{whole.Layer.Path}' whole";
        if (adapter.Linears.FirstOrDefault(l => l.OwnBias is not null) is { } biased) return $"it trains the bias of '{biased.Layer.Path}'";
        return adapter.Linears.FirstOrDefault(l => ChangesBias(l)) is { } part ? $"it changes the bias of '{part.Layer.Path}'" : null;
    }

    private static TenonException Refused(AdapterSet adapter, string why, string hint = "tenon adapter merge writes the whole model") =>
        new($"method '{adapter.Method.Name}' as plain LoRA", "an update of the weights of linear layers", why, hint, usage: true);

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

/// <summary>How a plain LoRA stands to the adapter it was made from.</summary>
/// <param name="Rank">The rank in its file.</param>
/// <param name="Truncated">The layers whose update it does not hold whole.</param>
/// <param name="Whole">Squared Frobenius norm of the update of all layers.</param>
public sealed record LoraFit(int Rank, IReadOnlyList<LayerFit> Truncated, double Whole)
{
    /// <summary>True where it is the same function.</summary>
    public bool IsExact => Truncated.Count == 0;

    /// <summary>Share of the update's squared norm that it holds.</summary>
    public double Share => Whole == 0 ? 1 : 1 - Truncated.Sum(l => l.Whole - l.Kept) / Whole;

    /// <summary>The layer that lost the largest share; null where it is exact.</summary>
    public LayerFit? Worst => Truncated.MinBy(l => l.Share);
}

/// <summary>A layer's update in a plain LoRA.</summary>
/// <param name="Path">The layer.</param>
/// <param name="Kept">Squared norm of what is held.</param>
/// <param name="Whole">Squared norm of the update.</param>
public sealed record LayerFit(string Path, double Kept, double Whole)
{
    /// <summary>Share of the squared norm that is held.</summary>
    public double Share => Kept / Whole;
}
