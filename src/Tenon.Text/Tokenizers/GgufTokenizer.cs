using System.Text.Json.Nodes;
using Tenon.Checkpoints.Gguf;

namespace Tenon.Text.Tokenizers;

/// <summary>The tokenizer inside a GGUF file, written out as the <c>tokenizer.json</c> that it stands for: one reader serves both, and export writes it to a file.</summary>
internal static class GgufTokenizer
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

    private static string LlamaLike(string digits) =>
        Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|" + digits + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Gpt4o = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string DeepSeekWords = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";

    /// <summary>The file's tokenizer as tokenizer.json; an unknown model or pre-tokenizer name is an error.</summary>
    public static JsonObject ToJson(GgufFile file)
    {
        var model = file.String("tokenizer.ggml.model");
        if (model != "gpt2") throw new TenonException($"tokenizer of {file.Location}", "tokenizer.ggml.model = gpt2 (byte-level BPE)", model ?? "nothing", "this family's tokenizer is not supported");
        var tokens = file.Strings("tokenizer.ggml.tokens") ?? throw Missing(file, "tokenizer.ggml.tokens");
        var merges = file.Strings("tokenizer.ggml.merges") ?? throw Missing(file, "tokenizer.ggml.merges");
        var types = file.Integers("tokenizer.ggml.token_type") ?? [.. tokens.Select(_ => 1L)];
        var name = file.String("tokenizer.ggml.pre") ?? "default";
        var (pre, normalizer, ignoreMerges) = Pre(name, file.Location);
        var vocabulary = new JsonObject();
        var added = new JsonArray();
        for (var i = 0; i < tokens.Length; i++)
        {
            // Types: 1 normal, 3 control (special), 4 user-defined (added, not special), 5 unused (padding of the table).
            if (types[i] is 3 or 4)
                added.Add(new JsonObject { ["id"] = i, ["content"] = tokens[i], ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = types[i] == 3 });
            if (types[i] is not 4 && !vocabulary.ContainsKey(tokens[i])) vocabulary[tokens[i]] = i;
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = normalizer ? new JsonObject { ["type"] = "NFC" } : null,
            ["pre_tokenizer"] = pre,
            ["post_processor"] = PostProcessor(file, tokens),
            ["decoder"] = ByteLevel(false),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null, ["end_of_word_suffix"] = null, ["fuse_unk"] = false,
                ["byte_fallback"] = false, ["ignore_merges"] = ignoreMerges, ["vocab"] = vocabulary, ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)m)]),
            },
        };
    }

    private static TenonException Missing(GgufFile file, string key) => new($"tokenizer of {file.Location}", $"the key {key}", "nothing", "the file holds no whole tokenizer");

    private static (JsonObject Pre, bool Nfc, bool IgnoreMerges) Pre(string name, string location) => name switch
    {
        "llama-bpe" or "llama3" or "llama-v3" => (Split(LlamaLike(@"\p{N}{1,3}")), false, true),
        "qwen2" or "deepseek-r1-qwen" => (Split(LlamaLike(@"\p{N}")), true, false),
        "smollm" => (Sequence(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, ByteLevel(true)), false, false),
        "gpt-2" or "gpt2" or "default" => (ByteLevel(true), false, false),
        "gpt-4o" => (Sequence(SplitStep(Gpt4o, "Removed", true), ByteLevel(false)), false, false),
        "deepseek-v3" => (Sequence(SplitStep(@"\p{N}{1,3}", "Isolated", false), SplitStep("[一-龥぀-ゟ゠-ヿ]+", "Isolated", false), SplitStep(DeepSeekWords, "Isolated", false), ByteLevel(false)), false, false),
        _ => throw new TenonException($"pre-tokenizer of {location}", "tokenizer.ggml.pre one of llama-bpe, qwen2, deepseek-r1-qwen, smollm, gpt-2, default, gpt-4o, deepseek-v3", name, "use the model's Hugging Face folder, whose tokenizer.json says its pattern"),
    };

    private static JsonObject Split(string pattern) => Sequence(SplitStep(pattern, "Isolated", false), ByteLevel(false));

    private static JsonObject SplitStep(string pattern, string behavior, bool invert) =>
        new() { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = behavior, ["invert"] = invert };

    private static JsonObject Sequence(params JsonNode[] steps) => new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(steps) };

    private static JsonObject ByteLevel(bool pattern) => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = pattern };

    private static JsonNode? PostProcessor(GgufFile file, string[] tokens)
    {
        if (file.Bool("tokenizer.ggml.add_bos_token") != true || file.Integer("tokenizer.ggml.bos_token_id") is not { } bos) return null;
        var name = tokens[(int)bos];
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = name, ["type_id"] = 0 } }, new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } }),
            ["pair"] = new JsonArray(),
            ["special_tokens"] = new JsonObject { [name] = new JsonObject { ["id"] = name, ["ids"] = new JsonArray(bos), ["tokens"] = new JsonArray(name) } },
        };
    }
}
