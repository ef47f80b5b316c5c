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

    [Theory]
    [InlineData("qwen2")]
    [InlineData("llama-bpe")]
    public void Merge_writes_the_rule_that_is_given(string rule)
    {
        var (model, run) = (Model(), _folder["run"]);
        File.WriteAllText(_folder["r.yaml"], $$"""
            model: {{model}}
            tokenizer-pre: {{rule}}
            data: { task: { name: arithmetic, level: 1 }, prompt: plain }
            rollout: { prompts: 1, group: 2, max-new-tokens: 2, max-prompt-tokens: 24 }
            evaluate: { benchmarks: [] }
            divergence: { entropy: null }
            steps: 1
            """);
        var train = Call.Tenon("train", _folder["r.yaml"], "--output", run);
        train.Exit.ShouldBe(0, train.Error);
        string[] merge = ["adapter", "merge", Path.Combine(run, "checkpoints", "1"), "--model", model, "--output"];
        var silent = Call.Tenon([.. merge, _folder["silent"]]);
        (silent.Exit, silent.Error.Contains("without a tokenizer", StringComparison.Ordinal)).ShouldBe((0, true), silent.Error);
        var made = Call.Tenon([.. merge, _folder["made"], "--tokenizer-pre", rule]);
        made.Exit.ShouldBe(0, made.Error);
        Rule(_folder["made"]).ShouldContain(rule == "qwen2" ? "\\p{N}|" : "\\p{N}{1,3}");
        var wrong = Call.Tenon([.. merge, _folder["no"], "--tokenizer-pre", "llama-bpee"]);
        wrong.Exit.ShouldBe(2, wrong.Error);
        wrong.Error.ShouldContain("llama-bpe");
        Directory.Exists(_folder["no"]).ShouldBeFalse();
        Call.Tenon("adapter", "convert", merge[2], "--output", _folder["c"], "--tokenizer-pre", rule).Exit.ShouldBe(2);
    }

    [Fact]
    public void A_rule_for_a_folder_is_refused_where_it_would_do_nothing()
    {
        Call.Tenon("model", "export", "tiny", _folder["hf"]).Exit.ShouldBe(0);
        foreach (var rule in new[] { "qwen2", "nonsense" })
        {
            var export = Call.Tenon("model", "export", _folder["hf"], _folder[rule], "--tokenizer-pre", rule);
            export.Exit.ShouldBe(2, export.Error);
            export.Error.ShouldContain("a .gguf file");
            Directory.Exists(_folder[rule]).ShouldBeFalse();
        }
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
