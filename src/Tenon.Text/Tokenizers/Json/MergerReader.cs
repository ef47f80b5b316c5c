using System.Text.Json;
using Tenon.Checkpoints;

namespace Tenon.Text.Tokenizers.Json;

/// <summary>Reads <c>model.merges</c> and what else decides how a piece is merged.</summary>
internal static class MergerReader
{
    /// <summary>The merger of a model.</summary>
    public static BpeMerger Read(JsonFields model, Dictionary<string, int> vocabulary)
    {
        var unknown = model.String("unk_token") is { } name
            ? vocabulary.TryGetValue(name, out var id) ? id : throw model.Wrong("unk_token", "a token of the vocabulary", $"'{name}'")
            : (int?)null;
        var settings = new MergeSettings(model.Bool("ignore_merges") ?? false, unknown, model.Bool("fuse_unk") ?? false);
        if (!model.Has("merges")) throw model.Missing("merges", "a list of merges");
        return new BpeMerger(vocabulary, Merges(model), settings, model.File);
    }

    /// <summary>Merges stand as pairs, or as one text with a space between.</summary>
    private static IEnumerable<(string, string)> Merges(JsonFields model)
    {
        var i = 0;
        foreach (var merge in model.Items("merges"))
        {
            yield return merge.ValueKind switch
            {
                JsonValueKind.Array when Pair(merge) is { } pair => pair,
                JsonValueKind.String when Halves(merge.GetString()!) is { } pair => pair,
                _ => throw model.Wrong($"merges.{i}", "two parts: \"a b\" or [\"a\", \"b\"]", merge),
            };
            i++;
        }
    }

    private static (string, string)? Pair(JsonElement merge) =>
        merge.GetArrayLength() == 2 && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String
            ? (merge[0].GetString()!, merge[1].GetString()!) : null;

    private static (string, string)? Halves(string text)
    {
        var space = text.IndexOf(' ');
        return space > 0 && space < text.Length - 1 && text.IndexOf(' ', space + 1) < 0 ? (text[..space], text[(space + 1)..]) : null;
    }
}
