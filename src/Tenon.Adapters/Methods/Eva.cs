using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Tensors.Linalg;

namespace Tenon.Adapters.Methods;

/// <summary>
/// EVA (Paischer et al. 2024): A starts at the r first principal directions of what the layer reads, B at zero. With rho above 1 each layer
/// offers rho r directions and the
/// budget of all layers goes to those that explain the largest shares of their layer's variance; a layer's scale stays as it was, a layer
/// that gets nothing stays
/// as it is. The inputs are those of the run's first prompts; where nobody gives any, random tokens.
/// </summary>
public sealed class Eva : StartedLora<EvaOptions>
{
    private const int RandomTokens = 256;

    /// <inheritdoc/>
    public override string Name => "eva";

    /// <inheritdoc/>
    public override bool IsStartOfLora => true;

    /// <inheritdoc/>
    public override string Summary => "LoRA whose A starts at the principal directions of the layer's inputs";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    /// <inheritdoc/>
    public override bool NeedsCalibration => true;

    private protected override string PeftInit => "eva";

    private protected override bool SavesPlainLora(AdapterSettings settings) => false;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        if (settings.Start.Peft is not null || settings.Start.SkipStart)
        {
            base.Build(set);
            return;
        }

        if (Rho(settings) > 1 && settings.RankPattern.Count + settings.AlphaPattern.Count > 0)
            throw new TenonException("adapter.rank-pattern and adapter.alpha-pattern",
                "none with rho above 1: EVA shares out the ranks itself", "patterns", usage: true);
        var directions = Directions(set);
        if (Rho(settings) > 1) set.Settings = Share(settings, directions);
        base.Build(set);
        foreach (var part in set.Linears.OfType<LoraLayer>())
        {
            var found = directions[part.Layer.Path].Vectors;
            if (found.Length < part.A.Length)
                throw new TenonException($"principal directions of the inputs of '{part.Layer.Path}'", $"{part.A.Rows}",
                    $"{found.Length / part.Layer.Inputs}", "the first prompts of the run hold too few tokens for this rank", usage: true);
            part.A.Set(found.AsSpan(0, (int)part.A.Length));
            if (OptionsIn(settings).Whiten) Whiten(part.A, directions[part.Layer.Path].Values);
        }
    }

    /// <summary>
    /// Divides row k by the root of singular value k as PEFT counts it: over the tokens twice, because its loop reads a batch again to see
    /// that nothing moves.
    /// </summary>
    private static void Whiten(Tenon.Tensors.Parameter a, double[] values) => a.Update(rows =>
    {
        for (var i = 0; i < rows.Length; i++) rows[i] = (float)(rows[i] / Math.Sqrt(Math.Sqrt(2) * values[i / (int)a.Columns]));
    });

    // The directions are set when all parts are there.
    private protected override void StartFrom(LoraLayer part, AdapterSettings settings, int index)
    {
    }

    /// <summary>
    /// Of each layer, by path: principal directions as rows, their singular values, and the share of the variance that each explains.
    /// </summary>
    private static Dictionary<string, (float[] Vectors, double[] Values, double[] Shares)> Directions(AdapterSet set)
    {
        var settings = set.Settings;
        var result = new Dictionary<string, (float[], double[], double[])>();
        ActivationProbe.Run(set, Targets.Linears(set), settings.Start.Calibration ?? Random(set), (layers, inputs) =>
        {
            var most = layers.Max(l => (int)Math.Round(settings.RankOf(l.Path) * Rho(settings)));
            var (vectors, values, shares) = Principal(Matrix.From(inputs, inputs.Length / layers[0].Inputs, layers[0].Inputs), most);
            foreach (var layer in layers) result[layer.Path] = (vectors, values, shares);
        });
        return result;
    }

    /// <summary>Principal directions of the rows of x, as PCA has them: of the distances from their mean.</summary>
    private static (float[] Vectors, double[] Values, double[] Shares) Principal(Matrix x, int most)
    {
        for (var c = 0; c < x.Columns; c++)
        {
            var mean = 0.0;
            for (var r = 0; r < x.Rows; r++) mean += x[r, c] / x.Rows;
            for (var r = 0; r < x.Rows; r++) x[r, c] -= mean;
        }

        var variance = x.FrobeniusNorm() * x.FrobeniusNorm();
        var svd = WeightSvd.Of(x);
        var count = Math.Min(most, Math.Min(svd.Count, x.Rows - 1));
        double[] values = [.. svd.Values.Take(count)];
        return (svd.Rows(svd.Top(count)), values, [.. values.Select(s => s * s / variance)]);
    }

    private AdapterSettings Share(AdapterSettings settings, Dictionary<string,
        (float[] Vectors, double[] Values, double[] Shares)> directions)
    {
        var alpha = settings.Alpha ?? 2 * settings.CommonRank;
        var ranks = directions.SelectMany(d => d.Value.Shares.Select(share => (Path: d.Key, share))).OrderByDescending(d => d.share)
            .Take(settings.CommonRank * directions.Count).GroupBy(d => d.Path).ToDictionary(g => g.Key, g => g.Count());
        // With the scale alpha / sqrt(r) the numerator follows the root.
        double AlphaOf(int rank) =>
            alpha * (OptionsIn(settings).RsLora ? Math.Sqrt((double)rank / settings.CommonRank)
            : (double)rank / settings.CommonRank);
        return settings with
        {
            Targets = AdapterTargets.Of(directions.Keys.Where(ranks.ContainsKey)),
            RankPattern = ranks.ToDictionary(r => r.Key, r => r.Value),
            AlphaPattern = ranks.ToDictionary(r => r.Key, r => AlphaOf(r.Value)),
        };
    }

    private static IReadOnlyList<int[]> Random(AdapterSet set)
    {
        var (key, config) = (new RandomKey(set.Settings.StartSeed), set.Model.Config);
        var length = Math.Min(RandomTokens, set.Model.MaxLength);
        return [.. Enumerable.Range(0, (RandomTokens + length - 1) / length).Select(s =>
            Enumerable.Range(0, length)
            .Select(i => (int)(config.VocabSize * key.UniformDouble(RandomPurpose.AdapterInit, 0, (uint)s, 11, (uint)i))).ToArray())];
    }

    private static double Rho(AdapterSettings settings) => OptionsIn(settings).Rho;

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Rho(settings) > 1 && settings.RankPattern.Count == 0 ? null : base.Count(config, settings);

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = base.ToPeft(adapter, baseModel)!;
        config["eva_config"] = new JsonObject
        {
            ["rho"] = Rho(adapter.Settings),
            ["tau"] = 0.99,
            ["use_label_mask"] = true,
            ["label_mask_value"] = -100,
            ["whiten"] = OptionsIn(adapter.Settings).Whiten,
            ["adjust_scaling_factors"] = true,
        };
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config)
    {
        var settings = base.FromPeft(config);
        if (settings is null || config["eva_config"]?["rho"] is not JsonValue rho || PeftConfig.NumberOf(rho) is not { } value)
            return settings;
        var options = OptionsIn(settings) with
        {
            Rho = value,
            Whiten = config["eva_config"]?["whiten"]?.GetValueKind() == System.Text.Json.JsonValueKind.True,
        };
        return settings with { Options = AdapterSettings.Values(options) };
    }

    private protected override bool Reads(PeftConfig config) => !config.Flag("use_dora") && InitOf(config) == "eva";
}

/// <summary>EVA's options.</summary>
public sealed record EvaOptions : ScaleOptions
{
    /// <summary>Directions that a layer may get, as a multiple of rank; 1 gives each layer the same rank.</summary>
    [Bounds(1, double.PositiveInfinity)]
    public double Rho { get; init; } = 1;

    /// <summary>Whether each direction is divided by the root of its singular value.</summary>
    public bool Whiten { get; init; }
}
