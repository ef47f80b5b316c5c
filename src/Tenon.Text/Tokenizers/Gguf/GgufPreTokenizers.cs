using System.Text.Json.Nodes;
using Tenon.Text.Tokenizers.Json;

namespace Tenon.Text.Tokenizers.Gguf;

/// <summary>How a GGUF file's text is cut before merging, by the names of <c>tokenizer.ggml.pre</c>.</summary>
/// <param name="Steps">The pre-tokenizer as <c>tokenizer.json</c> writes it.</param>
/// <param name="Nfc">Text is put into form C first.</param>
/// <param name="IgnoreMerges">A piece that is a token as a whole is taken without merging.</param>
/// <param name="AddsBegin">A begin token is added where the file does not say.</param>
internal sealed record GgufPreTokenizer(JsonObject Steps, bool Nfc = false, bool IgnoreMerges = false, bool AddsBegin = false)
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

    private const string Lower = @"\p{Ll}\p{Lm}\p{Lo}\p{M}", Upper = @"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", Before = @"[^\r\n\p{L}\p{N}]?";

    private const string Gpt4o = $"{Before}[{Upper}]*[{Lower}]+{Contractions}?|{Before}[{Upper}]+[{Lower}]*{Contractions}?"
        + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string DeepSeekWords = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
        + "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";

    private static readonly Dictionary<string, Func<GgufPreTokenizer>> Known = new()
    {
        ["llama-bpe"] = Llama3,
        ["llama3"] = Llama3,
        ["llama-v3"] = Llama3,
        ["qwen2"] = Qwen2,
        ["deepseek-r1-qwen"] = Qwen2,
        ["smollm"] = () => new(Sequence(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, ByteLevel(true))),
        ["gpt-2"] = Gpt2,
        ["gpt2"] = Gpt2,
        ["gpt-4o"] = () => new(Sequence(Split(Gpt4o, "Removed", true), ByteLevel(false))),
        ["deepseek-v3"] = () => new(Sequence(Split(@"\p{N}{1,3}"), Split("[一-龥぀-ゟ゠-ヿ]+"), Split(DeepSeekWords), ByteLevel(false))),
        // llama.cpp's own rule for files that say no better (llama-vocab.cpp, LLAMA_VOCAB_PRE_TYPE_DEFAULT): four splits in a row.
        ["default"] = () =>
        new(Sequence(Split(@"[\p{P}\$\+<=>\^~\|]+"), Split(PreTokenizerReader.Gpt2Pattern), Split(@"\p{N}+"), Split("[0-9][0-9][0-9]"),
        ByteLevel(false))),
    };

    /// <summary>The names that are known.</summary>
    public static string Names => string.Join(", ", Known.Keys);

    /// <summary>The rule of a name, or null.</summary>
    public static GgufPreTokenizer? Of(string name) => Known.TryGetValue(name, out var make) ? make() : null;

    /// <summary>
    /// The name that belongs to a vocabulary which can be told by its tokens: the families put their special tokens behind an ordinary
    /// vocabulary of
    /// their own size. Null where there is a doubt.
    /// </summary>
    public static string? Recognise(string[] tokens)
    {
        bool At(int id, string token) => id < tokens.Length && tokens[id] == token;
        if (At(128000, "<|begin_of_text|>") && At(128001, "<|end_of_text|>")) return "llama-bpe";
        if (At(128000, "<｜begin▁of▁sentence｜>") && At(128001, "<｜end▁of▁sentence｜>")) return "llama-bpe";
        if (At(151643, "<|endoftext|>") && At(151644, "<|im_start|>")) return "qwen2";
        if (At(151643, "<｜end▁of▁sentence｜>") && At(151646, "<｜begin▁of▁sentence｜>")) return "deepseek-r1-qwen";
        if (tokens.Length == 49152 && At(0, "<|endoftext|>") && At(3, "<repo_name>")) return "smollm";
        if (At(50256, "<|endoftext|>") && tokens.Length <= 50304) return "gpt-2";
        return null;
    }

    /// <summary>The <c>ByteLevel</c> step, with or without its own pattern.</summary>
    public static JsonObject ByteLevel(bool pattern) =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = pattern };

    private static GgufPreTokenizer Llama3() =>
        new(Sequence(Split(LlamaLike(@"\p{N}{1,3}")), ByteLevel(false)), IgnoreMerges: true, AddsBegin: true);

    private static GgufPreTokenizer Qwen2() => new(Sequence(Split(LlamaLike(@"\p{N}")), ByteLevel(false)), Nfc: true);

    private static GgufPreTokenizer Gpt2() => new(ByteLevel(true));

    private static string LlamaLike(string digits) =>
        Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|" + digits + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static JsonObject Split(string pattern, string behavior = "Isolated", bool invert = false) =>
        new() { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = behavior, ["invert"] = invert };

    private static JsonObject Sequence(params JsonNode[] steps) =>
        new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(steps) };
}
