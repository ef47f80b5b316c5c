using System.Text;
using Tenon.Checkpoints;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli.Commands;

/// <summary><c>adapter inspect</c> of folders that are no adapters, or broken ones: never "vLLM loads this folder as it is".</summary>
public sealed class AdapterCheckTests : IDisposable
{
    private const string Config = "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"target_modules\":[\"q_proj\"]}";
    private const string Layer = "base_model.model.model.layers.0.self_attn.q_proj";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Folders_that_are_no_adapter_say_what_they_are()
    {
        Refused("adapters.safetensors", "MLX", ("adapter_config.json", "{\"fine_tune_type\":\"lora\"}"));
        Refused("", "an empty folder");
        Refused("adapter_model.bin", "safe_serialization=True", ("adapter_config.json", Config));
        Refused("", "the folder is not whole", ("adapter_config.json", Config));
        Refused("x.txt", "none in it");
        var inner = Path.Combine(_folder["outer"], "default");
        Directory.CreateDirectory(inner);
        File.WriteAllText(Path.Combine(inner, "adapter_config.json"), Config);
        Call.Tenon("adapter", "inspect", _folder["outer"]).Error.ShouldContain($"there is one in {inner}");
        var step = Path.Combine(_folder["run"], "checkpoints", "4");
        Directory.CreateDirectory(step);
        File.WriteAllText(Path.Combine(step, "adapter_config.json"), Config);
        Call.Tenon("adapter", "inspect", _folder["run"]).Error.ShouldContain($"there is one in {step}");
    }

    [Theory]
    [InlineData("none", "holds no tensors")]
    [InlineData("half", "stands alone, without its lora_B")]
    [InlineData("nan", "values that are no numbers")]
    public void Broken_tensors_are_told_and_vllm_is_not_said_to_load_them(string kind, string words)
    {
        Directory.CreateDirectory(_folder["a"]);
        File.WriteAllText(Path.Combine(_folder["a"], "adapter_config.json"), Config);
        SafetensorsEntry Entry(string name, long[] shape, float value) =>
            SafetensorsEntry.FromFloats(name, shape, Enumerable.Repeat(value, (int)(shape[0] * shape[1])).ToArray());
        List<SafetensorsEntry> entries = kind == "none" ? [] : [Entry($"{Layer}.lora_A.weight", [2, 8], kind == "nan" ? float.NaN : 1)];
        if (kind == "nan") entries.Add(Entry($"{Layer}.lora_B.weight", [8, 2], 1));
        SafetensorsWriter.Write(Path.Combine(_folder["a"], "adapter_model.safetensors"), entries);
        var call = Call.Tenon("adapter", "inspect", _folder["a"]);
        call.Exit.ShouldBe(0, call.Error);
        call.Out.ShouldContain(words);
        call.Out.ShouldNotContain("loads this folder as it is");
        Call.Tenon("adapter", "inspect", _folder["a"], "--json").Out.ShouldContain("\"vllm\":false");
    }

    private void Refused(string file, string words, params (string Name, string Text)[] files)
    {
        var folder = _folder[Guid.NewGuid().ToString("N")];
        Directory.CreateDirectory(folder);
        if (file.Length > 0) File.WriteAllBytes(Path.Combine(folder, file), Encoding.ASCII.GetBytes("x"));
        foreach (var (name, text) in files) File.WriteAllText(Path.Combine(folder, name), text);
        var call = Call.Tenon("adapter", "inspect", folder);
        call.Exit.ShouldBe(2, call.Out);
        call.Error.ShouldContain(words);
        call.Error.ShouldNotContain("download");
    }
}
