using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Checkpoints;
using Tenon.Checkpoints.Gguf;
using Tenon.Text.Templates;
using Tenon.Text.Tokenizers.Gguf;

namespace Tenon.Text.Tokenizers;

/// <summary>A tokenizer with what belongs to it: chat templates, special tokens, and the files it came from.</summary>
public sealed class TokenizerSource
{
    private static readonly string[] SpecialNames =
        ["bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"];
    private readonly Action<string> _write;

    private TokenizerSource(string location, ITokenizer tokenizer, ChatTemplates? templates, IReadOnlyDictionary<string,
        string?> specialTokens, Action<string> write)
    {
        (Location, Tokenizer, Templates, SpecialTokens, _write) = (location, tokenizer, templates, specialTokens, write);
    }

    /// <summary>Where it was read from.</summary>
    public string Location { get; }

    /// <summary>The tokenizer.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>The chat templates, or null where there is none.</summary>
    public ChatTemplates? Templates { get; }

    /// <summary>The template of conversations without tools; null where there is none, or where a list names no default.</summary>
    public string? ChatTemplate => Templates?.Default;

    /// <summary><c>bos_token</c>, <c>eos_token</c>, <c>pad_token</c>, <c>unk_token</c> by name, where the files say them.</summary>
    public IReadOnlyDictionary<string, string?> SpecialTokens { get; }

    /// <summary>What a person should know of how it was read (an assumed rule); mostly empty.</summary>
    public IReadOnlyList<string> Notices { get; private init; } = [];

    /// <summary>The end token's id, where the files name it.</summary>
    public int? EosTokenId => SpecialTokens.TryGetValue("eos_token", out var eos) && eos is not null ? Tokenizer.IdOf(eos) : null;

    /// <summary>Writes the tokenizer's files into a model folder.</summary>
    public void WriteTo(string folder) => _write(folder);

    /// <summary>Opens a folder with <c>tokenizer.json</c>, a GGUF file, or <c>tiny</c>.</summary>
    /// <param name="path">The TOKENIZER word.</param>
    /// <param name="pre">The name of the rule that cuts a GGUF file's text, where the file names none or a wrong one.</param>
    public static TokenizerSource Open(string path, string? pre = null)
    {
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            using var file = GgufFile.Open(path);
            return OfGguf(file, pre);
        }

        if (pre is not null) throw NoGguf(path);
        if (path == EmbeddedModel.Name)
            return OfTexts(EmbeddedModel.ReadBytes("tokenizer.json"), EmbeddedModel.ReadBytes("tokenizer_config.json"), path);
        if (!Directory.Exists(path))
            throw new TenonException($"tokenizer '{path}'", "a folder with tokenizer.json, a .gguf file, or tiny", File.Exists(path)
                ? "another file" : "nothing there", usage: true);
        return OfFolder(path);
    }

    /// <summary>The byte-level tokenizer of models that Tenon trains from nothing.</summary>
    public static TokenizerSource ByteLevel() =>
        OfTexts(Encoded(ByteLevelTokenizerFile.TokenizerText()), Encoded(ByteLevelTokenizerFile.ConfigText()), "bytes");

    private static TokenizerSource OfFolder(string folder)
    {
        var tokenizer = TokenizerJson.Load(Path.Combine(folder, "tokenizer.json"));
        var configFile = Path.Combine(folder, "tokenizer_config.json");
        var config = File.Exists(configFile) ? JsonFields.Load(configFile) : (JsonFields?)null;
        var special = config is { } c ? Special(c) : [];
        var mapFile = Path.Combine(folder, "special_tokens_map.json");
        if (File.Exists(mapFile))
            foreach (var (name, token) in Special(JsonFields.Load(mapFile))) special.TryAdd(name, token);
        if (config is { } ids) RequireKnownIds(ids, tokenizer);
        return new TokenizerSource(folder, tokenizer, ChatTemplates.OfFolder(folder, config), special,
            target => TokenizerFiles.Copy(folder, target))
        {
            Notices = special.GetValueOrDefault("eos_token") is { Length: > 0 } end && tokenizer.IdOf(end) is null
                ? [$"'{configFile}' names the end token '{end}', which the tokenizer does not know"] : [],
        };
    }

    internal static TenonException NoGguf(string path) =>
        new("--tokenizer-pre", "a .gguf file; a tokenizer.json says by itself how text is cut", path, "leave it out", usage: true);

    private static TokenizerSource OfGguf(GgufFile file, string? pre)
    {
        var vocabulary = GgufVocabulary.Read(file);
        var (json, notice) = GgufTokenizer.ToJson(file, vocabulary, pre);
        var text = json.ToJsonString();
        var tokenizer = TokenizerJson.Read(JsonFields.Parse(file.Location, Encoded(text)));
        var special = new Dictionary<string, string?>();
        foreach (var (key, name) in
            new[] { ("bos", "bos_token"), ("eos", "eos_token"), ("padding", "pad_token"), ("unknown", "unk_token") })
            if (vocabulary.Id($"{key}_token_id") is { } id) special[name] = vocabulary.Tokens[id];
        var templates = ChatTemplates.OfGguf(file);
        var config = new JsonObject
        {
            ["chat_template"] = templates?.ToJson(), ["clean_up_tokenization_spaces"] = false,
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        };
        foreach (var (name, token) in special) config[name] = token;
        return new TokenizerSource(file.Location, tokenizer, templates, special,
            folder => WriteTexts(folder, Encoded(text), Encoded(config.ToJsonString())))
        {
            Notices = notice is null ? [] : [notice],
        };
    }

    private static TokenizerSource OfTexts(byte[] tokenizerText, byte[] configText, string name)
    {
        var config = JsonFields.Parse(name, configText);
        var tokenizer = TokenizerJson.Read(JsonFields.Parse(name, tokenizerText));
        return new TokenizerSource(name, tokenizer, ChatTemplates.OfConfig(config), Special(config),
            folder => WriteTexts(folder, tokenizerText, configText));
    }

    private static void WriteTexts(string folder, byte[] tokenizer, byte[] config)
    {
        File.WriteAllBytes(Path.Combine(folder, "tokenizer.json"), tokenizer);
        File.WriteAllBytes(Path.Combine(folder, "tokenizer_config.json"), config);
    }

    private static byte[] Encoded(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>Ids of <c>added_tokens_decoder</c> belong to tokens that the tokenizer has under the same id.</summary>
    private static void RequireKnownIds(JsonFields config, ITokenizer tokenizer)
    {
        if (config.Object("added_tokens_decoder") is not { } added) return;
        foreach (var entry in added.Element.EnumerateObject())
        {
            var content = (added.Object(entry.Name) ?? throw added.Missing(entry.Name, "an added token")).RequiredString("content");
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                throw added.Wrong(entry.Name, "an id as its key", $"'{entry.Name}'");
            if (tokenizer.TokenOf(id) is var known && known != content)
                throw added.Wrong(entry.Name, known is null ? $"an id of the tokenizer's {tokenizer.VocabularySize} tokens"
                    : $"'{known}', as in tokenizer.json", $"'{content}'");
        }
    }

    /// <summary>A special token is a text, null, or an object with <c>content</c>.</summary>
    private static Dictionary<string, string?> Special(JsonFields config)
    {
        var result = new Dictionary<string, string?>();
        foreach (var name in SpecialNames)
        {
            if (config.Get(name) is not { } value) continue;
            result[name] = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Object => config.Object(name)!.Value.RequiredString("content"),
                _ => throw config.Wrong(name, "a token's text, or an object with its content", value),
            };
        }

        return result;
    }
}
