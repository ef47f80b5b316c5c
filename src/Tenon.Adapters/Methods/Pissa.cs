using System.Globalization;
using Tenon.Adapters.Peft;
using Tenon.Models.Layers;

namespace Tenon.Adapters.Methods;

/// <summary>
/// PiSSA (Meng et al. 2024): A and B start at the r largest singular triplets of W, A = sqrt(S / s) V^T and B = U sqrt(S / s). PEFT takes s
/// B A off the weight; here the
/// weight stays and the start is subtracted beside it. A folder holds the plain LoRA of rank 2r: PEFT's own form (<c>init: peft</c>) leaves
/// the start to be decomposed again by the reader, in float32, and vLLM
/// does not subtract it at all. With <c>niter</c> the triplets come from a randomised SVD, which no reader can find again.
/// </summary>
public sealed class Pissa : SubtractedLora<PissaOptions>
{
    private const string Niter = "pissa_niter_";

    /// <inheritdoc/>
    public override string Name => "pissa";

    /// <inheritdoc/>
    public override bool IsStartOfLora => true;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string>? OfLoraStart(string start)
    {
        const string Iterated = "pissa-niter-";
        if (!start.StartsWith(Iterated, StringComparison.Ordinal)
            || !int.TryParse(start[Iterated.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations))
            return base.OfLoraStart(start);
        return new Dictionary<string, string> { ["niter"] = iterations.ToString(CultureInfo.InvariantCulture) };
    }

    /// <inheritdoc/>
    public override string Summary => "LoRA that starts at the largest singular triplets of the weight";

    /// <inheritdoc/>
    protected override double TunedRate => 1e-4;

    private protected override bool NeedsWholeRank => false;

    private protected override string PeftInit => "pissa";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["peft"];

    private protected override bool SavesPlainLora(AdapterSettings settings) => settings.Init != "peft" || Iterations(settings) > 0;

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) => InPeftsForm(base.FromPeft(config));

    private protected override (float[] A, float[] B) Factors(Linear layer, int rank, double scale, AdapterSettings settings, int index)
    {
        var (iterations, key) = (Iterations(settings), new RandomKey(settings.StartSeed));
        var svd = iterations == 0 ? WeightSvd.Of(layer.Weight)
            : WeightSvd.Randomised(layer.Weight, rank, iterations, i => key.Normal(RandomPurpose.AdapterInit, 0, (uint)index, 9, (uint)i));
        return (svd.Rows(svd.Top(rank), s => Math.Sqrt(s / scale)), svd.Columns(svd.Top(rank), s => Math.Sqrt(s / scale)));
    }

    private static int Iterations(AdapterSettings settings) => OptionsIn(settings).Niter;

    private protected override bool Reads(PeftConfig config)
    {
        if (config.Flag("use_dora")) return false;
        if (InitOf(config).StartsWith(Niter, StringComparison.Ordinal))
            throw new TenonException($"'init_lora_weights' of {config.Source}", "pissa, or a folder that was converted to plain LoRA",
                InitOf(config),
                "a randomised start is in neither of PEFT's files; PEFT writes a readable folder with "
                + "path_initial_model_for_weight_conversion", usage: true);
        return InitOf(config) == "pissa";
    }
}

/// <summary>PiSSA's options.</summary>
public sealed record PissaOptions : ScaleOptions
{
    /// <summary>Power iterations of a randomised SVD; 0 takes the exact one.</summary>
    [Bounds(0, 1000)]
    public int Niter { get; init; }
}
