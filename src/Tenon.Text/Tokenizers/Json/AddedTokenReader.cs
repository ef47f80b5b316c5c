using Tenon.Checkpoints;

namespace Tenon.Text.Tokenizers.Json;

/// <summary>Reads <c>added_tokens</c>: tokens that are found in the text before everything else.</summary>
internal static class AddedTokenReader
{
    /// <summary>The added tokens; one that the vocabulary holds too has the id that it has there.</summary>
    public static IReadOnlyList<AddedToken> Read(JsonFields root, IReadOnlyDictionary<string, int> vocabulary)
    {
        var result = new List<AddedToken>();
        var byContent = new Dictionary<string, int>(StringComparer.Ordinal);
        var byId = vocabulary.ToDictionary(v => v.Value, v => v.Key);
        foreach (var t in root.Objects("added_tokens"))
        {
            var token = Read(t);
            if (!byContent.TryAdd(token.Content, token.Id))
            {
                throw t.Wrong("content", "every added token once", $"'{token.Content}' with ids {byContent[token.Content]} and {token.Id}");
            }
            if (vocabulary.TryGetValue(token.Content, out var id) && id != token.Id)
                throw t.Wrong("id", $"{id}, the id of '{token.Content}' in the vocabulary", $"{token.Id}");
            if (!byId.TryAdd(token.Id, token.Content) && byId[token.Id] != token.Content)
                throw t.Wrong("id", "an id of its own", $"{token.Id}, as '{byId[token.Id]}'");
            result.Add(token);
        }
        return result;
    }

    private static AddedToken Read(JsonFields t) => new(
        VocabularyReader.Id(t, "id", t.Get("id") ?? throw t.Missing("id", "the token's id")), t.RequiredString("content"),
        t.Bool("special") ?? false, t.Bool("normalized") ?? false, t.Bool("lstrip") ?? false, t.Bool("rstrip")
        ?? false, t.Bool("single_word") ?? false);
}
