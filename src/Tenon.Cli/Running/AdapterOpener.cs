using System.Text.Json;
using Tenon.Adapters;
using Tenon.Models;
using Tenon.Models.Weights;

namespace Tenon.Cli.Running;

/// <summary>Opens an adapter folder on a model: the method and sizes from its configuration, the layers from its tensors.</summary>
internal static class AdapterOpener
{
    /// <summary>The adapter, attached.</summary>
    public static AdapterSet Open(CausalModel model, string folder)
    {
        var file = Path.Combine(folder, PeftFolder.ConfigFile);
        if (!File.Exists(file)) throw new TenonException($"adapter '{folder}'", $"a folder with {PeftFolder.ConfigFile}", Directory.Exists(folder) ? "none in it" : "nothing there", usage: true);
        JsonElement config;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            config = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new TenonException(file, "JSON", e.Message, "the folder is damaged", e);
        }

        var type = config.TryGetProperty("peft_type", out var t) ? t.GetString() ?? "" : "";
        var settings = new AdapterSettings { Method = MethodOf(type, config), Targets = Targets(folder) };
        if (config.TryGetProperty("r", out var r) && r.TryGetInt32(out var rank)) settings = settings with { Rank = rank };
        if (config.TryGetProperty("lora_alpha", out var alpha) && alpha.ValueKind == JsonValueKind.Number) settings = settings with { Alpha = alpha.GetDouble() };
        if (config.TryGetProperty("rank_pattern", out var ranks) && ranks.ValueKind == JsonValueKind.Object) settings = settings with { RankPattern = ranks.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt32()) };
        if (config.TryGetProperty("alpha_pattern", out var alphas) && alphas.ValueKind == JsonValueKind.Object) settings = settings with { AlphaPattern = alphas.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDouble()) };
        var adapter = RunBuilder.Method(settings.Method).Create(model, settings);
        PeftFolder.LoadTensors(adapter, folder);
        adapter.RequireFinite();
        return adapter;
    }

    private static string MethodOf(string type, JsonElement config)
    {
        bool Flag(string name) => config.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.True;
        var name = type switch { "LORA" => Flag("use_dora") ? "dora" : Flag("use_rslora") ? "rslora" : "lora", "LN_TUNING" => "ln-tuning", _ => type.ToLowerInvariant() };
        return AdapterMethod.All.ContainsKey(name) ? name
            : throw new TenonException("adapter's peft_type", string.Join(", ", AdapterMethod.All.Keys), type.Length == 0 ? "none" : type, "this method is not read yet; PEFT can convert many to plain LoRA");
    }

    private static string Targets(string folder)
    {
        using var tensors = SafetensorsFile.Open(Path.Combine(folder, PeftFolder.TensorFile));
        const string prefix = "base_model.model.";
        var paths = tensors.Tensors.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).Select(k => k[prefix.Length..])
            .Select(k => k.IndexOf(".lora_", StringComparison.Ordinal) is var at and > 0 ? k[..at] : k).Distinct().Order(StringComparer.Ordinal);
        return string.Join(',', paths);
    }
}
