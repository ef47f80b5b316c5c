// What PEFT checks when a configuration is made (its __post_init__ methods) and when layers are made from it, as far as it needs no model.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Adapters.Peft;

/// <summary>Faults of a configuration.</summary>
internal static class PeftRules
{
    private static readonly string[] TaskTypes =
        ["SEQ_CLS", "SEQ_2_SEQ_LM", "CAUSAL_LM", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION"];
    private static readonly string[] LayersRefusePattern =
        ["ADALORA", "C3A", "DELORA", "FOURIERFT", "HIRA", "HRA", "LORA", "MISS", "PSOFT", "WAVEFT"];
    private static readonly string[] PatternNeedsLayers =
        ["ADALORA", "BOFT", "DELORA", "FOURIERFT", "HRA", "LOHA", "LOKR", "LORA", "OFT", "PSOFT", "TINYLORA", "VBLORA", "VERA", "WAVEFT"];
    private static readonly string[] Inits = ["gaussian", "eva", "olora", "pissa", "corda", "loftq", "orthogonal", "lora_ga", "mica"];

    /// <summary>Everything that is wrong, one sentence each; types of values first, because the rest reads them.</summary>
    internal static IReadOnlyList<string> Faults(PeftConfig config)
    {
        var faults = Types(config).ToList();
        return faults.Count > 0 ? faults : [.. Common(config), .. Own(config)];
    }

    /// <summary>A value must be of its default's kind; ranks and the like are whole, alphas need not be.</summary>
    private static IEnumerable<string> Types(PeftConfig config)
    {
        foreach (var (field, standard) in PeftFields.Defaults(config.PeftType)!)
        {
            if (standard is not JsonValue
                || field.StartsWith("init_", StringComparison.Ordinal) && standard.GetValueKind() is not JsonValueKind.Number) continue;
            var value = config[field];
            var kind = value?.GetValueKind() ?? JsonValueKind.Null;
            var text = value?.ToJsonString() ?? "null";
            switch (standard.GetValueKind())
            {
                case JsonValueKind.Number:
                    var whole = !standard.ToJsonString().Contains('.') && !standard.ToJsonString().Contains('e') && !field.Contains("alpha")
                        && field != "delora_lambda";
                    if (kind != JsonValueKind.Number) yield return $"'{field}' must be a number, not {text}";
                    else if (whole && text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
                        yield return $"'{field}' must be an integer, not {text}";
                    break;
                case JsonValueKind.True or JsonValueKind.False:
                    if (kind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null))
                        yield return $"'{field}' must be true or false, not {text}";
                    break;
                case JsonValueKind.String:
                    // Versions before 0.18 write no version of their own.
                    if (kind != JsonValueKind.String && (field, kind) != ("peft_version", JsonValueKind.Null))
                        yield return $"'{field}' must be a string, not {text}";
                    break;
            }
        }
        foreach (var field in new[] { "target_modules", "exclude_modules", "modules_to_save", "layers_pattern" })
            if (config.Has(field) && config[field] is { } value
                && !(value.GetValueKind() == JsonValueKind.String
                || value is JsonArray a && a.All(i => i?.GetValueKind() == JsonValueKind.String)))
                yield return $"'{field}' must be a string or a list of strings, not {value.ToJsonString()}";
        foreach (var field in new[] { "rank_pattern", "alpha_pattern", "lambda_pattern", "n_frequency_pattern", "block_size_pattern" })
            if (config.Has(field) && config[field] is { } value and not JsonObject)
                yield return $"'{field}' must be a dictionary of patterns, not {value.ToJsonString()}";
    }

    private static IEnumerable<string> Common(PeftConfig config)
    {
        if (config.Text("task_type") is { } task && !TaskTypes.Contains(task))
            yield return $"invalid task type '{task}'; it must be one of {string.Join(", ", TaskTypes)}";
        var isPattern = config["target_modules"]?.GetValueKind() == JsonValueKind.String;
        var layers = config.Has("layers_to_transform") && config["layers_to_transform"] is not null;
        var pattern = config.Has("layers_pattern") && config["layers_pattern"] is not null;
        if (isPattern && LayersRefusePattern.Contains(config.PeftType))
        {
            if (layers) yield return "'layers_to_transform' cannot be used when 'target_modules' is a string";
            if (pattern) yield return "'layers_pattern' cannot be used when 'target_modules' is a string";
        }
        if (pattern && config.Texts("layers_pattern")!.Any(p => p.Length > 0) && !layers && PatternNeedsLayers.Contains(config.PeftType))
            yield return "when 'layers_pattern' is specified, 'layers_to_transform' must also be specified";
        if (config.Has("bias") && config.Text("bias") is { } bias && bias is not ("none" or "all")
            && !bias.EndsWith("_only", StringComparison.OrdinalIgnoreCase))
            yield return $"unknown bias '{bias}'; it must be none, all or {config.PeftType.ToLowerInvariant()}_only";
        foreach (var field in
            new[] { "lora_dropout", "miss_dropout", "boft_dropout", "vera_dropout", "randlora_dropout", "gralora_dropout", "hira_dropout",
            "vblora_dropout", "tinylora_dropout", "psoft_dropout", "module_dropout", "rank_dropout" })
            if (config.Has(field) && config.Number(field) is < 0 or > 1)
                yield return $"dropout probability '{field}' has to be between 0 and 1, but got {config.Number(field)}";
    }

    private static IEnumerable<string> Own(PeftConfig config)
    {
        var rankMayBeZero = config.PeftType is "OFT" or "ADALORA";
        if (config.Has("r") && !rankMayBeZero)
            foreach (var rank in new[] { config.Number("r") }.Concat(Ranks(config)))
                if (rank <= 0) yield return $"'r' should be a positive integer value but the value passed is {rank}";
        switch (config.PeftType)
        {
            case "LORA":
                foreach (var fault in Lora(config)) yield return fault;
                break;
            case "ADALORA":
                if (config.Int("init_r") < 0)
                    yield return $"'init_r' should be a positive integer or 0, but the value passed is {config.Int("init_r")}";
                if (config["total_step"] is not null && config.Int("tinit") >= config.Int("total_step") - config.Int("tfinal"))
                    yield return "the schedule does not allow for a budgeting phase: decrease tfinal or tinit, or increase total_step";
                break;
            case "IA3":
                if (config["target_modules"] is JsonArray && config["feedforward_modules"] is JsonArray
                    && config.Texts("feedforward_modules")!.Except(config.Texts("target_modules")!).Any())
                    yield return "'feedforward_modules' should be a subset of 'target_modules'";
                break;
            case "MISS":
                if (config["init_weights"]?.GetValueKind() == JsonValueKind.String && config.Text("init_weights") is not ("bat" or "mini"))
                    yield return $"unknown init_weights '{config.Text("init_weights")}'; it must be true, false, bat or mini";
                break;
            case "OFT":
                if (config.Int("r") != 0 && config.Int("oft_block_size") != 0)
                    yield return $"you can only specify either r ({config.Int("r")}) or oft_block_size "
                        + $"({config.Int("oft_block_size")}), but not both: r x oft_block_size == in_features";
                if (config.Int("r") == 0 && config.Int("oft_block_size") == 0) yield return "either r or oft_block_size must be non-zero";
                break;
            case "BOFT":
                if (config.Int("boft_block_size") != 0 && config.Int("boft_block_num") != 0)
                    yield return $"you can only specify either boft_block_size ({config.Int("boft_block_size")}) or boft_block_num "
                        + $"({config.Int("boft_block_num")}), but not both: boft_block_size x boft_block_num == in_features";
                if (config.Int("boft_block_size") == 0 && config.Int("boft_block_num") == 0)
                    yield return "either boft_block_size or boft_block_num must be non-zero";
                break;
            case "ROAD":
                if (config.Int("group_size") % 2 != 0 || config.Int("group_size") <= 0)
                    yield return $"the group_size must be divisible by 2, but got {config.Int("group_size")}";
                break;
            case "GRALORA":
                if (config.Int("gralora_k") <= 0 || config.Int("r") % config.Int("gralora_k") != 0)
                    yield return $"r should be divisible by gralora_k, but got {config.Int("r")} and {config.Int("gralora_k")}";
                break;
            case "TINYLORA":
                if (config.Number("weight_tying") is < 0 or > 1)
                    yield return $"'weight_tying' should be between 0.0 and 1.0 but the value passed is {config.Number("weight_tying")}";
                break;
            case "FOURIERFT" or "WAVEFT":
                if (config.Int("n_frequency") <= 0)
                    yield return $"'n_frequency' should be a positive integer value but the value passed is {config.Int("n_frequency")}";
                break;
        }
    }

    private static IEnumerable<string> Lora(PeftConfig config)
    {
        if (config.Number("lora_alpha") == 0) yield return "'lora_alpha' 0 switches the adapter off";
        var init = config["init_lora_weights"];
        var isFlag = init?.GetValueKind() is JsonValueKind.True or JsonValueKind.False;
        if (!isFlag)
        {
            var name = init?.GetValueKind() == JsonValueKind.String ? init.GetValue<string>() : null;
            const string Niter = "pissa_niter_";
            if (name is null) yield return $"unknown initialization init_lora_weights={init?.ToJsonString() ?? "null"}";
            else if (name.StartsWith(Niter, StringComparison.Ordinal))
            {
                if (!int.TryParse(name[Niter.Length..], out _))
                    yield return $"init_lora_weights '{name}' needs a whole number at its end, as in pissa_niter_16";
            }
            else if (!Inits.Contains(name.ToLowerInvariant()))
                yield return $"unknown initialization init_lora_weights='{name}'; it must be true, false, pissa_niter_N or one of "
                    + $"{string.Join(", ", Inits)}";
            if (name == "loftq" && config["loftq_config"] is not JsonObject { Count: > 0 })
                yield return "'loftq_config' must be specified when 'init_lora_weights' is 'loftq'";
            if (name == "orthogonal"
                && new[] { config.Number("r") }.Concat(Ranks(config)).FirstOrDefault(r => r % 2 != 0) is > 0 and var odd)
                yield return $"orthogonal initialization requires the LoRA rank to be even, got {odd} instead";
        }
        if (config.Flag("lora_bias") && !isFlag) yield return "'lora_bias' is only supported with init_lora_weights true or false";
        if (config.Flag("lora_bias") && config.Flag("use_dora")) yield return "'lora_bias' is not supported for DoRA";
        if (config.Flag("use_dora") && config["megatron_config"] is not null) yield return "DoRA does not support megatron_core";
        if (config["target_parameters"]?.GetValueKind() == JsonValueKind.String)
            yield return "'target_parameters' must be a list of strings or null";
    }

    private static IEnumerable<double> Ranks(PeftConfig config) =>
        config.Has("rank_pattern") && config.PeftType != "ADALORA" ? config.Patterns("rank_pattern").Values : [];
}
