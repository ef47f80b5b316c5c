using System.Text;
using System.Text.RegularExpressions;
using Tenon.Checkpoints.Gguf;
using Tenon.Recipes;
using Tenon.Tests.Support;
using Tenon.Training.Settings;

namespace Tenon.Tests.Cli;

/// <summary>
/// Bad input, as a person meets it on the command line: a message that names what is wrong and what to do, exit code 2 or 1, and nothing
/// half-written.
/// </summary>
public sealed class BadInputTests : IDisposable
{
    private const string Task =
        "model: tiny\ndata: { task: { name: arithmetic, level: 2 }, prompt: plain }\nrollout: { prompts: 2, group: 2, max-new-tokens: "
        + "16 }\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> DamagedModels() => new()
    {
        { "missing weights", "has no weights" },
        { "truncated weights", "is truncated" },
        { "wrong shape", "has a wrong shape" },
        { "NaN weight", "holds a value that is no number" },
        { "unknown architecture", "unknown architecture" },
        { "unknown pre-tokenizer", "pre-tokenizer" },
        { "unknown tokenizer model", "WordPiece" },
    };

    [Theory, MemberData(nameof(DamagedModels))]
    public void A_damaged_model_is_named_with_what_is_wrong(string damage, string message)
    {
        var model = _folder["model"];
        Call.Tenon("model", "export", "tiny", model).Exit.ShouldBe(0);
        var weights = Path.Combine(model, "model.safetensors");
        switch (damage)
        {
            case "missing weights": File.Delete(weights); break;
            case "truncated weights":
                using (var file = File.OpenWrite(weights)) file.SetLength(file.Length / 2);
                break;
            case "wrong shape": Edit(model, "config.json", "\"intermediate_size\": 384", "\"intermediate_size\": 400"); break;
            case "NaN weight":
                using (var file = File.OpenWrite(weights))
                {
                    file.Seek(-4, SeekOrigin.End);
                    file.Write(BitConverter.GetBytes(float.NaN));
                }

                break;
            case "unknown architecture": Edit(model, "config.json", "\"model_type\": \"qwen2\"", "\"model_type\": \"mamba2\""); break;
            case "unknown pre-tokenizer":
                Edit(model, "tokenizer.json", "\"pre_tokenizer\"\\s*:\\s*\\{\\s*\"type\"\\s*:\\s*\"ByteLevel\"",
                "\"pre_tokenizer\":{\"type\":\"UnicodeScripts\""); break;
            case "unknown tokenizer model": Edit(model, "tokenizer.json", "\"type\"\\s*:\\s*\"BPE\"", "\"type\":\"WordPiece\""); break;
        }

        Fails(Call.Tenon("generate", model, "1+1=?", "--max-new-tokens", "2"), message, "expected:");
        if (damage != "unknown pre-tokenizer" && damage != "unknown tokenizer model")
            Fails(Call.Tenon("train", Recipe(Task), "--set", $"model={model}", "--output", _folder["run"]), message);
        Directory.Exists(_folder["run"]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("", "expected: JSON")]
    [InlineData("{\"peft_type\": \"LO", "expected: JSON")]
    [InlineData("[1]", "a JSON array")]
    [InlineData("{\"peft_type\": 3}", "peft_type")]
    [InlineData("{\"peft_type\": \"CPT\"}", "'CPT'")]
    public void Inspecting_an_adapter_with_a_wrong_configuration_says_what_is_wrong(string text, string message)
    {
        var adapter = _folder["adapter"];
        Directory.CreateDirectory(adapter);
        using (var set = Tenon.Adapters.AdapterMethod.Of("lora")
            .Create(RandomModel.Create(), new Tenon.Adapters.AdapterSettings { Rank = 2 }))
            Tenon.Adapters.PeftFolder.Save(set, adapter, "base");
        Call.Tenon("adapter", "inspect", adapter).Exit.ShouldBe(0);
        File.WriteAllText(Path.Combine(adapter, "adapter_config.json"), text);
        Fails(Call.Tenon("adapter", "inspect", adapter), "adapter_config.json", message);
    }

    [Fact]
    public void A_gguf_of_an_unsupported_type_is_refused()
    {
        var path = _folder["iq.gguf"];
        File.WriteAllBytes(path,
            new GgufBuilder().Key("general.architecture", "llama").Key("llama.block_count", 1u).Key("llama.embedding_length", 256u)
            .Key("llama.feed_forward_length", 256u)
            .Key("llama.attention.head_count", 4u).Key("llama.context_length", 128u).Key("llama.vocab_size", 256u)
            .Key("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Tensor("token_embd.weight", (GgufType)16, [256, 256], new byte[256 * 66]).Build());
        Fails(Call.Tenon("model", "inspect", path), "unsupported type", "IQ2_XXS", "Q8_0");
    }

    [Theory]
    [InlineData("", "no line at all")]
    [InlineData("{\"problem\":\"1+1\",\"answer\":\"2\"}\nnot json\n", "line 2 is no JSON")]
    [InlineData(null, "a file that exists")]
    public void A_bad_data_file_is_named_with_its_line(string? text, string message)
    {
        if (text is not null) File.WriteAllText(_folder["data.jsonl"], text);
        var recipe = Recipe($"model: tiny\ndata: {{ train: {_folder["data.jsonl"]}, prompt: plain }}\nrollout: {{ max-new-tokens: 16 }}\n");
        Refused(Call.Tenon("train", recipe, "--output", _folder["run"]), "data.jsonl", message);
        Refused(Call.Tenon("pretrain", Recipe($"data: {{ train: {_folder["data.jsonl"]} }}\n"), "--output", _folder["run"]), "data.jsonl",
            message);
        Directory.Exists(_folder["run"]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("optimizer.learning-rat=1", "nearest: learning-rate")]
    [InlineData("adapter.rank=0", "expected 1 to 65536")]
    [InlineData("adapter.targets=w_proj", "at least one module")]
    [InlineData("rollout.max-new-tokens=512", "context of 512 tokens")]
    [InlineData("steps=0", "expected 1 to")]
    [InlineData("evaluate.benchmarks=nothing@1", "nothing.jsonl")]
    public void A_bad_recipe_is_refused(string change, string message) =>
    Refused(Call.Tenon("train", Recipe(Task), "--set", change, "--dry-run"), message);

    [Theory, Trait("Speed", "slow")]
    [InlineData("rollout.concurrency=1000000", "rollout.concurrency")]
    [InlineData("update.micro-batch-tokens=1000000000", "update.micro-batch-tokens")]
    public void A_run_that_does_not_fit_in_memory_is_refused_with_the_largest_setting_that_does(string change, string key)
    {
        var recipe = Recipe(Task.Replace("prompts: 2", "prompts: 1000000"));
        var call = Call.Tenon("train", recipe, "--set", change, "--dry-run");
        Refused(call, "memory of the run", $"{key} up to", "would fit");
        var largest = Regex.Match(call.Error, Regex.Escape(key) + " up to ([0-9]+)").Groups[1].Value;
        // Written down by a share, for what else takes memory meanwhile.
        var smaller = (long)(0.9 * long.Parse(largest));
        using var setup = RunBuilder.Build(RecipeFile.Load<RunSettings>(recipe, [$"{key}={smaller}", "update.recompute=true"]));
        MemoryCheck.Require(setup);
    }

    [Fact]
    public void A_prompt_longer_than_the_context_is_refused()
    {
        var text = new string('9', 600);
        Refused(Call.Tenon("generate", "tiny", text), "at most 512 tokens", "the model's context");
        Refused(Call.With($"{{\"prompt\":\"{text}\",\"completion\":\"1\"}}\n", "score", "tiny", "--input", "-"), "at most 512 tokens",
            "the model's context");
        File.WriteAllText(_folder["data.jsonl"], $"{{\"problem\":\"{text}\",\"answer\":\"1\"}}\n");
        var call =
            Call.Tenon("train",
            Recipe($"model: tiny\ndata: {{ train: {_folder["data.jsonl"]}, prompt: plain }}\nrollout: {{ max-new-tokens: 16 }}\n"),
            "--output", _folder["run"]);
        call.Exit.ShouldBe(1);
        call.Error.ShouldContain("prompts of at most 496 tokens");
        call.Error.ShouldContain("the model's context of 512 tokens");
    }

    [Fact]
    public void A_completion_that_would_leave_the_context_ends_there_with_a_note()
    {
        var call = Call.Tenon("generate", "tiny", new string('9', 500), "--max-new-tokens", "64", "--ignore-eos");
        call.Exit.ShouldBe(0, call.Error);
        call.Error.ShouldContain("completions end at the model's context of 512 tokens");
    }

    [Fact]
    public void An_output_folder_that_holds_another_run_or_files_is_refused()
    {
        var recipe = Recipe(Task + "steps: 1\n");
        Call.Tenon("train", recipe, "--output", _folder["run"]).Exit.ShouldBe(0);
        Refused(Call.Tenon("train", recipe, "--output", _folder["run"]), "already holds another run", "--resume");
        Directory.CreateDirectory(_folder["letters"]);
        File.WriteAllText(Path.Combine(_folder["letters"], "dear.txt"), "");
        Refused(Call.Tenon("train", recipe, "--output", _folder["letters"]), "holds other files");
        Refused(Call.Tenon("pretrain", Repository.Path("recipes/tiny-pretrain.yaml"), "--output", _folder["letters"]), "holds other files");
        Refused(Call.Tenon("model", "export", "tiny", _folder["letters"]), "does not exist or is empty");
    }

    private string Recipe(string text)
    {
        var path = _folder[$"{Guid.NewGuid():N}.yaml"];
        File.WriteAllText(path, text);
        return path;
    }

    private static void Edit(string model, string file, string pattern, string with)
    {
        var path = Path.Combine(model, file);
        var text = File.ReadAllText(path, Encoding.UTF8);
        var changed = Regex.Replace(text, pattern, with);
        changed.ShouldNotBe(text, "the file holds what is to be damaged");
        File.WriteAllText(path, changed);
    }

    private static void Refused(Call call, params string[] words)
    {
        call.Exit.ShouldBe(2, call.Error);
        foreach (var word in words) call.Error.ShouldContain(word);
    }

    private static void Fails(Call call, params string[] words)
    {
        call.Exit.ShouldBeOneOf(1, 2);
        foreach (var word in words) call.Error.ShouldContain(word);
        call.Error.ShouldNotContain("   at Tenon");
    }
}
