using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models;
using Tenon.Models.Weights;

namespace Tenon.Adapters;

/// <summary>
/// An adapter on disk, as PEFT writes it: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, with PEFT's key names and bytes.
/// The same adapter gives the same bytes.
/// </summary>
public static class PeftFolder
{
    /// <summary>The configuration's file name.</summary>
    public const string ConfigFile = Peft.PeftConfig.FileName;

    /// <summary>The tensors' file name.</summary>
    public const string TensorFile = "adapter_model.safetensors";

    /// <summary>Writes both files into a folder that the caller makes whole (a checkpoint's temporary folder).</summary>
    public static void Save(AdapterSet adapter, string folder, string baseModel)
    {
        adapter.RequireFinite();
        SafetensorsWriter.Write(Path.Combine(folder, TensorFile), adapter.Tensors.DistinctBy(t => t.Name).Select(t => SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray())),
            new Dictionary<string, string> { ["format"] = "pt" });
        if (adapter.Method.ToPeft(adapter, baseModel) is { } config) config.Write(folder);
        else File.WriteAllText(Path.Combine(folder, ConfigFile), new JsonObject { ["base_model_name_or_path"] = baseModel, ["peft_type"] = adapter.Method.Name.ToUpperInvariant() }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    /// <summary>Opens a folder on a model: the method and sizes from its configuration, layers by PEFT's rule, tensors checked; attached.</summary>
    public static AdapterSet Load(CausalModel model, string folder)
    {
        var file = Path.Combine(folder, ConfigFile);
        if (!File.Exists(file)) throw new TenonException($"adapter '{folder}'", $"a folder with {ConfigFile}", Directory.Exists(folder) ? "none in it" : "nothing there", usage: true);
        var settings = IsFull(file) ? new AdapterSettings { Method = "full" } : SettingsOf(PeftConfig.Read(folder).Validate(), model, folder);
        var adapter = AdapterMethod.All[settings.Method].Create(model, settings);
        try
        {
            LoadTensors(adapter, folder);
            adapter.RequireFinite();
        }
        catch
        {
            adapter.Dispose();
            throw;
        }

        return adapter;
    }

    private static bool IsFull(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("peft_type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "FULL";
        }
        catch (JsonException)
        {
            // The reader of configurations says what is wrong with the text.
            return false;
        }
    }

    private static AdapterSettings SettingsOf(PeftConfig config, CausalModel model, string folder)
    {
        var choice = TargetModules.Resolve(config, ModelModules.Of(model.Config), model.Config.ModelType);
        var paths = string.Join(',', choice.Modules.Select(m => m.Path));
        if (config.PeftType == "LN_TUNING") return new AdapterSettings { Method = "ln-tuning", Targets = paths };
        if (config.PeftType != "LORA") throw new TenonException($"adapter '{folder}'", "peft_type LORA or LN_TUNING", config.PeftType, "this method is not read yet; PEFT converts many methods to plain LoRA");
        Refuse(config.Text("bias") is "none" or null, "bias", "none", config.Text("bias"), folder);
        Refuse(!config.Flag("lora_bias"), "lora_bias", "false", "true", folder);
        Refuse(config.Texts("modules_to_save") is null or { Count: 0 }, "modules_to_save", "none", "some", folder);
        Refuse(config["trainable_token_indices"] is null, "trainable_token_indices", "none", "some", folder);
        Refuse(config["init_lora_weights"] is not JsonValue init || init.GetValueKind() != JsonValueKind.String || init.GetValue<string>() is "gaussian" or "orthogonal" or "eva",
            "init_lora_weights", "a start that leaves the base as it is", $"{config["init_lora_weights"]}", folder);
        return new AdapterSettings
        {
            Method = config.Flag("use_dora") ? "dora" : config.Flag("use_rslora") ? "rslora" : "lora",
            Targets = paths,
            Rank = config.Int("r"),
            Alpha = config.Number("lora_alpha"),
            Dropout = config.Number("lora_dropout"),
            RankPattern = Pattern(config["rank_pattern"]).ToDictionary(p => p.Key, p => (int)p.Value),
            AlphaPattern = Pattern(config["alpha_pattern"]),
            Options = config.Flag("use_rslora") ? new Dictionary<string, string> { ["rs-lora"] = "true" } : [],
        };
    }

    private static void Refuse(bool holds, string key, string expected, string? got, string folder)
    {
        if (!holds) throw new TenonException($"adapter '{folder}': {key}", expected, got ?? "nothing", "this variant is not read yet");
    }

    private static Dictionary<string, double> Pattern(JsonNode? node) => node is JsonObject map ? map.ToDictionary(p => p.Key, p => (double)p.Value!) : [];

    /// <summary>Reads the tensors of a folder into an adapter of the same method and shapes; names that are missing or too many are errors.</summary>
    public static void LoadTensors(AdapterSet adapter, string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, TensorFile));
        var expected = adapter.Tensors.DistinctBy(t => t.Name).ToDictionary(t => t.Name, t => t.Tensor);
        foreach (var name in file.Tensors.Keys)
            if (!expected.ContainsKey(name))
                throw new TenonException($"adapter folder '{folder}'", $"tensors of method '{adapter.Method.Name}'", $"'{name}'", "the folder belongs to another model, other targets or another method");
        foreach (var (name, tensor) in expected)
        {
            if (!file.Tensors.TryGetValue(name, out var info)) throw new TenonException($"adapter folder '{folder}'", $"a tensor '{name}'", "none", "the folder is incomplete or belongs to other targets");
            if (!info.Shape.SequenceEqual(tensor.Dimensions))
                throw new TenonException($"tensor '{name}' of '{folder}'", $"shape [{string.Join(", ", tensor.Dimensions)}]", $"[{string.Join(", ", info.Shape)}]", "rank, targets or model differ");
            tensor.Set(file.ReadFloats(name));
        }
    }
}
