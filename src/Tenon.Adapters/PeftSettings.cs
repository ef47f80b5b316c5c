using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models;

namespace Tenon.Adapters;

/// <summary>From a configuration of PEFT's to the settings of the method that it means.</summary>
internal static class PeftSettings
{
    /// <summary>The settings that a configuration stands for on a model; faults of either throw.</summary>
    public static AdapterSettings Of(PeftConfig config, CausalModel model, string folder)
    {
        var own = AdapterMethod.All.Values.Select(m => m.FromPeft(config)).FirstOrDefault(s => s is not null)
            ?? throw new TenonException($"adapter '{folder}'", "a variant that is supported", $"peft_type {config.PeftType}",
            "PEFT converts many methods to plain LoRA: convert_to_lora", usage: true);
        var choice = TargetModules.Resolve(config, ModelModules.Of(model.Config), model.Config.ModelType);
        RequireNoTiedTarget(config, choice, model);
        var tokens = Tokens(config);
        return own with
        {
            Targets = AdapterTargets.Of(choice.Modules.Select(m => m.Path)),
            Bias = !config.Has("bias") ? "none" : config.Text("bias") switch { null or "none" => "none", "all" => "all", _ => "only" },
            ModulesToSave = config.Has("modules_to_save") ? config.Texts("modules_to_save") ?? [] : [],
            TrainableTokens = tokens.Embedding,
            TrainableHeadTokens = tokens.Head,
            Start = own.Start with { Peft = config, Notices = [.. Notices(config, choice, model)] },
        };
    }

    /// <summary>
    /// A tied embedding and head that share LoRA's factors (<c>ensure_weight_tying</c> on targets) are not supported: taking them apart
    /// would be another function.
    /// </summary>
    private static void RequireNoTiedTarget(PeftConfig config, TargetChoice choice, CausalModel model)
    {
        if (model.IsTied && config.Has("ensure_weight_tying") && config.Flag("ensure_weight_tying")
            && choice.Modules.FirstOrDefault(m => m.Kind is ModuleKind.Embedding or ModuleKind.Head) is { } end)
            throw new TenonException($"'ensure_weight_tying' of {config.Source}", "false where the tied embedding or head is a target",
                $"true, with target '{end.Path}'", "factors that both share are not supported: merge the adapter with PEFT", usage: true);
    }

    /// <summary>What PEFT warns of or passes over in silence, and what leaves the adapter what it is.</summary>
    private static IEnumerable<string> Notices(PeftConfig config, TargetChoice choice, CausalModel model)
    {
        if (config.IgnoredKeys.Count > 0)
            yield return $"{config.Source}: keys that {config.PeftType} does not have are ignored: {string.Join(", ", config.IgnoredKeys)}";
        foreach (var note in choice.Notes) yield return $"{config.Source}: {note} (passed over)";
        if (config.Has("modules_to_save") && config.Texts("modules_to_save") is { Count: > 0 } saved
            && TargetModules.ToSave(config, ModelModules.Of(model.Config)).Count == 0)
            yield return $"{config.Source}: modules_to_save that the model does not have are ignored: {string.Join(", ", saved)}";
    }

    /// <summary><c>trainable_token_indices</c>: rows of the embedding and, by name alone, rows of the head.</summary>
    private static (IReadOnlyList<int> Embedding, IReadOnlyList<int> Head) Tokens(PeftConfig config)
    {
        if (!config.Has("trainable_token_indices")) return ([], []);
        if (config["trainable_token_indices"] is not JsonObject map) return (config.Ints("trainable_token_indices") ?? [], []);
        if (map.Any(p => p is not { Key: "embed_tokens" or "model.embed_tokens" or "lm_head", Value: JsonArray }))
            throw new TenonException($"'trainable_token_indices' of {config.Source}", "a list, or a dictionary of embed_tokens and lm_head",
                map.ToJsonString(), usage: true);
        return ([.. map.Where(p => p.Key != "lm_head").SelectMany(Ids)], [.. map.Where(p => p.Key == "lm_head").SelectMany(Ids)]);

        static IEnumerable<int> Ids(KeyValuePair<string, JsonNode?> entry) => entry.Value!.AsArray().Select(i => (int)i!);
    }
}
