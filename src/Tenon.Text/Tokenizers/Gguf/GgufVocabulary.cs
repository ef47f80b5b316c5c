using Tenon.Checkpoints.Gguf;

namespace Tenon.Text.Tokenizers.Gguf;

/// <summary>
/// The tokenizer's lists and ids of a GGUF file, each checked against the number of tokens: a type and a score for each token, ids that
/// there are,
/// every token once.
/// </summary>
internal sealed class GgufVocabulary
{
    private const string Prefix = "tokenizer.ggml.", IdSuffix = "_token_id";
    private const string Hint = "Convert the model again with a present llama.cpp, or use its Hugging Face folder.";

    private readonly GgufFile _file;
    private readonly long[]? _types;

    private GgufVocabulary(GgufFile file, string[] tokens)
    {
        (_file, Tokens) = (file, tokens);
        _types = file.Integers(Prefix + "token_type");
    }

    /// <summary>The tokens; a token's place is its id.</summary>
    public string[] Tokens { get; }

    /// <summary>Reads and checks all that the file says of its tokens.</summary>
    public static GgufVocabulary Read(GgufFile file)
    {
        var tokens = file.Strings(Prefix + "tokens") ?? throw Bad(file, "tokens", "a list of tokens", "nothing");
        if (tokens.Length == 0) throw Bad(file, "tokens", "tokens", "an empty list");
        var result = new GgufVocabulary(file, tokens);
        result.RequireOnce();
        result.RequireTypes();
        if (file.Numbers(Prefix + "scores") is { } scores && scores.Length != tokens.Length)
            throw Bad(file, "scores", $"one for each of {tokens.Length} tokens", $"{scores.Length}");
        foreach (var key in file.Metadata.Keys)
            if (key.StartsWith(Prefix, StringComparison.Ordinal) && key.EndsWith(IdSuffix, StringComparison.Ordinal))
                result.Id(key[Prefix.Length..]);
        return result;
    }

    /// <summary>A control token: added, and special.</summary>
    public bool IsControl(int id) => _types?[id] == 3;

    /// <summary>A token that the user defined: added, and not special.</summary>
    public bool IsUserDefined(int id) => _types?[id] == 4;

    /// <summary>
    /// The id under a key such as <c>bos_token_id</c>, one of a token that there is; null where the file has no such key.
    /// </summary>
    public int? Id(string key) => _file.Integer(Prefix + key) is not { } id ? null
        : id >= 0 && id < Tokens.Length ? (int)id
        : throw Bad(_file, key, $"an id from 0 to {Tokens.Length - 1}, one of the {Tokens.Length} tokens", $"{id}");

    private void RequireOnce()
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < Tokens.Length; i++)
            if (!seen.TryAdd(Tokens[i], i))
                throw Bad(_file, "tokens", "every token once", $"'{Tokens[i]}' with ids {seen[Tokens[i]]} and {i}");
    }

    // Types: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused (padding of the table), 6 byte.
    private void RequireTypes()
    {
        if (_types is null) return;
        if (_types.Length != Tokens.Length)
            throw Bad(_file, "token_type", $"one type for each of {Tokens.Length} tokens", $"{_types.Length} types");
        var odd = Array.FindIndex(_types, t => t is < 1 or > 6);
        if (odd >= 0) throw Bad(_file, "token_type", "types from 1 to 6", $"type {_types[odd]} of token {odd} ('{Tokens[odd]}')");
    }

    private static TenonException Bad(GgufFile file, string key, string expected, string got) =>
        new($"'{file.Location}' has a bad value for '{Prefix}{key}'", expected, got, Hint);
}
