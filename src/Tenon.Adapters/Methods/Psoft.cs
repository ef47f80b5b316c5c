using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models.Config;

namespace Tenon.Adapters.Methods;

/// <summary>
/// PSOFT (Wu et al. 2025): dW = s B (R - I) A, a scaled orthogonal R = diag(b) (I + Q)(I - Q)^-1 diag(a) inside the weight's largest
/// singular triplets, A their right vectors and B the left ones times value / s, both
/// frozen. PEFT's folders leave A and B out, and R depends on the signs of its singular vectors: they are read where their file holds the
/// factors too (<c>psoft_A</c>, <c>psoft_B</c> of each layer). What is
/// written is plain LoRA, which says the same function, and Tenon's record beside it holds the rest.
/// </summary>
public sealed class Psoft : AdapterMethod<PsoftOptions>
{
    /// <inheritdoc/>
    public override string Name => "psoft";

    /// <inheritdoc/>
    public override string Summary => "a scaled orthogonal r x r matrix inside the weight's largest singular triplets";

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        foreach (var layer in Targets.Linears(set))
        {
            var rank = Rank(settings, layer.Path, layer.Outputs, layer.Inputs);
            var scale = (settings.Alpha ?? 2 * rank) / rank;
            var part = new PsoftLayer(layer, rank, (float)scale, settings);
            if (settings.Start.Peft is null && !settings.Start.SkipStart)
            {
                var svd = WeightSvd.Of(layer.Weight);
                part.A.Set(svd.Rows(svd.Top(rank)));
                part.B.Set(svd.Columns(svd.Top(rank), s => s / scale));
            }

            set.Add(part);
        }
    }

    private static int Rank(AdapterSettings settings, string path, long outputs, long inputs)
    {
        var rank = Fit.Rank(settings);
        return rank <= Math.Min(outputs, inputs) ? rank
            : throw new TenonException($"rank of '{path}' (psoft)", $"at most {Math.Min(outputs, inputs)}, the smaller side", $"{rank}",
            usage: true);
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) => Targets.Shapes(config, settings).Sum(s =>
    {
        long rank = Rank(settings, s.Path, s.Outputs, s.Inputs);
        return (OptionsIn(settings).Orth ? rank * (rank - 1) / 2 : rank * rank)
            + (OptionsIn(settings).MagA ? rank : 0) + (OptionsIn(settings).MagB ? rank : 0);
    });

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel) => PlainLora.Config(adapter, baseModel);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter) => PlainLora.Tensors(adapter);

    /// <inheritdoc/>
    public override void ReadTensors(AdapterSet adapter, SafetensorsFile file, string folder)
    {
        var factors = adapter.Linears.OfType<PsoftLayer>()
            .SelectMany(l => l.PrivateTensors.Select(t => (Name: PeftKeys.Of(l.Layer.Path, t.Key), t.Tensor))).ToList();
        if (factors.FirstOrDefault(f => !file.Tensors.ContainsKey(f.Name)).Name is { } missing)
            throw new TenonException($"adapter of type PSOFT, '{folder}'",
                $"the frozen factors, '{missing}' among them, which PEFT's file leaves out", "none",
                "its function depends on the signs of PEFT's singular vectors: save PEFT's buffers _psoft_A_cache and _psoft_B_cache "
                + "under these names, or convert it there with convert_to_lora", usage: true);
        PeftFolder.ReadAll(adapter.Tensors.Concat(factors), file, folder, Name);
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("PSOFT", "r", "psoft_alpha", "psoft_dropout");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("PSOFT", """
            {"r": 32, "target_modules": null, "exclude_modules": null, "psoft_alpha": 32, "psoft_dropout": 0.0, "fan_in_fan_out": false,
            "ab_svd_init": "psoft_init", "psoft_svd": "full", "psoft_svd_lowrank_niter": 10, "random_seed": 0, "psoft_orth": true, "psoft_mag_b": true,
            "psoft_mag_a": true, "use_cayley_neumann": false, "num_cayley_neumann_terms": 5, "cayley_neumann_eps": null, "modules_to_save": null,
            "init_weights": true, "layers_to_transform": null, "layers_pattern": null}
            """) { LayersNeedList = true, PatternNeedsLayers = true };

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config) =>
        settings.With("cayley", config.Flag("use_cayley_neumann") ? "neumann" : "exact");
}

/// <summary>PSOFT's options.</summary>
public sealed record PsoftOptions : ISettings
{
    /// <summary>Whether a scale of the inner side is trained.</summary>
    [Peft("psoft_mag_a")]
    public bool MagA { get; init; } = true;

    /// <summary>Whether a scale of the outer side is trained.</summary>
    [Peft("psoft_mag_b")]
    public bool MagB { get; init; } = true;

    /// <summary>False: R is any matrix, trained whole.</summary>
    [Peft("psoft_orth")]
    public bool Orth { get; init; } = true;

    /// <summary>How R comes from its skew-symmetric matrix: exactly, or by a cut series.</summary>
    [Words("exact", "neumann")]
    public string Cayley { get; init; } = "exact";

    /// <summary>Terms of the series.</summary>
    [Bounds(1, int.MaxValue)]
    [Peft("num_cayley_neumann_terms")]
    public int NeumannTerms { get; init; } = 5;

    /// <summary>Largest Frobenius norm of Q in the series; 0: any.</summary>
    [Bounds(0, double.PositiveInfinity)]
    [Peft("cayley_neumann_eps")]
    public double NeumannEps { get; init; }
}
