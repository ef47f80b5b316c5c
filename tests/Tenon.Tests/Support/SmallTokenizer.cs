using System.Text.Json.Nodes;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Support;

/// <summary>
/// The byte-level tokenizer of fresh models as JSON, to be changed by a test: ids 0 to 255 are the bytes, 256 to 258 added tokens.
/// </summary>
internal static class SmallTokenizer
{
    /// <summary>Its <c>tokenizer.json</c>.</summary>
    public static JsonObject Json() => JsonNode.Parse(ByteLevelTokenizerFile.TokenizerText())!.AsObject();

    /// <summary>Its <c>tokenizer_config.json</c>.</summary>
    public static JsonObject Config() => JsonNode.Parse(ByteLevelTokenizerFile.ConfigText())!.AsObject();

    /// <summary>The tokenizer of a changed file.</summary>
    public static ITokenizer With(Action<JsonObject> change)
    {
        var json = Json();
        change(json);
        using var document = System.Text.Json.JsonDocument.Parse(json.ToJsonString());
        return TokenizerJson.Parse(document.RootElement, "tokenizer.json");
    }

    /// <summary>Merges of the vocabulary's tokens, each with its result as a new token.</summary>
    public static void Merge(JsonObject json, params string[] pairs)
    {
        var vocabulary = json["model"]!["vocab"]!.AsObject();
        foreach (var pair in pairs)
        {
            json["model"]!["merges"]!.AsArray().Add(pair);
            vocabulary.TryAdd(pair.Replace(" ", ""), JsonValue.Create(1000 + vocabulary.Count));
        }
    }

    /// <summary>Writes a folder of the two files.</summary>
    public static string Write(string folder, JsonObject? json = null, JsonObject? config = null)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), (json ?? Json()).ToJsonString());
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), (config ?? Config()).ToJsonString());
        return folder;
    }
}
