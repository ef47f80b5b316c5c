using System.Text.Json;
using Tenon.Checkpoints;

namespace Tenon.Text.Tokenizers.Json;

/// <summary>Reads <c>model.vocab</c>: every token once, every id once.</summary>
internal static class VocabularyReader
{
    /// <summary>Ids lie below this; a larger one would ask for memory that no vocabulary needs.</summary>
    public const int MaxId = 1 << 24;

    /// <summary>The tokens and their ids.</summary>
    public static Dictionary<string, int> Read(JsonFields model)
    {
        if (model.String("type") is { } type && type != "BPE") throw Parts.Unknown(model, "a model", type, "BPE");
        foreach (var key in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
            if (model.String(key) is { Length: > 0 } value) throw Parts.Unknown(model, $"a {key}", value, "none");
        if (model.Number("dropout") is { } dropout and not 0)
            throw Parts.Unknown(model, "a dropout", $"{dropout}", "none: encoding must be a function of the text");
        if (model.Bool("byte_fallback") == true) throw Parts.Unknown(model, "byte_fallback", "true", "false (byte-level families)");
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var ids = new Dictionary<int, string>();
        foreach (var entry in model.RequiredObject("vocab").Element.EnumerateObject())
        {
            var id = Id(model, $"vocab.{entry.Name}", entry.Value);
            if (!vocabulary.TryAdd(entry.Name, id))
                throw model.Wrong($"vocab.{entry.Name}", "every token once", $"ids {vocabulary[entry.Name]} and {id}");
            if (!ids.TryAdd(id, entry.Name)) throw model.Wrong($"vocab.{entry.Name}", "an id of its own", $"{id}, as '{ids[id]}'");
        }
        return vocabulary.Count > 0 ? vocabulary : throw model.Wrong("vocab", "tokens", "none");
    }

    /// <summary>A token's id.</summary>
    public static int Id(JsonFields at, string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id is >= 0 and < MaxId
            ? id : throw at.Wrong(key, $"an id from 0 to {MaxId - 1}", value);
}
