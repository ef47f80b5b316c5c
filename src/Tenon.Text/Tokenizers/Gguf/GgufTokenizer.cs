using System.Text.Json.Nodes;
using Tenon.Checkpoints.Gguf;

namespace Tenon.Text.Tokenizers.Gguf;

/// <summary>
/// The tokenizer inside a GGUF file, written out as the <c>tokenizer.json</c> that it stands for: one reader serves both, and export writes
/// it to a file.
/// </summary>
internal static class GgufTokenizer
{
    /// <summary>
    /// The file's tokenizer as tokenizer.json, and a note where the rule that cuts its text is not what the file names. An unknown model or
    /// rule is an
    /// error; so is a file without a rule, unless <paramref name="pre"/> names one or the vocabulary leaves no doubt.
    /// </summary>
    public static (JsonObject Json, string? Notice) ToJson(GgufFile file, GgufVocabulary vocabulary, string? pre)
    {
        var model = file.String("tokenizer.ggml.model");
        if (model != "gpt2")
            throw new TenonException($"'{file.Location}' has a tokenizer that is not supported",
                "tokenizer.ggml.model = gpt2 (byte-level BPE)", model ?? "nothing", "Use a model of a supported family.");
        var merges = file.Strings("tokenizer.ggml.merges")
            ?? throw new TenonException($"'{file.Location}' has no key 'tokenizer.ggml.merges'", "a list of merges", "nothing",
            "The file holds no whole tokenizer; convert it again.");
        var (rule, notice) = Rule(file, vocabulary, pre);
        var ordinary = new JsonObject();
        var added = new JsonArray();
        for (var i = 0; i < vocabulary.Tokens.Length; i++)
        {
            if (vocabulary.IsControl(i) || vocabulary.IsUserDefined(i)) added.Add(Added(i, vocabulary.Tokens[i], vocabulary.IsControl(i)));
            if (!vocabulary.IsUserDefined(i)) ordinary[vocabulary.Tokens[i]] = i;
        }

        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = rule.Nfc ? new JsonObject { ["type"] = "NFC" } : null,
            ["pre_tokenizer"] = rule.Steps,
            ["post_processor"] = PostProcessor(file, vocabulary, rule),
            ["decoder"] = GgufPreTokenizer.ByteLevel(false),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false, ["byte_fallback"] = false, ["ignore_merges"] = rule.IgnoreMerges, ["vocab"] = ordinary,
                ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)m)]),
            },
        };
        return (json, notice);
    }

    private static (GgufPreTokenizer Rule, string? Notice) Rule(GgufFile file, GgufVocabulary vocabulary, string? given)
    {
        var stored = file.String("tokenizer.ggml.pre");
        var name = given ?? stored;
        var notice = given is not null && stored is not null && given != stored
            ? $"'{file.Location}' names the pre-tokenizer {stored}; text is cut as {given}, which was asked for" : null;
        if (name is null)
        {
            name = GgufPreTokenizer.Recognise(vocabulary.Tokens) ?? throw new TenonException(
                $"'{file.Location}' does not say how its text is cut (no key 'tokenizer.ggml.pre'), and its vocabulary is none of the "
                + $"known ones", GgufPreTokenizer.Names, "nothing",
                "Name the rule of its family: --tokenizer-pre NAME, or tokenizer-pre: NAME in a recipe; files made before May 2024 can "
                + "also be converted again.");
            notice =
                $"'{file.Location}' does not say how its text is cut (no key 'tokenizer.ggml.pre'); taken as {name}, whose vocabulary "
                + $"it has (--tokenizer-pre NAME says otherwise)";
        }
        return GgufPreTokenizer.Of(name) is { } rule ? (rule, notice)
            : given is not null ? throw new TenonException("--tokenizer-pre", GgufPreTokenizer.Names, name, usage: true)
            : throw new TenonException($"'{file.Location}' has an unknown pre-tokenizer, tokenizer.ggml.pre", GgufPreTokenizer.Names, name,
            "Use the model's Hugging Face folder, whose tokenizer.json says its pattern.");
    }

    private static JsonObject Added(int id, string content, bool special) => new()
    {
        ["id"] = id, ["content"] = content, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false,
        ["special"] = special,
    };

    private static JsonNode? PostProcessor(GgufFile file, GgufVocabulary vocabulary, GgufPreTokenizer rule)
    {
        var begin = Wanted(file, vocabulary, "bos", rule.AddsBegin);
        var end = Wanted(file, vocabulary, "eos", false);
        if (begin is null && end is null) return null;
        var single = new JsonArray();
        var special = new JsonObject();
        if (begin is { } b) single.Add(Token(b));
        single.Add(new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } });
        if (end is { } e) single.Add(Token(e));
        return new JsonObject
        {
            ["type"] = "TemplateProcessing", ["single"] = single, ["pair"] = new JsonArray(),
            ["special_tokens"] = special
        };

        JsonObject Token(int id)
        {
            var name = vocabulary.Tokens[id];
            special[name] = new JsonObject { ["id"] = name, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(name) };
            return new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = name, ["type_id"] = 0 } };
        }
    }

    private static int? Wanted(GgufFile file, GgufVocabulary vocabulary, string which, bool otherwise) =>
        file.Bool($"tokenizer.ggml.add_{which}_token") ?? otherwise ? vocabulary.Id($"{which}_token_id") : null;
}
