using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Tensors;

namespace Tenon.Adapters;

/// <summary>
/// An adapter on disk, as PEFT writes it: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, with PEFT's key names and bytes.
/// Where these two do
/// not hold all that going on needs, Tenon's own record (<see cref="AdapterRecord"/>) stands beside them. The same adapter gives the same
/// bytes.
/// </summary>
public static class PeftFolder
{
    /// <summary>The configuration's file name.</summary>
    public const string ConfigFile = Peft.PeftConfig.FileName;

    /// <summary>The tensors' file name.</summary>
    public const string TensorFile = "adapter_model.safetensors";

    /// <summary>Writes the files into a folder that the caller makes whole (a checkpoint's temporary folder).</summary>
    public static void Save(AdapterSet adapter, string folder, string baseModel)
    {
        adapter.RequireFinite();
        var tensors = Path.Combine(folder, TensorFile);
        SafetensorsWriter.Write(tensors, adapter.Method.FileTensors(adapter).Concat(adapter.BaseCopies.Select(BaseCopy)),
            new Dictionary<string, string> { ["format"] = "pt" });
        if (ConfigOf(adapter, baseModel) is { } config) config.Write(folder);
        else
        {
            var whole = new JsonObject
            {
                ["base_model_name_or_path"] = baseModel,
                ["peft_type"] = adapter.Method.Name.ToUpperInvariant(),
            };
            var text = whole.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }) + "\n";
            File.WriteAllText(Path.Combine(folder, ConfigFile), text);
        }
        if (adapter.Method.KeepsRecord(adapter)) AdapterRecord.Save(adapter, folder);
    }

    /// <summary>
    /// Opens a folder on a model: the method and sizes from its configuration, layers by PEFT's rule, tensors checked; attached.
    /// </summary>
    public static AdapterSet Load(CausalModel model, string folder)
    {
        var file = Path.Combine(folder, ConfigFile);
        if (!File.Exists(file))
            throw new TenonException($"adapter '{folder}'", $"a folder with {ConfigFile}", Directory.Exists(folder) ? "none in it"
                : "nothing there", Below(folder), usage: true);
        var settings = AdapterRecord.Read(folder)
            ?? (WholeOf(file) is { } whole ? new AdapterSettings { Method = whole.Name }
            : PeftSettings.Of(PeftConfig.Read(folder).Validate(), model, folder));
        var adapter = AdapterMethod.Of(settings.Method).Create(model, settings);
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

    /// <summary>
    /// The name of the method that a folder belongs to: Tenon's own record says it, else the configuration; null for a variant that is not
    /// supported.
    /// </summary>
    public static string? MethodOf(string folder)
    {
        if (AdapterRecord.Read(folder) is { } settings) return settings.Method;
        if (WholeOf(Path.Combine(folder, ConfigFile)) is { } whole) return whole.Name;
        var config = PeftConfig.Read(folder);
        try
        {
            return AdapterMethod.All.Values.Select(m => m.FromPeft(config)).FirstOrDefault(s => s is not null)?.Method;
        }
        catch (TenonException)
        {
            return null;
        }
    }

    /// <summary>
    /// Why vLLM does not compute the folder's function from the folder as it is (<see cref="VllmRules"/>); null where it does.
    /// </summary>
    public static string? VllmObstacle(string folder)
    {
        if (WholeOf(Path.Combine(folder, ConfigFile)) is not null) return "it is no adapter but a whole model's weights";
        using var tensors = SafetensorsFile.Open(Path.Combine(folder, TensorFile));
        return VllmRules.Obstacle(PeftConfig.Read(folder), tensors.Tensors.Keys);
    }

    /// <summary>PEFT puts an adapter that is not called "default" into a folder of its name.</summary>
    private static string? Below(string folder)
    {
        var names = Directory.Exists(folder)
            ? Directory.GetDirectories(folder).Where(d => File.Exists(Path.Combine(d, ConfigFile))).Order(StringComparer.Ordinal).ToList()
            : [];
        return names.Count == 0 ? null : $"there is one in {string.Join(", ", names)}";
    }

    /// <summary>
    /// Reads the tensors of a folder into an adapter of the same method and shapes: from Tenon's record where there is one, else from
    /// PEFT's file. Names that are missing or too many are errors.
    /// </summary>
    public static void LoadTensors(AdapterSet adapter, string folder)
    {
        if (AdapterRecord.TryLoadTensors(adapter, folder)) return;
        using var file = SafetensorsFile.Open(Path.Combine(folder, TensorFile));
        foreach (var (name, weight) in adapter.BaseCopies) RequireSameBase(name, weight, file, folder);
        adapter.Method.ReadTensors(adapter, file, folder);
    }

    /// <summary>True where all tensors of the folder's adapter, private ones included, are read from Tenon's record.</summary>
    public static bool HasRecord(string folder) => AdapterRecord.Read(folder) is not null;

    /// <summary>
    /// Reads named tensors of a file: each must be there in its shape, and no other may be but those that the method reads itself.
    /// </summary>
    internal static void ReadAll(IEnumerable<(string Name, Parameter Tensor)> tensors, SafetensorsFile file, string folder, string method,
        IReadOnlySet<string>? besides = null)
    {
        var expected = tensors.DistinctBy(t => t.Name).ToDictionary(t => t.Name, t => t.Tensor);
        var names = file.Tensors.Keys.ToDictionary(k => PeftKeys.Normalize(k));
        foreach (var (name, found) in names)
            if (!expected.ContainsKey(name) && !IsRepeated(name) && besides?.Contains(name) != true)
                throw new TenonException($"adapter folder '{folder}'", $"tensors of method '{method}'", $"'{found}'",
                    "the folder belongs to another model, other targets or another method");
        foreach (var (name, tensor) in expected)
        {
            if (!names.TryGetValue(name, out var found))
                throw new TenonException($"adapter folder '{folder}'", $"a tensor '{name}'", "none",
                    "the folder is incomplete or belongs to other targets");
            var info = file.Tensors[found];
            if (!info.Shape.SequenceEqual(tensor.Dimensions))
                throw new TenonException($"tensor '{name}' of '{folder}'", $"shape [{string.Join(", ", tensor.Dimensions)}]",
                    $"[{string.Join(", ", info.Shape)}]", "rank, targets or model differ");
            tensor.Set(file.ReadFloats(found));
        }
    }

    /// <summary>
    /// Tensors that say nothing new: the frozen embedding or head, and the biases of a module saved whole, which PEFT writes three times
    /// with <c>bias: all</c>.
    /// </summary>
    internal static bool IsRepeated(string name) => name.EndsWith(".base_layer.weight", StringComparison.Ordinal)
        || name.EndsWith(".modules_to_save.bias", StringComparison.Ordinal)
        || name.EndsWith(".original_module.bias", StringComparison.Ordinal);

    /// <summary>
    /// The configuration that is written: the one that was read, or the method's own with targets, biases and whole modules filled in.
    /// </summary>
    private static PeftConfig? ConfigOf(AdapterSet adapter, string baseModel)
    {
        var own = FreshConfig(adapter, baseModel);
        if (own is null || adapter.Settings.Start.Peft is not { } read || read.PeftType != own.PeftType) return own;
        var config = PeftConfig.Parse(read.ToJson(), read.Source);
        config["base_model_name_or_path"] = baseModel;
        adapter.Method.Refresh(config, own);
        return config;
    }

    /// <summary>The configuration from the method and its settings alone; null for full training.</summary>
    public static PeftConfig? FreshConfig(AdapterSet adapter, string baseModel)
    {
        var settings = adapter.Settings;
        var config = adapter.Method.ToPeft(adapter, baseModel);
        if (config is null) return null;
        if (config["target_modules"] is null && adapter.Linears.Count > 0)
            config["target_modules"] = Targets.Saved(adapter.Model.Config, settings);
        Fill(config, "modules_to_save", settings.ModulesToSave.Count > 0
            ? new JsonArray([.. settings.ModulesToSave.Order(StringComparer.Ordinal).Select(m => (JsonNode)m)]) : null);
        Fill(config, "trainable_token_indices", TokenIndices(settings));
        Fill(config, "bias", settings.Bias switch { "none" => null, "all" => "all", _ => PeftTraits.Of(config.PeftType).BiasWord });
        return config;
    }

    private static JsonNode? TokenIndices(AdapterSettings settings)
    {
        var (rows, head) = (settings.TrainableTokens, settings.TrainableHeadTokens);
        if (head.Count == 0) return rows.Count == 0 ? null : Ids(rows);
        var map = new JsonObject { ["lm_head"] = Ids(head) };
        if (rows.Count > 0) map["embed_tokens"] = Ids(rows);
        return map;

        static JsonArray Ids(IEnumerable<int> ids) => new([.. ids.Select(t => (JsonNode)t)]);
    }

    private static void Fill(PeftConfig config, string field, JsonNode? value)
    {
        if (value is null) return;
        if (!config.Has(field))
            throw new TenonException($"adapter of PEFT type {config.PeftType}", $"no {field}: PEFT's format has no place for it",
                value.ToJsonString(), usage: true);
        config[field] = value;
    }

    private static SafetensorsEntry BaseCopy((string Name, FrozenMatrix Weight) copy) =>
        SafetensorsEntry.FromFloats(copy.Name, [copy.Weight.Outputs, copy.Weight.Inputs], copy.Weight.ToArray());

    private static void RequireSameBase(string name, FrozenMatrix weight, SafetensorsFile file, string folder)
    {
        if (!file.Tensors.TryGetValue(name, out var info)) return;
        // A file of 16-bit tensors holds the base's values rounded.
        var unit = info.Type switch { SafetensorsType.BF16 => 1 / 256f, SafetensorsType.F16 => 1 / 2048f, _ => 0 };
        if (file.ReadFloats(name).Zip(weight.ToArray())
            .Any(p => !(Math.Abs(p.First - p.Second) <= unit * Math.Abs(p.Second) + unit * 1e-4f)))
            throw new TenonException($"tensor '{name}' of '{folder}'", "the base model's own values", "others",
                "the adapter was made on another base: merge it there, or open that model");
    }

    /// <summary>The method that trains whole weights, where the folder is one of its own; PEFT has no such type.</summary>
    private static AdapterMethod? WholeOf(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(SharedFile.ReadText(file));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("peft_type", out var type)
                && type.ValueKind == JsonValueKind.String
                ? AdapterMethod.All.Values.FirstOrDefault(m => m.IsWhole && m.Name.ToUpperInvariant() == type.GetString()) : null;
        }
        catch (JsonException)
        {
            // The reader of configurations says what is wrong with the text.
            return null;
        }
    }
}
