using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Checkpoints;
using Tenon.Checkpoints.Gguf;

namespace Tenon.Text.Tokenizers;

/// <summary>A tokenizer with what belongs to it: chat template, special tokens, and the files it came from.</summary>
public sealed class TokenizerSource
{
    private readonly Action<string> write;

    private TokenizerSource(ITokenizer tokenizer, string? chatTemplate, IReadOnlyDictionary<string, string?> specialTokens, Action<string> write)
    {
        Tokenizer = tokenizer;
        ChatTemplate = chatTemplate;
        SpecialTokens = specialTokens;
        this.write = write;
    }

    /// <summary>The tokenizer.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>The template's text, or null.</summary>
    public string? ChatTemplate { get; }

    /// <summary><c>bos_token</c>, <c>eos_token</c>, <c>pad_token</c>, <c>unk_token</c> by name, where the files say them.</summary>
    public IReadOnlyDictionary<string, string?> SpecialTokens { get; }

    /// <summary>The end token's id, where the files name it.</summary>
    public int? EosTokenId => SpecialTokens.TryGetValue("eos_token", out var eos) && eos is not null ? Tokenizer.IdOf(eos) : null;

    /// <summary>Writes the tokenizer's files into a model folder.</summary>
    public void WriteTo(string folder) => write(folder);

    /// <summary>Opens a folder with <c>tokenizer.json</c>, a GGUF file, or <c>tiny</c>.</summary>
    public static TokenizerSource Open(string path)
    {
        if (path == EmbeddedModel.Name) return OfTexts(EmbeddedModel.ReadText("tokenizer.json"), EmbeddedModel.ReadText("tokenizer_config.json"), path);
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            using var file = GgufFile.Open(path);
            return OfGguf(file);
        }

        if (!Directory.Exists(path)) throw new TenonException($"tokenizer '{path}'", "a folder with tokenizer.json, a .gguf file, or tiny", File.Exists(path) ? "another file" : "nothing there", usage: true);
        return OfFolder(path);
    }

    /// <summary>The byte-level tokenizer of models that Tenon trains from nothing.</summary>
    public static TokenizerSource ByteLevel() => OfTexts(ByteLevelTokenizerFile.TokenizerText(), ByteLevelTokenizerFile.ConfigText(), "bytes");

    private static TokenizerSource OfFolder(string folder)
    {
        var tokenizer = TokenizerJson.Load(Path.Combine(folder, "tokenizer.json"));
        var configFile = Path.Combine(folder, "tokenizer_config.json");
        using var config = File.Exists(configFile) ? Parse(File.ReadAllText(configFile), configFile) : null;
        var templateFile = Path.Combine(folder, "chat_template.jinja");
        var template = File.Exists(templateFile) ? File.ReadAllText(templateFile) : config is null ? null : Template(config.RootElement);
        return new TokenizerSource(tokenizer, template, config is null ? new Dictionary<string, string?>() : Special(config.RootElement), target => TokenizerFiles.Copy(folder, target));
    }

    private static TokenizerSource OfGguf(GgufFile file)
    {
        var json = GgufTokenizer.ToJson(file);
        var text = json.ToJsonString();
        using var document = JsonDocument.Parse(text);
        var tokenizer = TokenizerJson.Parse(document.RootElement, file.Location);
        var special = new Dictionary<string, string?>();
        foreach (var (key, name) in new[] { ("bos", "bos_token"), ("eos", "eos_token"), ("padding", "pad_token"), ("unknown", "unk_token") })
            if (file.Integer($"tokenizer.ggml.{key}_token_id") is { } id && tokenizer.TokenOf((int)id) is { } token) special[name] = token;
        var template = file.String("tokenizer.chat_template");
        var config = new JsonObject { ["chat_template"] = template, ["clean_up_tokenization_spaces"] = false, ["tokenizer_class"] = "PreTrainedTokenizerFast" };
        foreach (var (name, token) in special) config[name] = token;
        return new TokenizerSource(tokenizer, template, special, folder => WriteTexts(folder, text, config.ToJsonString()));
    }

    private static TokenizerSource OfTexts(string tokenizerText, string configText, string name)
    {
        using var document = Parse(tokenizerText, name);
        using var config = Parse(configText, name);
        return new TokenizerSource(TokenizerJson.Parse(document.RootElement, name), Template(config.RootElement), Special(config.RootElement), folder => WriteTexts(folder, tokenizerText, configText));
    }

    private static void WriteTexts(string folder, string tokenizer, string config)
    {
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);
    }

    private static JsonDocument Parse(string text, string where)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw new TenonException($"tokenizer {where}", "JSON", e.Message, "the file is damaged", e);
        }
    }

    /// <summary>A template is a text, or a list of named ones of which <c>default</c> counts.</summary>
    private static string? Template(JsonElement config)
    {
        if (!config.TryGetProperty("chat_template", out var template)) return null;
        if (template.ValueKind == JsonValueKind.String) return template.GetString();
        if (template.ValueKind != JsonValueKind.Array) return null;
        var named = template.EnumerateArray().Where(t => t.TryGetProperty("name", out _)).ToList();
        return named.Count == 0 ? null : named.Find(t => t.GetProperty("name").GetString() == "default") is { ValueKind: JsonValueKind.Object } found ? found.GetProperty("template").GetString() : named[0].GetProperty("template").GetString();
    }

    /// <summary>A special token is a text, null, or an object with <c>content</c>.</summary>
    private static Dictionary<string, string?> Special(JsonElement config)
    {
        var result = new Dictionary<string, string?>();
        foreach (var name in new[] { "bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token" })
            if (config.TryGetProperty(name, out var value))
            {
                if (value.ValueKind == JsonValueKind.String) result[name] = value.GetString();
                else if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("content", out var content)) result[name] = content.GetString();
            }

        return result;
    }
}
