using Tenon.Checkpoints;

namespace Tenon.Adapters;

/// <summary>
/// Whether a folder is an adapter in PEFT's format at all, and whether what is in it hangs together; told before anything is made of it.
/// </summary>
public static class AdapterCheck
{
    /// <summary>Refuses what is no folder of PEFT's, with what it is instead.</summary>
    public static void RequireFolder(string path)
    {
        string In(string name) => Path.Combine(path, name);

        if (!Directory.Exists(path))
            throw new TenonException($"adapter '{path}'", "an adapter folder", File.Exists(path) ? "a file" : "nothing there", usage: true);
        // MLX writes a configuration of the same name, with other keys.
        if (File.Exists(In("adapters.safetensors")) && !File.Exists(In(PeftFolder.TensorFile)))
            throw new TenonException($"adapter '{path}'", "an adapter in PEFT's format", "one in MLX's (adapters.safetensors)",
                "mlx_lm.fuse writes the merged model, which every verb reads", usage: true);
        if (!File.Exists(In(PeftFolder.ConfigFile)))
        {
            // A run's adapters lie one folder deeper.
            var inner = Directory.Exists(In("checkpoints")) ? Directory.GetDirectories(In("checkpoints")) : Directory.GetDirectories(path);
            var below = inner.Where(d => File.Exists(Path.Combine(d, PeftFolder.ConfigFile)))
                .Order(StringComparer.Ordinal).ToList();
            throw new TenonException($"adapter '{path}'", $"a folder with {PeftFolder.ConfigFile}",
                Directory.EnumerateFileSystemEntries(path).Any() ? "none in it" : "an empty folder",
                below.Count > 0 ? $"there is one in {string.Join(", ", below)}" : null, usage: true);
        }

        if (!File.Exists(In(PeftFolder.TensorFile)))
            throw new TenonException($"adapter '{path}'", $"a folder with {PeftFolder.TensorFile}", File.Exists(In("adapter_model.bin"))
                ? "adapter_model.bin" : "none in it",
                File.Exists(In("adapter_model.bin")) ? "save it with safe_serialization=True"
                : "the folder is not whole: fetch or write it again", usage: true);
    }

    /// <summary>
    /// What makes the tensors of a folder no adapter: none at all, half a pair, values that are no numbers; null where nothing does.
    /// </summary>
    public static string? FaultOf(SafetensorsFile file)
    {
        if (file.Tensors.Count == 0) return "its file holds no tensors";
        foreach (var name in file.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            foreach (var (one, other) in (ReadOnlySpan<(string, string)>)[(".lora_A.", ".lora_B."), (".lora_B.", ".lora_A.")])
                if (name.Contains(one, StringComparison.Ordinal)
                    && !file.Tensors.ContainsKey(name.Replace(one, other, StringComparison.Ordinal)))
                    return $"{name} stands alone, without its {other.Trim('.')}";
            if (file.Tensors[name].Type is SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16
                && file.ReadFloats(name).Any(value => !float.IsFinite(value)))
                return $"{name} holds values that are no numbers";
        }

        return null;
    }
}
