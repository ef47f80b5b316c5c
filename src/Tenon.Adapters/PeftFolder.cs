using System.Text.Json;
using Tenon.Models.Weights;

namespace Tenon.Adapters;

/// <summary>
/// An adapter on disk, as PEFT writes it: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, with PEFT's key names.
/// The same adapter gives the same bytes.
/// </summary>
public static class PeftFolder
{
    /// <summary>The configuration's file name.</summary>
    public const string ConfigFile = "adapter_config.json";

    /// <summary>The tensors' file name.</summary>
    public const string TensorFile = "adapter_model.safetensors";

    /// <summary>Writes both files into a folder that the caller makes whole (a checkpoint's temporary folder).</summary>
    public static void Save(AdapterSet adapter, string folder, string baseModel)
    {
        adapter.RequireFinite();
        SafetensorsWriter.Write(Path.Combine(folder, TensorFile), adapter.Tensors.DistinctBy(t => t.Name).Select(t => SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray())),
            new Dictionary<string, string> { ["format"] = "pt" });
        File.WriteAllText(Path.Combine(folder, ConfigFile), adapter.Method.PeftConfig(adapter, baseModel).ToJsonString(new JsonSerializerOptions { WriteIndented = true, IndentSize = 2 }) + "\n");
    }

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
