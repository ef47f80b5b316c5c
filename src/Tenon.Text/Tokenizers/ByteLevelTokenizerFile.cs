using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Text.Tokenizers;

/// <summary>
/// The tokenizer of models that Tenon trains from nothing: 256 bytes, no merges, and the three tokens of ChatML, as a real
/// <c>tokenizer.json</c> that
/// other libraries load.
/// </summary>
public static class ByteLevelTokenizerFile
{
    /// <summary>Ends a text; padding.</summary>
    public const int EndOfText = 256;

    /// <summary>Begins a message.</summary>
    public const int MessageStart = 257;

    /// <summary>Ends a message, and so a completion.</summary>
    public const int MessageEnd = 258;

    /// <summary>Rows of the embedding: the ids above, rounded up for the kernels.</summary>
    public const int VocabularySize = 264;

    /// <summary>ChatML without a default system message.</summary>
    public const string ChatTemplate =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% "
        + "endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private static readonly string[] Special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

    /// <summary>The content of <c>tokenizer.json</c>.</summary>
    public static string TokenizerText()
    {
        var vocabulary = new JsonObject();
        for (var b = 0; b < 256; b++) vocabulary[ByteAlphabet.Of((byte)b).ToString()] = b;
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. Special.Select((s, i) => (JsonNode)new JsonObject
            {
                ["id"] = EndOfText + i, ["content"] = s, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false,
                ["normalized"] = false, ["special"] = true,
            })]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null, ["fuse_unk"] = false,
                ["byte_fallback"] = false, ["ignore_merges"] = false, ["vocab"] = vocabulary, ["merges"] = new JsonArray(),
            },
        };
        return Text(json);
    }

    /// <summary>The content of <c>tokenizer_config.json</c>.</summary>
    public static string ConfigText() => Text(new JsonObject
    {
        ["bos_token"] = null, ["chat_template"] = ChatTemplate, ["clean_up_tokenization_spaces"] = false, ["eos_token"] = "<|im_end|>",
        ["model_max_length"] = 512,
        ["pad_token"] = "<|endoftext|>", ["tokenizer_class"] = "PreTrainedTokenizerFast", ["unk_token"] = null,
    });

    private static JsonObject ByteLevel() =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false };

    private static string Text(JsonObject json) =>
        json.ToJsonString(new JsonSerializerOptions { WriteIndented = true, IndentSize = 2, NewLine = "\n" }) + "\n";
}
