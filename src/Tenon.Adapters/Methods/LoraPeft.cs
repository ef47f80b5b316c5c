using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;

namespace Tenon.Adapters.Methods;

/// <summary>PEFT's <c>LORA</c> type, which the methods of LoRA's family share: its fields, its starts, what PEFT and vLLM refuse.</summary>
internal static class LoraPeft
{
    /// <summary><c>peft_type</c>.</summary>
    public const string Type = "LORA";

    private const string Niter = "pissa_niter_";

    /// <summary>
    /// The starts that <c>init_lora_weights</c> may name, and whether the start is taken off the weight: what vLLM does not do.
    /// </summary>
    private static readonly Dictionary<string, bool> S_inits = new()
    {
        ["gaussian"] = false, ["eva"] = false, ["olora"] = true, ["pissa"] = true, ["corda"] = true, ["loftq"] = true,
        ["orthogonal"] = false, ["lora_ga"] = true, ["mica"] = false,
    };

    /// <summary>What PEFT's code does with the type.</summary>
    public static PeftTraits Traits { get; } = new(Type, """
            {"r": 8, "target_modules": null, "exclude_modules": null, "lora_alpha": 8, "lora_dropout": 0.0, "fan_in_fan_out": false, "bias": "none",
            "use_rslora": false, "modules_to_save": null, "init_lora_weights": true, "layers_to_transform": null, "layers_pattern": null, "rank_pattern": {},
            "alpha_pattern": {}, "megatron_config": null, "megatron_core": "megatron.core", "trainable_token_indices": null, "loftq_config": {},
            "eva_config": null, "corda_config": null, "lora_ga_config": null, "use_dora": false, "velora_config": null, "alora_invocation_tokens": null,
            "use_qalora": false, "qalora_group_size": 16, "monteclora_config": null, "layer_replication": null, "lora_bias": false, "target_parameters": null,
            "use_bdlora": null, "arrow_config": null, "kasa_config": null, "ensure_weight_tying": false}
            """)
    {
        LayersNeedList = true,
        PatternNeedsLayers = true,
        Carries = [ModuleKind.Linear, ModuleKind.Head, ModuleKind.Embedding],
        CarriesWords = "a linear layer or the embedding",
        Faults = Faults,
        VllmObstacle = VllmObstacle,
    };

    /// <summary>A plain LoRA of one rank and scale 1.</summary>
    public static PeftConfig Plain(string baseModel, int rank)
    {
        var config = PeftConfig.Create(Type, baseModel);
        config["r"] = rank;
        config["lora_alpha"] = rank;
        return config;
    }

    private static string? VllmObstacle(PeftConfig config)
    {
        if (config.Flag("use_dora")) return "it refuses use_dora";
        return NameOf(config) is { } init && (S_inits.GetValueOrDefault(init) || init.StartsWith(Niter, StringComparison.Ordinal))
            ? $"it would leave the start of '{init}' in the weights, where PEFT subtracts it" : null;
    }

    private static string? NameOf(PeftConfig config) =>
        config["init_lora_weights"] is { } init && init.GetValueKind() == JsonValueKind.String ? init.GetValue<string>() : null;

    private static IEnumerable<string> Faults(PeftConfig config)
    {
        if (config.Number("lora_alpha") == 0) yield return "'lora_alpha' 0 switches the adapter off";
        var init = config["init_lora_weights"];
        var isFlag = init?.GetValueKind() is JsonValueKind.True or JsonValueKind.False;
        if (!isFlag)
        {
            var name = NameOf(config);
            if (name is null) yield return $"unknown initialization init_lora_weights={init?.ToJsonString() ?? "null"}";
            else if (name.StartsWith(Niter, StringComparison.Ordinal))
            {
                if (!int.TryParse(name[Niter.Length..], out _))
                    yield return $"init_lora_weights '{name}' needs a whole number at its end, as in pissa_niter_16";
            }
            else if (!S_inits.ContainsKey(name.ToLowerInvariant()))
                yield return $"unknown initialization init_lora_weights='{name}'; it must be true, false, pissa_niter_N or one of "
                    + $"{string.Join(", ", S_inits.Keys)}";
            if (name == "loftq" && config["loftq_config"] is not JsonObject { Count: > 0 })
                yield return "'loftq_config' must be specified when 'init_lora_weights' is 'loftq'";
            if (name == "orthogonal" && PeftRules.Ranks(config).FirstOrDefault(r => r % 2 != 0) is > 0 and var odd)
                yield return $"orthogonal initialization requires the LoRA rank to be even, got {odd} instead";
        }

        if (config.Flag("lora_bias") && !isFlag) yield return "'lora_bias' is only supported with init_lora_weights true or false";
        if (config.Flag("lora_bias") && config.Flag("use_dora")) yield return "'lora_bias' is not supported for DoRA";
        if (config.Flag("use_dora") && config["megatron_config"] is not null) yield return "DoRA does not support megatron_core";
        if (config["target_parameters"]?.GetValueKind() == JsonValueKind.String)
            yield return "'target_parameters' must be a list of strings or null";
    }
}
