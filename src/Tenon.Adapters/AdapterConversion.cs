using Tenon.Checkpoints;

namespace Tenon.Adapters;

/// <summary>An adapter folder with its tensors in another type; everything else stays as it is.</summary>
public static class AdapterConversion
{
    /// <summary>
    /// Writes PEFT's two files of <paramref name="folder"/> into <paramref name="target"/>; integer tensors keep their type. Tenon's own
    /// record is left out: it holds the unrounded values.
    /// </summary>
    public static void Rewrite(string folder, string target, SafetensorsType type)
    {
        var config = Path.Combine(folder, PeftFolder.ConfigFile);
        if (!File.Exists(config))
            throw new TenonException($"adapter '{folder}'", $"a folder with {PeftFolder.ConfigFile}", Directory.Exists(folder)
                ? "none in it" : "nothing there", usage: true);
        // What is copied as it stands is looked at all the same: a broken configuration makes no adapter.
        _ = Peft.PeftConfig.Fields(folder);
        using var file = SafetensorsFile.Open(Path.Combine(folder, PeftFolder.TensorFile));
        var entries =
            file.Tensors.Select(t => t.Value.Type is SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16
            or SafetensorsType.F64
            ? SafetensorsEntry.FromFloats(t.Key, t.Value.Shape, file.ReadFloats(t.Key), type)
            : SafetensorsEntry.FromBytes(t.Key, t.Value.Type, t.Value.Shape, file.Bytes(t.Key).ToArray()));
        SafetensorsWriter.Write(Path.Combine(target, PeftFolder.TensorFile), entries, new Dictionary<string, string> { ["format"] = "pt" });
        File.Copy(config, Path.Combine(target, PeftFolder.ConfigFile));
    }
}
