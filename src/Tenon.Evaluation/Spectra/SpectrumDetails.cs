using System.Globalization;
using System.Text.Json.Nodes;

namespace Tenon.Evaluation.Spectra;

/// <summary>What <c>tenon spectra --values</c> adds to a line: singular values, and the measures that stand on single directions.</summary>
public sealed record SpectrumDetails
{
    private static readonly double[] S_quantiles = [0.5, 0.8, 0.9, 0.95, 0.99];

    /// <summary>Singular values of W.</summary>
    public required double[] Before { get; init; }

    /// <summary>Singular values of W'.</summary>
    public required double[] After { get; init; }

    /// <summary>Singular values of dW.</summary>
    public required double[] Update { get; init; }

    /// <summary>Further measures by name; null for a norm.</summary>
    public JsonObject? Measures { get; init; }

    /// <summary>Of a matrix's spectrum; what needs all directions is left out where only the first are known.</summary>
    public static SpectrumDetails Of(UpdateSpectrum spectrum)
    {
        var measures = new JsonObject
        {
            ["energy_by_direction"] = Numbers(spectrum.RightEnergy), ["energy_by_direction_left"] = Numbers(spectrum.LeftEnergy),
            ["energy_total"] = spectrum.RightTotalShare, ["energy_total_left"] = spectrum.LeftTotalShare,
            ["ratio"] = Numbers(spectrum.Ratio(spectrum.RightEnergy)), ["ratio_left"] = Numbers(spectrum.Ratio(spectrum.LeftEnergy)),
            ["sparsity"] = new JsonObject
            {
                ["zero"] = spectrum.Sparsity.Zero, ["below_1e-5"] = spectrum.Sparsity.Below1e5,
                ["below_1e-5_of_weight"] = spectrum.Sparsity.Below1e5OfWeight,
                ["below_1e-3_of_larger"] = spectrum.Sparsity.Below1e3OfLarger, ["same_in_bf16"] = spectrum.Sparsity.SameInBf16,
            },
        };
        var (explained, shares) = (new JsonObject(), new JsonObject());
        for (var k = 1; k <= spectrum.Before.Length; k *= 2)
        {
            var name = k.ToString(CultureInfo.InvariantCulture);
            var (both, left, right) = spectrum.TopShare(k);
            shares[name] = new JsonObject { ["two_sided"] = both, ["left"] = left, ["right"] = right };
            if (spectrum.UpdateIsWhole) explained[name] = SpectrumMeasures.Explained(spectrum.Update, k);
        }

        (measures["explained"], measures["top_share"]) = (explained, shares);
        if (spectrum.Weight.IsWhole)
        {
            measures["principal_half_left"] = SpectrumMeasures.PrincipalHalf(spectrum.LeftEnergy);
            measures["capture"] = Capture(spectrum.Mass, spectrum.RightEnergy);
            measures["capture_left"] = Capture(spectrum.Mass, spectrum.LeftEnergy);
            measures["weight"] = new JsonObject
            {
                ["energy"] = Numbers(SpectrumMeasures.Tenths(spectrum.Mass)),
                ["principal_half"] = SpectrumMeasures.PrincipalHalf(spectrum.Mass),
                ["stable_rank"] = SpectrumMeasures.StableRank(spectrum.Before),
                ["effective_rank"] = SpectrumMeasures.EffectiveRank(spectrum.Before),
            };
        }

        return new() { Before = spectrum.Before, After = spectrum.After, Update = spectrum.Update, Measures = measures };
    }

    /// <summary>Adds itself to a line.</summary>
    internal void AddTo(JsonObject line)
    {
        line["values_before"] = Numbers(Before);
        line["values_after"] = Numbers(After);
        line["values_update"] = Numbers(Update);
        if (Measures is not null) line["measures"] = Measures.DeepClone();
    }

    private static JsonObject Capture(double[] mass, double[] shares)
    {
        var result = new JsonObject();
        foreach (var q in S_quantiles)
        {
            var (k, share) = SpectrumMeasures.Capture(mass, shares, q);
            result[q.ToString(CultureInfo.InvariantCulture)] = new JsonObject { ["k"] = k, ["share"] = share };
        }

        return result;
    }

    private static JsonArray Numbers(double[] values) =>
        new([.. values.Select(v => double.IsFinite(v) ? (JsonNode?)JsonValue.Create(v) : null)]);
}
