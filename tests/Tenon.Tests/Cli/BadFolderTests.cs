using Tenon.Rollouts;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>
/// A model or adapter folder of which one file is bad, and places that cannot be written to: a message that names the file, no stack, no
/// words of .NET's own.
/// </summary>
public sealed class BadFolderTests : IDisposable
{
    private static readonly string[] S_foreign =
        ["has no words for", "   at Tenon", "LineNumber", "BytePosition", "System.", "Object reference", "Access to the path",
        "valid start of", "JsonElement"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, Trait("Speed", "slow")]
    [InlineData("config.json", "empty,cut,list,binary,folder,missing")]
    [InlineData("model.safetensors", "empty,cut,binary,folder,missing")]
    [InlineData("tokenizer.json", "empty,cut,list,binary,folder,missing")]
    [InlineData("tokenizer_config.json", "empty,cut,list,binary")]
    [InlineData("generation_config.json", "empty,cut,list,binary")]
    public void A_model_folder_with_a_bad_file_is_told(string file, string kinds)
    {
        Call.Tenon("model", "export", "tiny", _folder["good"]).Exit.ShouldBe(0);
        File.WriteAllText(_folder["r.yaml"],
            "data: { task: { name: arithmetic, level: 2 }, prompt: plain }\nrollout: { prompts: 2, group: 2, max-new-tokens: 16 "
            + "}\nsteps: 1\n");
        File.WriteAllText(_folder["lines"],
            "{\"prompt\":\"1\",\"completion\":\"2\",\"text\":\"1\",\"messages\":[{\"role\":\"user\",\"content\":\"1\"}],\"problem\":\"1\",\"answer\":\"2\"}\n");
        foreach (var kind in kinds.Split(','))
        {
            var model = _folder[$"model-{kind}"];
            Copy(_folder["good"], model);
            Spoil(Path.Combine(model, file), kind);
            foreach (var call in
                (string[])["generate MODEL 1 --max-new-tokens 2", "chat MODEL", "score MODEL --input LINES", "tokenize MODEL --input LINES",
                "render MODEL --input LINES",
                "model inspect MODEL", "model export MODEL OUT", "methods --model MODEL", "train RECIPE --set model=MODEL --output OUT",
                    "bench prefill MODEL --data LINES --prompts 1"])
                Check(call.Replace("MODEL", model, StringComparison.Ordinal).Replace("LINES", _folder["lines"], StringComparison.Ordinal)
                    .Replace("RECIPE", _folder["r.yaml"], StringComparison.Ordinal), $"{file} {kind}");
        }
    }

    [Theory, Trait("Speed", "slow")]
    [InlineData("adapter_config.json")]
    [InlineData("adapter_model.safetensors")]
    public void An_adapter_folder_with_a_bad_file_is_told(string file)
    {
        Directory.CreateDirectory(_folder["good"]);
        var tiny = LanguageModel.OpenWeights("tiny", Tenon.Tensors.Precision.F32, 1).Model;
        using (var set = Tenon.Adapters.AdapterMethod.Of("lora").Create(tiny, new Tenon.Adapters.AdapterSettings { Rank = 2 }))
            Tenon.Adapters.PeftFolder.Save(set, _folder["good"], "tiny");
        File.WriteAllText(_folder["lines"], "{\"prompt\":\"1\",\"completion\":\"2\"}\n");
        foreach (var kind in (string[])["empty", "cut", "list", "binary", "folder", "missing"])
        {
            var adapter = _folder[$"adapter-{kind}"];
            Copy(_folder["good"], adapter);
            Spoil(Path.Combine(adapter, file), kind);
            foreach (var call in
                (string[])["adapter inspect DIR", "adapter merge DIR --model tiny --output OUT",
                "adapter to-lora DIR --model tiny --output OUT", "adapter convert DIR --output OUT",
                "generate tiny 1 --adapter DIR --max-new-tokens 2", "score tiny --adapter DIR --input LINES",
                    "model export tiny OUT --adapter DIR"])
            {
                var made =
                    Check(call.Replace("DIR", adapter, StringComparison.Ordinal)
                    .Replace("LINES", _folder["lines"], StringComparison.Ordinal), $"{file} {kind}");
                made.Exit.ShouldBeOneOf([1, 2], $"{call} with {file} {kind}");
            }
        }
    }

    [Theory]
    [InlineData("score tiny --input LINES --output BAD/x.safetensors")]
    [InlineData("score tiny --input LINES --gradients BAD/x.safetensors")]
    [InlineData("model export tiny BAD/x")]
    [InlineData("model random --like CONFIG BAD/x")]
    [InlineData("train RECIPE --output BAD/x")]
    [InlineData("quickstart --output BAD/x")]
    [InlineData("eval tiny --benchmark LINES@1 --prompt plain --max-new-tokens 4 --output BAD/x")]
    [InlineData("data get x --from http://127.0.0.1:9/x.jsonl --output BAD/x")]
    public void A_place_that_cannot_be_written_to_is_told(string call)
    {
        File.WriteAllText(_folder["file"], "");
        File.WriteAllText(_folder["lines"], "{\"prompt\":\"1\",\"completion\":\"2\",\"problem\":\"1\",\"answer\":\"2\"}\n");
        File.WriteAllText(_folder["r.yaml"],
            "model: tiny\ndata: { task: { name: arithmetic, level: 2 }, prompt: plain }\nrollout: { prompts: 2, group: 2, "
            + "max-new-tokens: 16 }\nsteps: 1\n");
        if (call.Contains("CONFIG", StringComparison.Ordinal)) Call.Tenon("model", "export", "tiny", _folder["good"]).Exit.ShouldBe(0);
        var made =
            Check(call.Replace("BAD", _folder["file"], StringComparison.Ordinal)
            .Replace("LINES", _folder["lines"], StringComparison.Ordinal)
            .Replace("RECIPE", _folder["r.yaml"], StringComparison.Ordinal)
            .Replace("CONFIG", Path.Combine(_folder["good"], "config.json"), StringComparison.Ordinal), "a place below a file");
        made.Exit.ShouldBeOneOf([1, 2], call);
    }

    private Call Check(string call, string what)
    {
        var made = Call.Tenon(call.Replace("OUT", _folder[$"out-{Guid.NewGuid():N}"], StringComparison.Ordinal).Split(' '));
        var told = $"{call} with {what}: exit {made.Exit}\n{made.Error}\n{made.Out}";
        made.Exit.ShouldBeOneOf([0, 1, 2], told);
        if (made.Exit != 0) made.Error.ShouldNotBeNullOrWhiteSpace(told);
        foreach (var word in S_foreign) (made.Error + made.Out).ShouldNotContain(word, Case.Sensitive, told);
        return made;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private static void Spoil(string file, string kind)
    {
        var bytes = File.Exists(file) ? File.ReadAllBytes(file) : [.. "{\"a\": 1, \"b\": 2}"u8];
        if (File.Exists(file)) File.Delete(file);
        switch (kind)
        {
            case "empty": File.WriteAllText(file, ""); break;
            case "cut": File.WriteAllBytes(file, bytes[..(bytes.Length / 2)]); break;
            case "list": File.WriteAllText(file, "[1, {\"a\": null}]"); break;
            case "binary": File.WriteAllBytes(file, [.. Enumerable.Range(0, 4000).Select(i => (byte)(i * 37 + 200))]); break;
            case "folder": Directory.CreateDirectory(file); break;
        }
    }
}
