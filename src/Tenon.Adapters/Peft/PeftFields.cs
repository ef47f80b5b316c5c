// The fields of every PEFT type's configuration with their defaults, as the dataclasses of PEFT 0.21.2 declare them. Left out:
// runtime_config, which is never saved,
// and types that are no adapters of a causal model's layers (prompts, prefixes, mixtures).
using System.Text.Json.Nodes;
using Tenon.Text.Templates;

namespace Tenon.Adapters.Peft;

/// <summary>Which fields a configuration has, and what stands in them when nobody says otherwise.</summary>
internal static class PeftFields
{
    /// <summary>The version whose format is written.</summary>
    internal const string Version = "0.21.2";

    /// <summary>
    /// Fields that every type has. <c>inference_mode</c> is true in what <c>save_pretrained</c> writes, and means nothing to a reader.
    /// </summary>
    private const string Common = """
        {"auto_mapping": null, "base_model_name_or_path": null, "inference_mode": true, "peft_type": null, "peft_version": null, "revision": null, "task_type": null}
        """;

    private static readonly Dictionary<string, string> Own = new()
    {
        ["LORA"] = """
            {"r": 8, "target_modules": null, "exclude_modules": null, "lora_alpha": 8, "lora_dropout": 0.0, "fan_in_fan_out": false, "bias": "none",
            "use_rslora": false, "modules_to_save": null, "init_lora_weights": true, "layers_to_transform": null, "layers_pattern": null, "rank_pattern": {},
            "alpha_pattern": {}, "megatron_config": null, "megatron_core": "megatron.core", "trainable_token_indices": null, "loftq_config": {},
            "eva_config": null, "corda_config": null, "lora_ga_config": null, "use_dora": false, "velora_config": null, "alora_invocation_tokens": null,
            "use_qalora": false, "qalora_group_size": 16, "monteclora_config": null, "layer_replication": null, "lora_bias": false, "target_parameters": null,
            "use_bdlora": null, "arrow_config": null, "kasa_config": null, "ensure_weight_tying": false}
            """,
        ["ADALORA"] = """
            {"r": 8, "target_modules": null, "exclude_modules": null, "lora_alpha": 8, "lora_dropout": 0.0, "fan_in_fan_out": false, "bias": "none",
            "use_rslora": false, "modules_to_save": null, "init_lora_weights": true, "layers_to_transform": null, "layers_pattern": null, "rank_pattern": null,
            "alpha_pattern": {}, "megatron_config": null, "megatron_core": "megatron.core", "trainable_token_indices": null, "loftq_config": {},
            "eva_config": null, "corda_config": null, "lora_ga_config": null, "use_dora": false, "velora_config": null, "alora_invocation_tokens": null,
            "use_qalora": false, "qalora_group_size": 16, "monteclora_config": null, "layer_replication": null, "lora_bias": false, "target_parameters": null,
            "use_bdlora": null, "arrow_config": null, "kasa_config": null, "ensure_weight_tying": false, "target_r": 8, "init_r": 12, "tinit": 0, "tfinal": 0,
            "deltaT": 1, "beta1": 0.85, "beta2": 0.85, "orth_reg_weight": 0.5, "total_step": null}
            """,
        ["BOFT"] = """
            {"boft_block_size": 4, "boft_block_num": 0, "boft_n_butterfly_factor": 1, "target_modules": null, "exclude_modules": null, "boft_dropout": 0.0,
            "fan_in_fan_out": false, "bias": "none", "modules_to_save": null, "init_weights": true, "layers_to_transform": null, "layers_pattern": null}
            """,
        ["C3A"] = """
            {"block_size": 256, "target_modules": null, "bias": "none", "modules_to_save": null, "layers_to_transform": null, "layers_pattern": null,
            "block_size_pattern": {}, "init_weights": "xavier_uniform"}
            """,
        ["DELORA"] = """
            {"r": 8, "delora_lambda": 15, "module_dropout": 0.0, "target_modules": null, "exclude_modules": null, "bias": "none", "init_weights": true,
            "layers_to_transform": null, "layers_pattern": null, "rank_pattern": {}, "lambda_pattern": {}, "modules_to_save": null}
            """,
        ["FOURIERFT"] = """
            {"n_frequency": 1000, "scaling": 150.0, "random_loc_seed": 777, "fan_in_fan_out": false, "target_modules": null, "exclude_modules": null,
            "bias": "none", "modules_to_save": null, "layers_to_transform": null, "layers_pattern": null, "n_frequency_pattern": {}, "init_weights": false}
            """,
        ["GRALORA"] = """
            {"r": 32, "hybrid_r": 0, "target_modules": null, "alpha": 64, "gralora_dropout": 0.0, "gralora_k": 2, "fan_in_fan_out": false, "bias": "none",
            "modules_to_save": null, "init_weights": true, "layers_to_transform": null, "layers_pattern": null}
            """,
        ["HIRA"] = """
            {"r": 32, "target_modules": null, "exclude_modules": null, "hira_dropout": 0.0, "fan_in_fan_out": false, "modules_to_save": null,
            "init_weights": true, "layers_to_transform": null, "layers_pattern": null, "rank_pattern": {}}
            """,
        ["HRA"] = """
            {"r": 8, "apply_GS": false, "target_modules": null, "exclude_modules": null, "init_weights": true, "layers_to_transform": null,
            "layers_pattern": null, "bias": "none", "modules_to_save": null}
            """,
        ["IA3"] = """
            {"target_modules": null, "exclude_modules": null, "feedforward_modules": null, "fan_in_fan_out": false, "modules_to_save": null,
            "init_ia3_weights": true}
            """,
        ["LN_TUNING"] = """
            {"target_modules": null, "exclude_modules": null, "modules_to_save": null}
            """,
        ["LOHA"] = """
            {"rank_pattern": {}, "alpha_pattern": {}, "r": 8, "alpha": 8, "rank_dropout": 0.0, "module_dropout": 0.0, "use_effective_conv2d": false,
            "target_modules": null, "exclude_modules": null, "init_weights": true, "layers_to_transform": null, "layers_pattern": null, "modules_to_save": null}
            """,
        ["LOKR"] = """
            {"rank_pattern": {}, "alpha_pattern": {}, "r": 8, "alpha": 8, "rank_dropout": 0.0, "module_dropout": 0.0, "use_effective_conv2d": false,
            "decompose_both": false, "decompose_factor": -1, "rank_dropout_scale": false, "target_modules": null, "exclude_modules": null, "init_weights": true,
            "layers_to_transform": null, "layers_pattern": null, "modules_to_save": null}
            """,
        ["MISS"] = """
            {"r": 64, "miss_dropout": 0.0, "mini_r": 1, "target_modules": null, "exclude_modules": null, "init_weights": true, "layers_to_transform": null,
            "layers_pattern": null, "bias": "none", "modules_to_save": null}
            """,
        ["OFT"] = """
            {"r": 0, "oft_block_size": 32, "module_dropout": 0.0, "target_modules": null, "fan_in_fan_out": false, "bias": "none", "exclude_modules": null,
            "init_weights": true, "layers_to_transform": null, "layers_pattern": null, "modules_to_save": null, "coft": false, "eps": 6e-05,
            "block_share": false, "use_cayley_neumann": true, "num_cayley_neumann_terms": 5}
            """,
        ["PSOFT"] = """
            {"r": 32, "target_modules": null, "exclude_modules": null, "psoft_alpha": 32, "psoft_dropout": 0.0, "fan_in_fan_out": false,
            "ab_svd_init": "psoft_init", "psoft_svd": "full", "psoft_svd_lowrank_niter": 10, "random_seed": 0, "psoft_orth": true, "psoft_mag_b": true,
            "psoft_mag_a": true, "use_cayley_neumann": false, "num_cayley_neumann_terms": 5, "cayley_neumann_eps": null, "modules_to_save": null,
            "init_weights": true, "layers_to_transform": null, "layers_pattern": null}
            """,
        ["RANDLORA"] = """
            {"r": 32, "target_modules": null, "projection_prng_key": 0, "save_projection": true, "sparse": false, "very_sparse": false, "randlora_dropout": 0.0,
            "fan_in_fan_out": false, "randlora_alpha": 640, "bias": "none", "modules_to_save": null, "init_weights": true, "layers_to_transform": null,
            "layers_pattern": null}
            """,
        ["ROAD"] = """
            {"variant": "road_1", "group_size": 64, "init_weights": true, "target_modules": null, "modules_to_save": null}
            """,
        ["SHIRA"] = """
            {"r": 32, "mask_type": "random", "random_seed": null, "target_modules": null, "fan_in_fan_out": false, "init_weights": true,
            "modules_to_save": null}
            """,
        ["TINYLORA"] = """
            {"r": 2, "u": 64, "weight_tying": 0.0, "projection_seed": 42, "save_projection": true, "init_v_bound": 0.02, "target_modules": null,
            "tinylora_dropout": 0.0, "fan_in_fan_out": false, "bias": "none", "modules_to_save": null, "init_weights": true, "layers_to_transform": null,
            "layers_pattern": null}
            """,
        ["TRAINABLE_TOKENS"] = """
            {"token_indices": [], "target_modules": null, "init_weights": true}
            """,
        ["VBLORA"] = """
            {"r": 4, "num_vectors": 256, "vector_length": 256, "topk": 2, "target_modules": null, "exclude_modules": null, "save_only_topk_weights": false,
            "vblora_dropout": 0.0, "fan_in_fan_out": false, "bias": "none", "modules_to_save": null, "init_vector_bank_bound": 0.02, "init_logits_std": 0.1,
            "layers_to_transform": null, "layers_pattern": null}
            """,
        ["VERA"] = """
            {"r": 256, "target_modules": null, "projection_prng_key": 0, "save_projection": true, "vera_dropout": 0.0, "d_initial": 0.1, "fan_in_fan_out": false,
            "bias": "none", "modules_to_save": null, "init_weights": true, "layers_to_transform": null, "layers_pattern": null}
            """,
        ["WAVEFT"] = """
            {"n_frequency": 2592, "scaling": 25.0, "wavelet_family": "db1", "use_idwt": true, "random_loc_seed": 777, "fan_in_fan_out": false,
            "target_modules": null, "exclude_modules": null, "bias": "none", "modules_to_save": null, "layers_to_transform": null, "layers_pattern": null,
            "n_frequency_pattern": {}, "proportional_parameters": false, "init_weights": true}
            """,
    };

    /// <summary>The types that can be read and written.</summary>
    internal static IReadOnlyCollection<string> Types => Own.Keys;

    /// <summary>All fields of a type with their defaults, in a new object; null for an unknown type.</summary>
    internal static JsonObject? Defaults(string type)
    {
        if (!Own.TryGetValue(type, out var own)) return null;
        var fields = (JsonObject)PythonJson.Parse(Common)!;
        foreach (var (key, value) in (JsonObject)PythonJson.Parse(own)!) fields[key] = value?.DeepClone();
        fields["peft_type"] = type;
        fields["peft_version"] = Version;
        return fields;
    }
}
