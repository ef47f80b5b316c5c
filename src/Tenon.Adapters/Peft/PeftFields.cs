// The fields of a PEFT type's configuration with their defaults, as the dataclasses of PEFT 0.21.2 declare them: those that all types have
// stand here, a type's own in the file of its method. Left out: runtime_config, which is never saved, and types that are no adapters of a
// causal model's layers (prompts, prefixes, mixtures).
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

    /// <summary>The types that can be read and written.</summary>
    internal static IReadOnlyCollection<string> Types => PeftTraits.Types;

    /// <summary>All fields of a type with their defaults, in a new object; null for an unknown type.</summary>
    internal static JsonObject? Defaults(string type)
    {
        if (PeftTraits.Of(type).Fields is not { } own) return null;
        var fields = (JsonObject)PythonJson.Parse(Common)!;
        foreach (var (key, value) in (JsonObject)PythonJson.Parse(own)!) fields[key] = value?.DeepClone();
        fields["peft_type"] = type;
        fields["peft_version"] = Version;
        return fields;
    }
}
