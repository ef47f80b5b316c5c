using Tenon.Models.Layers;

namespace Tenon.Adapters.Methods;

/// <summary>
/// MiLoRA (Wang et al. 2024): A and B start at the r smallest singular triplets of W, A = sqrt(S / s) V^T and B = U sqrt(S / s), taken off
/// beside the weight. Saved as plain LoRA of rank 2r.
/// </summary>
public sealed class Milora : SubtractedLora<SingularOptions>
{
    /// <inheritdoc/>
    public override string Name => "milora";

    /// <inheritdoc/>
    public override bool IsStartOfLora => true;

    /// <inheritdoc/>
    public override string Summary => "LoRA that starts at the smallest singular triplets of the weight";

    private protected override (float[] A, float[] B) Factors(Linear layer, int rank, double scale, AdapterSettings settings, int index)
    {
        var svd = WeightSvd.Of(layer.Weight);
        var places = SingularChoice.Of(svd, rank, OptionsIn(settings), settings.StartSeed, index);
        return (svd.Rows(places, s => Math.Sqrt(s / scale)), svd.Columns(places, s => Math.Sqrt(s / scale)));
    }
}

/// <summary>Which singular triplets MiLoRA and MiLoRA+ take.</summary>
internal static class SingularChoice
{
    public static int[] Of(WeightSvd svd, int rank, SingularOptions options, ulong seed, int index) =>
        options.Mode switch
        {
            "min" => svd.Bottom(rank),
            "mid" => svd.Middle(rank),
            "max" => svd.Top(rank),
            _ => [.. new RandomKey(seed)
            .Permutation(svd.Count, RandomPurpose.AdapterInit, 0, (uint)index, 10).Take(rank).Order()],
        };
}

/// <summary>MiLoRA's and MiLoRA+'s options.</summary>
public sealed record SingularOptions : ScaleOptions
{
    /// <summary>Which singular triplets the factors start at.</summary>
    [Words("min", "mid", "max", "random")]
    public string Mode { get; init; } = "min";
}
