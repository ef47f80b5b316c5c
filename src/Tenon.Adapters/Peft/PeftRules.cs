// What PEFT checks when a configuration is made (its __post_init__ methods) and when layers are made from it, as far as it needs no model.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Adapters.Peft;

/// <summary>Faults of a configuration.</summary>
internal static class PeftRules
{
    private static readonly string[] TaskTypes =
        ["SEQ_CLS", "SEQ_2_SEQ_LM", "CAUSAL_LM", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION"];

    /// <summary>Everything that is wrong, one sentence each; types of values first, because the rest reads them.</summary>
    internal static IReadOnlyList<string> Faults(PeftConfig config)
    {
        var faults = Types(config).ToList();
        if (faults.Count > 0) return faults;
        var traits = PeftTraits.Of(config.PeftType);
        return [.. Common(config, traits), .. Ranks(config, traits), .. traits.Faults(config)];
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

    private static IEnumerable<string> Common(PeftConfig config, PeftTraits traits)
    {
        if (config.Text("task_type") is { } task && !TaskTypes.Contains(task))
            yield return $"invalid task type '{task}'; it must be one of {string.Join(", ", TaskTypes)}";
        var isPattern = config["target_modules"]?.GetValueKind() == JsonValueKind.String;
        var layers = config.Has("layers_to_transform") && config["layers_to_transform"] is not null;
        var pattern = config.Has("layers_pattern") && config["layers_pattern"] is not null;
        if (isPattern && traits.LayersNeedList)
        {
            if (layers) yield return "'layers_to_transform' cannot be used when 'target_modules' is a string";
            if (pattern) yield return "'layers_pattern' cannot be used when 'target_modules' is a string";
        }
        if (pattern && config.Texts("layers_pattern")!.Any(p => p.Length > 0) && !layers && traits.PatternNeedsLayers)
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

    private static IEnumerable<string> Ranks(PeftConfig config, PeftTraits traits)
    {
        if (!config.Has("r") || traits.RankMayBeZero) yield break;
        foreach (var rank in Ranks(config))
            if (rank <= 0) yield return $"'r' should be a positive integer value but the value passed is {rank}";
    }

    /// <summary><c>r</c> and the ranks of <c>rank_pattern</c>.</summary>
    internal static IEnumerable<double> Ranks(PeftConfig config)
    {
        yield return config.Number("r");
        if (!config.Has("rank_pattern") || !PeftTraits.Of(config.PeftType).PatternsAreRanks) yield break;
        foreach (var rank in config.Patterns("rank_pattern").Values) yield return rank;
    }
}
