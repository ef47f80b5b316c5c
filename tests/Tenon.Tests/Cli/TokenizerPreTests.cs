using System.Text.Json.Nodes;
using Tenon.Tests.Models.Weights;
using Tenon.Tests.Support;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Cli;

/// <summary>
/// A GGUF file that names no rule for cutting its text: <c>--tokenizer-pre</c> where a tokenizer is written, and rendered prompts in the
/// lines of <c>generate</c>.
/// </summary>
public sealed class TokenizerPreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Model()
    {
        var config = TinyModel.Config("qwen2", tied: true) with { VocabSize = 258, BosTokenId = null, EosTokenIds = [257] };
        string[] tokens = [.. Enumerable.Range(0, 256).Select(b => ByteAlphabet.Of((byte)b).ToString()), "ab", "<|end|>"];
        File.WriteAllBytes(_folder["m.gguf"], ModelSourceTests.Gguf(config, TinyModel.Weights(config))
            .Key("tokenizer.ggml.model", "gpt2").Key("tokenizer.ggml.tokens", tokens).Key("tokenizer.ggml.merges", (string[])["a b"]).Build());
        return _folder["m.gguf"];
    }

    [Theory]
    [InlineData("qwen2")]
    [InlineData("llama-bpe")]
    public void Export_writes_the_rule_that_is_given(string rule)
    {
        var model = Model();
        var silent = Call.Tenon("model", "export", model, _folder["silent"]);
        (silent.Exit, silent.Error.Contains("without a tokenizer", StringComparison.Ordinal)).ShouldBe((0, true), silent.Error);
        File.Exists(Path.Combine(_folder["silent"], "tokenizer.json")).ShouldBeFalse();
        var export = Call.Tenon("model", "export", model, _folder["export"], "--tokenizer-pre", rule);
        export.Exit.ShouldBe(0, export.Error);
        Rule(_folder["export"]).ShouldContain(rule == "qwen2" ? "\\p{N}|" : "\\p{N}{1,3}");
        Call.Tenon("model", "export", model, _folder["no"], "--tokenizer-pre", "llama-bpee").Exit.ShouldBe(2);
    }

    [Fact]
    public void Lines_of_generate_hold_the_prompt_as_the_model_reads_it()
    {
        Call.Tenon("model", "export", "tiny", _folder["chat"]).Exit.ShouldBe(0);
        var path = Path.Combine(_folder["chat"], "tokenizer_config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json["chat_template"] = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]<think>";
        File.WriteAllText(path, json.ToJsonString());
        File.WriteAllLines(_folder["in.jsonl"],
            ["""{"prompt":"1+1=?"}""", """{"prompt":"12+3=?"}"""]);
        string[] words = ["generate", _folder["chat"], "--input", _folder["in.jsonl"], "--max-new-tokens", "2", "--samples", "2"];
        Prompts(Call.Tenon([.. words, "--chat-template"])).ShouldBe(["[user]1+1=?[assistant]<think>", "[user]12+3=?[assistant]<think>"]);
        Prompts(Call.Tenon(words)).ShouldBe(["1+1=?", "12+3=?"]);
    }

    private static IEnumerable<string?> Prompts(Call call)
    {
        call.Exit.ShouldBe(0, call.Error);
        return call.Lines.Select(line => (string?)JsonNode.Parse(line)!["prompt"]).Distinct().Order(StringComparer.Ordinal);
    }

    private static string Rule(string folder) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "tokenizer.json")))!["pre_tokenizer"]!.ToString();
}
