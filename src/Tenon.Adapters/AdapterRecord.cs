using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Checkpoints;

namespace Tenon.Adapters;

/// <summary>
/// Tenon's own record beside PEFT's two files, for what their format has no place for: the method's name and settings
/// (<c>tenon_adapter.json</c>) and every tensor,
/// private ones included (<c>tenon_adapter.safetensors</c>). It names the SHA-256 of PEFT's tensor file and counts only while that is
/// unchanged.
/// </summary>
internal static class AdapterRecord
{
    public const string SettingsFile = "tenon_adapter.json";
    public const string TensorFile = "tenon_adapter.safetensors";
    private const string PrivatePrefix = "private.";
    private static readonly JsonSerializerOptions S_json = new() { WriteIndented = true, NewLine = "\n" };

    public static void Save(AdapterSet adapter, string folder)
    {
        SafetensorsWriter.Write(Path.Combine(folder, TensorFile),
            All(adapter).Select(t => SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray())));
        var record =
            new JsonObject
            {
                ["format"] = 2, ["peft-tensors-sha256"] = Sha256(folder),
                ["settings"] = SettingsJson.Write(adapter.Settings)
            };
        if (adapter.Settings.Start.Kept.Count > 0) record["kept"] = JsonSerializer.SerializeToNode(adapter.Settings.Start.Kept);
        File.WriteAllText(Path.Combine(folder, SettingsFile), record.ToJsonString(S_json) + "\n");
    }

    /// <summary>The settings of a folder's record; null where there is none, or where PEFT's file was written anew since.</summary>
    public static AdapterSettings? Read(string folder)
    {
        var path = Path.Combine(folder, SettingsFile);
        if (!File.Exists(path)) return null;
        var text = InputFile.ReadText(path, "record");
        try
        {
            var record = JsonNode.Parse(text)!.AsObject();
            if ((string?)record["peft-tensors-sha256"] != Sha256(folder)) return null;
            var settings = OfToday(record["settings"]!.AsObject());
            var kept = record["kept"]?.Deserialize<Dictionary<string, bool[]>>() ?? KeptAsText(settings);
            return SettingsJson.Read<AdapterSettings>(settings) with { Start = new AdapterStart { SkipStart = true, Kept = kept } };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or TenonException)
        {
            throw new TenonException($"record '{path}'", "what Tenon wrote there", e is JsonException json ? JsonFault.Describe(json, text)
                : "another shape", $"delete it to read PEFT's files alone", inner: e);
        }
    }

    /// <summary>Settings as the first format had them: the options in a mapping of their own, the targets as one text.</summary>
    private static JsonObject OfToday(JsonObject settings)
    {
        if (settings["options"] is not JsonObject options) return settings;
        settings.Remove("options");
        foreach (var (key, value) in options) settings[key] = value?.DeepClone();
        return settings;
    }

    /// <summary>AdaLoRA's mask as records once had it, an option of the method: <c>path=0110</c>, separated by blanks.</summary>
    private static Dictionary<string, bool[]> KeptAsText(JsonObject settings)
    {
        if (settings["kept"] is not JsonValue text) return [];
        settings.Remove("kept");
        return text.GetValue<string>().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('='))
            .ToDictionary(part => part[0], part => part[1].Select(bit => bit == '1').ToArray());
    }

    public static bool TryLoadTensors(AdapterSet adapter, string folder)
    {
        if (!adapter.Method.KeepsRecord(adapter) || !File.Exists(Path.Combine(folder, SettingsFile)) || Read(folder) is null) return false;
        using var file = SafetensorsFile.Open(Path.Combine(folder, TensorFile));
        PeftFolder.ReadAll(All(adapter), file, folder, adapter.Method.Name);
        return true;
    }

    private static IEnumerable<(string Name, Tenon.Tensors.Parameter Tensor)> All(AdapterSet adapter) =>
        adapter.Tensors.DistinctBy(t => t.Name).Concat(adapter.PrivateTensors.Select(t => (PrivatePrefix + t.Name, t.Tensor)));

    private static string Sha256(string folder)
    {
        using var file = SharedFile.Open(Path.Combine(folder, PeftFolder.TensorFile));
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
