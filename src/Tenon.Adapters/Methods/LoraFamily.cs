using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models;
using Tenon.Models.Config;

namespace Tenon.Adapters.Methods;

/// <summary>
/// What LoRA, rsLoRA and DoRA share: low-rank factors A [r, in] uniform in +-1/sqrt(in) and B [out, r] zero beside each linear layer. They differ in the scale
/// (alpha / r, or alpha / sqrt(r)) and in DoRA's magnitudes.
/// </summary>
public abstract class LoraFamily : AdapterMethod
{
    private protected virtual bool RankStabilized => false;

    private protected virtual bool Magnitudes => false;

    /// <inheritdoc/>
    public override AdapterSet Create(CausalModel model, AdapterSettings settings)
    {
        var set = new AdapterSet("default", this, settings, model);
        var index = 0;
        foreach (var layer in Targets.Linears(model, settings))
        {
            var rank = settings.RankOf(layer.Path);
            if (rank < 1) throw new TenonException($"rank of '{layer.Path}'", "a positive integer", $"{rank}", usage: true);
            var scale = (float)(settings.AlphaOf(layer.Path) / (IsRankStabilized(settings) ? Math.Sqrt(rank) : rank));
            var part = Magnitudes ? new DoraLayer(layer, rank, scale) : new LoraLayer(layer, rank, scale);
            AdapterInit.Uniform(part.A, settings.Seed, index++, 0, 1 / Math.Sqrt(layer.Inputs));
            set.Add(part);
        }

        return set.Attach();
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Sum(s => settings.RankOf(s.Path) * (s.Inputs + s.Outputs) + (Magnitudes ? s.Outputs : 0));

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = PeftConfig.Create("LORA", baseModel);
        var settings = adapter.Settings;
        config["r"] = settings.Rank;
        config["lora_alpha"] = Whole(settings.Alpha ?? 2 * settings.Rank);
        config["lora_dropout"] = settings.Dropout;
        config["use_rslora"] = IsRankStabilized(settings);
        config["use_dora"] = Magnitudes;
        config["rank_pattern"] = new JsonObject(settings.RankPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));
        config["alpha_pattern"] = new JsonObject(settings.AlphaPattern.Select(p => KeyValuePair.Create(p.Key, Whole(p.Value))));
        config["target_modules"] = Targets.Saved(adapter.Model.Config, settings);
        return config;
    }

    private bool IsRankStabilized(AdapterSettings settings) => RankStabilized || settings.Options.GetValueOrDefault("rs-lora") == "true";

    private static JsonNode? Whole(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e15 ? (long)value : value;
}
