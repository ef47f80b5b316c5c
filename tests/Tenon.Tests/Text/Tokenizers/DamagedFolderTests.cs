using System.Text;
using System.Text.Json.Nodes;
using Tenon.Models.Config;
using Tenon.Models.Weights;
using Tenon.Tests.Support;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Text.Tokenizers;

/// <summary>
/// Every value of every JSON file of a model folder as another kind of value, and every cut: the folder opens, or the error is one that a
/// person can act on.
/// </summary>
public class DamagedFolderTests
{
    private const int Most = 4;
    private static readonly string[] Others = ["null", "true", "7", "-1", "1e300", "\"x\"", "[]", "[1]", "{}", "{\"x\":1}"];

    private static string Folder(TempFolder temp)
    {
        var folder = temp["m"];
        var config = TinyModel.Config("qwen2")
            with
        { VocabSize = 264, RopeScaling = new() { Type = RopeType.Llama3, Factor = 8, OriginalMaxPositionEmbeddings = 32 } };
        TinyModel.Write(folder, config);
        var tokenizer = SmallTokenizer.Json();
        tokenizer["normalizer"] =
            JsonNode.Parse(
            """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"String":"q"},"content":"k"},{"type":"Prepend","prepend":""}]}""");
        tokenizer["pre_tokenizer"] = JsonNode.Parse("""
            {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"[0-9]"},"behavior":"Isolated","invert":false},{"type":"Digits","individual_digits":true},
             {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]}
            """);
        tokenizer["post_processor"] = JsonNode.Parse("""
            {"type":"Sequence","processors":[{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|im_start|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
             "special_tokens":{"<|im_start|>":{"id":"<|im_start|>","ids":[257],"tokens":["<|im_start|>"]}}},{"type":"BertProcessing","sep":["<|im_end|>",258],"cls":["<|im_start|>",257]}]}
            """);
        SmallTokenizer.Merge(tokenizer, "h i");
        tokenizer["model"]!["merges"]!.AsArray().Add(new JsonArray("h", "i"));
        var text = SmallTokenizer.Config();
        text["chat_template"] = new JsonArray(new JsonObject { ["name"] = "default", ["template"] = "{{ messages[0].content }}" });
        text["added_tokens_decoder"] = new JsonObject { ["258"] = new JsonObject { ["content"] = "<|im_end|>", ["special"] = true } };
        SmallTokenizer.Write(folder, tokenizer, text);
        File.WriteAllText(Path.Combine(folder, "special_tokens_map.json"),
            """{"eos_token":{"content":"<|im_end|>","lstrip":false},"bos_token":"<|im_start|>"}""");
        File.WriteAllText(Path.Combine(folder, "generation_config.json"),
            """{"bos_token_id":0,"eos_token_id":[1,2],"pad_token_id":3,"do_sample":true,"temperature":0.6,"top_k":20,"top_p":0.9,"min_p":0.1,"repetition_penalty":1.1}""");
        return folder;
    }

    private static void Use(string folder)
    {
        var source = TokenizerSource.Open(folder);
        source.Tokenizer.Encode("hi 12 é<|im_end|>", addSpecial: true);
        PromptEncoder.Of(source).Encode("hi");
        using var model = ModelSource.Open(folder);
        RotaryFrequencies.For(model.Config, 100);
    }

    [Theory, Trait("Speed", "slow")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("special_tokens_map.json")]
    [InlineData("generation_config.json")]
    [InlineData("config.json")]
    public void Every_value_of_another_kind_is_read_or_refused_with_the_file_named(string name)
    {
        using var temp = new TempFolder();
        var folder = Folder(temp);
        Use(folder);
        var file = Path.Combine(folder, name);
        var good = JsonNode.Parse(File.ReadAllText(file))!;
        var refused = 0;
        foreach (var path in Paths(good, []))
            foreach (var other in Others)
            {
                var changed = good.DeepClone();
                Set(changed, path, JsonNode.Parse(other));
                File.WriteAllText(file, changed.ToJsonString());
                refused += Try(folder, name, $"{string.Join('.', path)} = {other}");
            }
        refused.ShouldBeGreaterThan(20);
    }

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("special_tokens_map.json")]
    [InlineData("generation_config.json")]
    [InlineData("config.json")]
    public void Every_cut_and_other_bytes_are_refused_with_the_file_named(string name)
    {
        using var temp = new TempFolder();
        var folder = Folder(temp);
        var file = Path.Combine(folder, name);
        var good = File.ReadAllBytes(file).AsSpan().TrimEnd("\n"u8).ToArray();
        for (var n = 0; n < good.Length; n += Math.Max(1, good.Length / 40))
        {
            File.WriteAllBytes(file, good[..n]);
            Try(folder, name, $"{n} bytes").ShouldBe(1, $"{n} bytes");
        }
        foreach (var other in (string[])["[]", "null", "3", "\"x\"", "not json", "<html>", "version https://git-lfs.github.com/spec/v1\n"])
        {
            File.WriteAllText(file, other);
            Try(folder, name, other).ShouldBe(1, other);
        }
        File.WriteAllBytes(file, [.. Encoding.Latin1.GetBytes("{\"é\":1}")]);
        Try(folder, name, "Latin-1").ShouldBe(1);
    }

    private static int Try(string folder, string name, string what)
    {
        try
        {
            Use(folder);
            return 0;
        }
        catch (TenonException e)
        {
            e.Message.ShouldContain(folder, Case.Sensitive, $"{name}: {what}");
            e.Message.ShouldNotContain("BytePositionInLine");
            return 1;
        }
        catch (Exception e)
        {
            throw new Xunit.Sdk.XunitException($"{name}: {what}: {e.GetType().Name}: {e.Message}\n{e.StackTrace}");
        }
    }

    private static IEnumerable<string[]> Paths(JsonNode? node, string[] at)
    {
        if (at.Length > 0) yield return at;
        var inner = node switch
        {
            JsonObject o => o.Select(p => (p.Key, p.Value)),
            JsonArray a => a.Select((v, i) => (i.ToString(), v)),
            _ => [],
        };
        var all = inner.ToList();
        foreach (var (key, value) in all.Count > 30 ? all.Take(Most) : all)
            foreach (var path in Paths(value, [.. at, key])) yield return path;
    }

    private static void Set(JsonNode root, string[] path, JsonNode? value)
    {
        var node = root;
        foreach (var key in path[..^1]) node = node is JsonArray a ? a[int.Parse(key)]! : node[key]!;
        if (node is JsonArray list) list[int.Parse(path[^1])] = value;
        else node[path[^1]] = value;
    }
}
