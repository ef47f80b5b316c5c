using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Peft;

public class PeftGoldenTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_configuration_is_written_again_byte_for_byte()
    {
        var failures = new List<string>();
        var count = 0;
        foreach (var file in Configurations())
        {
            count++;
            var text = File.ReadAllText(file);
            // The reference files stand in one or two spaces an indent, with or without a last line end.
            var indent = text.Split('\n')[1].TakeWhile(c => c == ' ').Count();
            var config = PeftConfig.Parse(text, file).Validate();
            var written = config.ToJson(indent) + (text.EndsWith('\n') ? "\n" : "");
            if (written != text) failures.Add($"{file}: {config.PeftType}");
        }
        output.WriteLine($"{count} configurations, {failures.Count} differ");
        count.ShouldBePositive();
        failures.ShouldBeEmpty();
    }

    [Fact]
    public void Every_adapter_file_holds_the_modules_that_its_targets_name()
    {
        var failures = new List<string>();
        var count = 0;
        foreach (var file in Configurations().Where(f => File.Exists(Path.Combine(Path.GetDirectoryName(f)!, "adapter_model.safetensors"))))
        {
            var config = PeftConfig.Read(Path.GetDirectoryName(file)!);
            var modelFolder =
                Path.Combine(GoldenFolder.Require("adapters"), Path.GetFileName(config.Text("base_model_name_or_path") ?? ""));
            if (!File.Exists(Path.Combine(modelFolder, "model.safetensors"))) continue;
            count++;
            var modules = Modules(modelFolder);
            var modelType =
                JsonDocument.Parse(File.ReadAllText(Path.Combine(modelFolder, "config.json"))).RootElement.GetProperty("model_type")
                .GetString();
            var choice = TargetModules.Resolve(config, modules, modelType);
            var found = InFile(Path.Combine(Path.GetDirectoryName(file)!, "adapter_model.safetensors"), config, modules);
            var chosen = choice.Modules.Select(m => m.Path).Order(StringComparer.Ordinal).ToList();
            if (!chosen.SequenceEqual(found))
                failures.Add($"{file}: chosen {string.Join(' ', chosen)}\n  in the file {string.Join(' ', found)}");
            // A conversion's list of paths is written as it is.
            if (!file.Contains("convert-", StringComparison.Ordinal) && config["target_modules"] is JsonArray list
                && Sorted(list) != Sorted((JsonArray)choice.Saved!))
                failures.Add($"{file}: target_modules would be saved as {choice.Saved}");
        }
        output.WriteLine($"{count} adapters, {failures.Count} differ");
        failures.ShouldBeEmpty();
    }

    private static string Sorted(JsonArray list) => string.Join(' ', list.Select(i => i!.GetValue<string>()).Order(StringComparer.Ordinal));

    private static IEnumerable<string> Configurations() =>
        Directory.GetFiles(GoldenFolder.Require("adapters"), PeftConfig.FileName, SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal);

    private static List<ModelModule> Modules(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        var modules = file.Tensors.Where(t => t.Key.EndsWith(".weight", StringComparison.Ordinal)).Select(t =>
        {
            var path = t.Key[..^".weight".Length];
            var kind = path == "lm_head" ? ModuleKind.Head : path.EndsWith("embed_tokens", StringComparison.Ordinal) ? ModuleKind.Embedding
                : path.EndsWith("norm", StringComparison.Ordinal) ? ModuleKind.Norm : ModuleKind.Linear;
            return new ModelModule(path, kind, [.. t.Value.Shape.Select(d => (int)d)]);
        }).OrderBy(m => m.Path, StringComparer.Ordinal).ToList();
        // A tied head has no weight of its own, but it is a module all the same.
        if (modules.All(m => m.Kind != ModuleKind.Head))
            modules.Add(new("lm_head", ModuleKind.Head, modules.First(m => m.Kind == ModuleKind.Embedding).Shape));
        return modules;
    }

    /// <summary>
    /// Modules with tensors of the method itself: whole copies, base biases and base embeddings that are saved besides do not count.
    /// </summary>
    private static List<string> InFile(string path, PeftConfig config, List<ModelModule> modules)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Tensors.Keys.Select(k => PeftKeys.Split(k, modules)).OfType<(ModelModule Module, string Tensor)>()
            .Where(s => config.PeftType is "LN_TUNING" && s.Tensor.StartsWith("ln_tuning_layers.", StringComparison.Ordinal)
            || !(s.Tensor is "weight" or "bias" || s.Tensor.StartsWith("base_layer.", StringComparison.Ordinal)
            || s.Tensor.StartsWith("token_adapter.", StringComparison.Ordinal)))
            .Where(s => config.PeftType != "TRAINABLE_TOKENS" || s.Module.Kind != ModuleKind.Head)
            .Select(s => s.Module.Path).Distinct().Order(StringComparer.Ordinal).ToList();
    }
}
