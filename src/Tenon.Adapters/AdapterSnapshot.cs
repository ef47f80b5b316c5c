using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Tensors;

namespace Tenon.Adapters;

/// <summary>
/// An adapter's values at some moment as bytes that can leave the process: a safetensors file of every tensor, private ones included, with
/// the method's settings and the version in its head. Nothing of the base is in it.
/// </summary>
public static class AdapterSnapshot
{
    private const string PrivatePrefix = "private.";
    private const string Name = "adapter snapshot";

    /// <summary>The bytes.</summary>
    public static byte[] Write(AdapterSet adapter)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, Name,
            All(adapter).Select(t => SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray())),
            new Dictionary<string, string>
            {
                ["settings"] = SettingsJson.Write(adapter.Settings).ToJsonString(),
                ["kept"] = JsonSerializer.Serialize(adapter.Settings.Start.Kept),
                ["version"] = adapter.Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
            });
        return stream.ToArray();
    }

    /// <summary>The adapter on a model, attached.</summary>
    /// <exception cref="TenonException">The bytes are no snapshot, or belong to another model.</exception>
    public static AdapterSet Read(CausalModel model, ReadOnlyMemory<byte> snapshot)
    {
        using var file = SafetensorsFile.FromMemory(Name, snapshot);
        if (!file.Metadata.TryGetValue("settings", out var text) || JsonNode.Parse(text) is not { } json)
            throw new TenonException(Name, "settings in its head", "none");
        var settings = SettingsJson.Read<AdapterSettings>(json) with
        {
            Start = new AdapterStart
            {
                SkipStart = true,
                Kept = JsonSerializer.Deserialize<Dictionary<string, bool[]>>(file.Metadata.GetValueOrDefault("kept", "{}"))!,
            },
        };
        var adapter = AdapterMethod.Of(settings.Method).Create(model, settings);
        try
        {
            PeftFolder.ReadAll(All(adapter), file, Name, adapter.Method.Name);
            adapter.Version = long.Parse(file.Metadata["version"], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch
        {
            adapter.Dispose();
            throw;
        }

        return adapter;
    }

    private static IEnumerable<(string Name, Parameter Tensor)> All(AdapterSet adapter) =>
        adapter.Tensors.DistinctBy(t => t.Name).Concat(adapter.PrivateTensors.Select(t => (PrivatePrefix + t.Name, t.Tensor)));
}
