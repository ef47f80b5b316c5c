using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// HRA (Yuan et al. 2024): W' = W H, H = H_0 H_1 ... a product of r Householder reflections I - 2 u u^T of normalised columns. Computed as
/// H = I - U T U^T with the inverse of T = strict upper
/// part of U^T U plus half the identity, so that no [in, in] matrix exists. Each pair of columns (u, v) stands as (u, v - u), T changed to
/// fit: with v = u, where training starts, all
/// products are exact zeros and the model is the base to the last bit. <c>apply-gs</c>: the columns are made orthonormal first, and T = 2
/// I.
/// </summary>
public sealed class Hra : AdapterMethod<HraOptions>
{
    /// <inheritdoc/>
    public override string Name => "hra";

    /// <inheritdoc/>
    public override string Summary => "a product of r reflections of a layer's input";

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["random"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var rank = Fit.Rank(settings);
        var (orthonormal, random) = (OptionsIn(settings).ApplyGs, settings.Init == "random");
        if (settings.Start.Peft is null && !random && rank % 2 != 0)
            throw new TenonException("rank of method 'hra'", "an even number: reflections cancel in pairs at the start", $"{rank}",
                "init: random takes odd ranks, but does not start at the base model", usage: true);
        if (settings.Start.Peft is null && !random && orthonormal)
            throw new TenonException("adapter.apply-gs of method 'hra'", "init: random: equal pairs of columns cannot be made orthonormal",
                "apply-gs with the paired start", usage: true);
        var index = 0;
        foreach (var layer in Targets.Linears(set))
        {
            var part = new HraLayer(layer, rank, orthonormal);
            Start(part.U, settings.StartSeed, index++, random || rank % 2 != 0);
            set.Add(part);
        }
    }

    /// <summary>Pairs of equal columns, whose reflections cancel; or all columns on their own.</summary>
    private static void Start(Parameter u, ulong seed, int index, bool random)
    {
        var rank = (int)u.Columns;
        AdapterInit.Uniform(u, seed, index, 0, Math.Sqrt((random ? 1.0 : 2.0) / rank));
        if (random) return;
        u.Update(values =>
        {
            for (var i = 0; i < values.Length; i += 2) values[i + 1] = values[i];
        });
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Sum(s => Fit.Rank(settings) * s.Inputs);

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("HRA", Rank: "r");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("HRA", """
            {"r": 8, "apply_GS": false, "target_modules": null, "exclude_modules": null, "init_weights": true, "layers_to_transform": null,
            "layers_pattern": null, "bias": "none", "modules_to_save": null}
            """) { LayersNeedList = true, PatternNeedsLayers = true };

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter) =>
        config["init_weights"] = adapter.Settings.Init != "random";

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config) =>
        settings with { Init = config.Flag("init_weights") ? null : "random" };
}

/// <summary>HRA's options.</summary>
public sealed record HraOptions : ISettings
{
    /// <summary>Whether the columns are made orthonormal first (only with <c>init: random</c>).</summary>
    [Peft("apply_GS")]
    public bool ApplyGs { get; init; }
}
