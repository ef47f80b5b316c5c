using System.Text.Json;
using Tenon.Tests.Support;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Text.Tokenizers;

/// <summary>Every family against the Hugging Face tokenizers library: encoding, decoding, streaming, character for character.</summary>
public class GoldenTokenizerTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_text_of_every_family_is_encoded_and_decoded_as_the_reference_does()
    {
        var golden = GoldenFolder.Require("tokenizers");
        var tokenizers = GoldenFolder.RequireSibling("TENON_TOKENIZERS", "tokenizers");
        var faults = new List<string>();
        var count = 0;
        foreach (var path in Directory.GetFiles(golden, "*.jsonl").Order())
        {
            var name = Path.GetFileNameWithoutExtension(path);
            var family = name.EndsWith(".decode", StringComparison.Ordinal) ? name[..^7] : name;
            var tokenizer = TokenizerJson.Load(Path.Combine(tokenizers, family, "tokenizer.json"));
            foreach (var line in File.ReadLines(path))
            {
                using var document = JsonDocument.Parse(line);
                var problem = family == name ? Encoding(tokenizer, document.RootElement) : Decoding(tokenizer, document.RootElement);
                if (problem is not null) faults.Add($"{name} line: {problem}\n  {line[..Math.Min(300, line.Length)]}");
                count++;
            }
        }

        output.WriteLine($"{count} lines");
        foreach (var group in faults.GroupBy(f => f.Split(' ')[0])) output.WriteLine($"{group.Key}: {group.Count()} faults");
        faults.ShouldBeEmpty(string.Join('\n', faults.Take(12)));
    }

    private static string? Encoding(ITokenizer tokenizer, JsonElement line)
    {
        var text = line.GetProperty("text").GetString()!;
        var ids = Ids(line.GetProperty("ids"));
        var special = Ids(line.GetProperty("ids_special"));
        if (tokenizer.Encode(text) is var actual && !actual.SequenceEqual(ids)) return $"ids [{string.Join(",", actual)}]";
        if (!tokenizer.Encode(text, addSpecial: true).SequenceEqual(special)) return "ids_special";
        if (tokenizer.Decode(special) != line.GetProperty("decoded").GetString()) return "decoded";
        return tokenizer.Decode(special, skipSpecial: true) == line.GetProperty("decoded_skip").GetString() ? null : "decoded_skip";
    }

    private static string? Decoding(ITokenizer tokenizer, JsonElement line)
    {
        var ids = Ids(line.GetProperty("ids"));
        if (tokenizer.Decode(ids) != line.GetProperty("decoded").GetString()) return "decoded";
        if (tokenizer.Decode(ids, skipSpecial: true) != line.GetProperty("decoded_skip").GetString()) return "decoded_skip";
        var prefixes = line.GetProperty("prefixes").EnumerateArray().Select(p => p.GetString()!).ToList();
        for (var i = 0; i < prefixes.Count; i++)
            if (tokenizer.Decode(ids.AsSpan(0, i)) != prefixes[i]) return $"prefix {i}";
        var stream = tokenizer.StreamingDecoder();
        var streamed = string.Concat(ids.Select(stream.Add)) + stream.Flush();
        return streamed == line.GetProperty("decoded").GetString() ? null : "stream";
    }

    [Fact]
    public void Tokenizers_inside_gguf_files_give_the_references_ids()
    {
        var folder = Path.Combine(GoldenFolder.Require("models"), "gguf");
        var count = 0;
        foreach (var path in Directory.GetFiles(folder, "*.tokens.json").Order())
        {
            var stem = Path.GetFileName(path)[..^".tokens.json".Length];
            var gguf = Directory.GetFiles(folder, "*.gguf").First(g => Path.GetFileName(g).StartsWith(stem, StringComparison.Ordinal));
            var tokenizer = TokenizerSource.Open(gguf).Tokenizer;
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            foreach (var item in Texts(document.RootElement))
            {
                tokenizer.Encode(item.GetProperty("text").GetString()!)
                    .ShouldBe(Ids(item.GetProperty("ids")), $"{path}: {item.GetProperty("text")}");
                count++;
            }
        }

        output.WriteLine($"{count} texts");
        count.ShouldBePositive();
    }

    [Fact]
    public void Smol_lm_2s_file_gives_the_references_prompt_ids()
    {
        var golden = GoldenFolder.Require("smollm2");
        var models = GoldenFolder.RequireModels();
        var tokenizer = TokenizerSource.Open(Path.Combine(models, "SmolLM2-135M-Instruct.Q4_1.gguf")).Tokenizer;
        foreach (var line in File.ReadLines(Path.Combine(golden, "cases.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            tokenizer.Encode(document.RootElement.GetProperty("text").GetString()!).ShouldBe(Ids(document.RootElement.GetProperty("ids")));
        }
    }

    private static IEnumerable<JsonElement> Texts(JsonElement root) =>
        root.ValueKind == JsonValueKind.Array ? root.EnumerateArray()
        : root.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Array).SelectMany(p => p.Value.EnumerateArray());

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
