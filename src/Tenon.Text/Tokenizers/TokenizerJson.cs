using System.Text.Json;
using Tenon.Text.Tokenizers.Patterns;
using Tenon.Text.Tokenizers.PreTokenizers;

namespace Tenon.Text.Tokenizers;

/// <summary>
/// Reads <c>tokenizer.json</c> of byte-level BPE families. Every part that would change an id is either understood or an error that names it; nothing is skipped.
/// </summary>
public static class TokenizerJson
{
    /// <summary>The pattern built into the <c>ByteLevel</c> pre-tokenizer (GPT-2).</summary>
    internal const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Reads a file.</summary>
    public static ITokenizer Load(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Parse(document.RootElement, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TenonException($"tokenizer {path}", "a tokenizer.json", "no such file", inner: e, usage: true);
        }
        catch (JsonException e)
        {
            throw new TenonException($"tokenizer {path}", "JSON", e.Message, "the file is damaged or no tokenizer.json", e);
        }
    }

    /// <summary>Reads a parsed file; <paramref name="where"/> names it in messages.</summary>
    public static ITokenizer Parse(JsonElement root, string where)
    {
        try
        {
            return new Reader(where).Read(root);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new TenonException($"tokenizer {where}", "the layout of tokenizer.json", e.Message, "the file is damaged or of another format", e);
        }
    }

    private sealed class Reader(string where)
    {
        public ITokenizer Read(JsonElement root)
        {
            var model = root.GetProperty("model");
            var vocabulary = Vocabulary(model);
            var added = root.TryGetProperty("added_tokens", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(Added).ToList() : [];
            var unknown = Text(model, "unk_token") is { } unk && vocabulary.TryGetValue(unk, out var id) ? id : (int?)null;
            var merger = new BpeMerger(vocabulary, Merges(model), Flag(model, "ignore_merges"), unknown, where);
            RequireByteLevelDecoder(Part(root, "decoder"));
            var (before, after) = PostProcessor(Part(root, "post_processor"));
            return new BpeTokenizer(vocabulary, added, Normalizer(Part(root, "normalizer")), PreTokenizers(Part(root, "pre_tokenizer")), merger, before, after);
        }

        private Dictionary<string, int> Vocabulary(JsonElement model)
        {
            if (Text(model, "type") is { } type && type != "BPE") throw Unknown("model type", type, "BPE");
            foreach (var key in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
                if (Text(model, key) is { Length: > 0 } value) throw Unknown($"model.{key}", value, "none");
            if (model.TryGetProperty("dropout", out var dropout) && dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() != 0) throw Unknown("model.dropout", dropout.GetRawText(), "none: encoding must be a function of the text");
            if (Flag(model, "byte_fallback")) throw Unknown("model.byte_fallback", "true", "false (byte-level families)");
            var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var entry in model.GetProperty("vocab").EnumerateObject()) vocabulary[entry.Name] = entry.Value.GetInt32();
            if (vocabulary.Count == 0) throw new TenonException($"tokenizer {where}", "a vocabulary", "an empty one");
            return vocabulary;
        }

        private IEnumerable<(string, string)> Merges(JsonElement model)
        {
            foreach (var merge in model.GetProperty("merges").EnumerateArray())
            {
                if (merge.ValueKind == JsonValueKind.Array)
                {
                    yield return (merge[0].GetString()!, merge[1].GetString()!);
                    continue;
                }

                var text = merge.GetString()!;
                var space = text.IndexOf(' ');
                if (space <= 0 || text.IndexOf(' ', space + 1) >= 0) throw new TenonException($"merge of tokenizer {where}", "two parts with a space between", $"'{text}'");
                yield return (text[..space], text[(space + 1)..]);
            }
        }

        private static AddedToken Added(JsonElement t) => new(t.GetProperty("id").GetInt32(), t.GetProperty("content").GetString()!,
            Flag(t, "special"), Flag(t, "normalized"), Flag(t, "lstrip"), Flag(t, "rstrip"), Flag(t, "single_word"));

        private bool Normalizer(JsonElement? part)
        {
            if (part is not { } normalizer) return false;
            switch (Text(normalizer, "type"))
            {
                case "NFC": return true;
                case "Sequence": return normalizer.GetProperty("normalizers").EnumerateArray().Select(n => Normalizer(n)).ToList().Contains(true);
                case var type: throw Unknown("normalizer", type, "NFC, Sequence");
            }
        }

        private List<PreTokenizer> PreTokenizers(JsonElement? part)
        {
            if (part is not { } pre) return [];
            switch (Text(pre, "type"))
            {
                case "Sequence":
                    return [.. pre.GetProperty("pretokenizers").EnumerateArray().SelectMany(p => PreTokenizers(p))];
                case "ByteLevel":
                    if (Flag(pre, "add_prefix_space")) throw Unknown("ByteLevel.add_prefix_space", "true", "false");
                    var usesPattern = !pre.TryGetProperty("use_regex", out var regex) || regex.GetBoolean();
                    return usesPattern ? [new PatternSplit(Pattern.Compile(Gpt2Pattern), SplitBehavior.Isolated, false)] : [];
                case "Digits":
                    return [new DigitSplit(Flag(pre, "individual_digits"))];
                case "Split":
                    var pattern = pre.GetProperty("pattern");
                    var source = Text(pattern, "Regex") ?? (Text(pattern, "String") is { } literal ? Literal(literal) : throw Unknown("Split.pattern", pattern.GetRawText(), "Regex or String"));
                    if (!Enum.TryParse<SplitBehavior>(Text(pre, "behavior"), out var behavior)) throw Unknown("Split.behavior", Text(pre, "behavior"), string.Join(", ", Enum.GetNames<SplitBehavior>()));
                    return [new PatternSplit(Pattern.Compile(source), behavior, Flag(pre, "invert"))];
                case var type:
                    throw Unknown("pre-tokenizer", type, "ByteLevel, Split, Digits, Sequence");
            }
        }

        private static string Literal(string text) => string.Concat(text.Select(c => char.IsLetterOrDigit(c) || char.IsWhiteSpace(c) || char.IsSurrogate(c) || c > 127 ? c.ToString() : "\\" + c));

        private (List<int> Before, List<int> After) PostProcessor(JsonElement? part)
        {
            if (part is not { } post) return ([], []);
            switch (Text(post, "type"))
            {
                case "ByteLevel":
                    return ([], []);
                case "Sequence":
                    List<int> before = [], after = [];
                    foreach (var inner in post.GetProperty("processors").EnumerateArray())
                    {
                        var (b, a) = PostProcessor(inner);
                        before.InsertRange(0, b);
                        after.AddRange(a);
                    }

                    return (before, after);
                case "TemplateProcessing":
                    return Template(post);
                case var type:
                    throw Unknown("post-processor", type, "ByteLevel, TemplateProcessing, Sequence");
            }
        }

        private static (List<int> Before, List<int> After) Template(JsonElement post)
        {
            List<int> before = [], after = [];
            var target = before;
            foreach (var item in post.GetProperty("single").EnumerateArray())
            {
                if (item.TryGetProperty("Sequence", out _))
                {
                    target = after;
                    continue;
                }

                var name = item.GetProperty("SpecialToken").GetProperty("id").GetString()!;
                target.AddRange(post.GetProperty("special_tokens").GetProperty(name).GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()));
            }

            return (before, after);
        }

        private void RequireByteLevelDecoder(JsonElement? part)
        {
            if (part is not { } decoder) throw Unknown("decoder", "none", "ByteLevel");
            switch (Text(decoder, "type"))
            {
                case "ByteLevel": return;
                case "Sequence" when decoder.GetProperty("decoders").EnumerateArray().All(d => Text(d, "type") == "ByteLevel"): return;
                case var type: throw Unknown("decoder", type, "ByteLevel");
            }
        }

        private TenonException Unknown(string part, string? got, string expected) =>
            new($"{part} of tokenizer {where}", expected, got ?? "nothing", "this tokenizer belongs to no supported family; a byte-level BPE tokenizer.json is needed");

        private static JsonElement? Part(JsonElement root, string name) => root.TryGetProperty(name, out var part) && part.ValueKind == JsonValueKind.Object ? part : null;

        private static string? Text(JsonElement e, string name) => e.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;

        private static bool Flag(JsonElement e, string name) => e.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.True;
    }
}
