using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Tenon.Runs;

/// <summary>
/// <c>checkpoint.json</c>, written last into a checkpoint: its step, and every other file with length and SHA-256. A folder is a checkpoint
/// of a
/// step where its name, its seal and its bytes say so; names alone are not believed (copies, half copies and empty folders have names too).
/// </summary>
internal static class CheckpointSeal
{
    public const string FileName = "checkpoint.json";
    private const string StateFile = "trainer.json";

    /// <summary>Seals a folder whose files are all written.</summary>
    public static void Write(string folder, int step)
    {
        var files = new JsonObject();
        foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            files[Path.GetFileName(path)] = new JsonObject { ["bytes"] = new FileInfo(path).Length, ["sha256"] = Sha256(path) };
        File.WriteAllText(Path.Combine(folder, FileName),
            new JsonObject { ["step"] = step, ["files"] = files }.ToJsonString(RunJson.Indented) + "\n");
    }

    /// <summary>The step that a folder's name says: digits alone, as a step is written; null for any other name.</summary>
    public static int? StepOf(string folder) =>
        Path.GetFileName(folder) is var name && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var step)
        && step > 0
        && step.ToString(CultureInfo.InvariantCulture) == name ? step : null;

    /// <summary>
    /// Why a folder is not the whole checkpoint of a step; null where it is. Without <paramref name="bytes"/> names and lengths alone are
    /// compared.
    /// </summary>
    public static string? Fault(string folder, int step, bool bytes)
    {
        var seal = Path.Combine(folder, FileName);
        if (!File.Exists(seal)) return Unsealed(folder, step);
        if (Read(seal) is not { } json || json["files"] is not JsonObject files || RunJson.Whole(json["step"]) is not { } sealedStep)
            return $"its {FileName} cannot be read";
        if (sealedStep != step) return $"it is a copy of the checkpoint of step {sealedStep}";
        foreach (var (name, value) in files)
        {
            var file = new FileInfo(Path.Combine(folder, Path.GetFileName(name)));
            if (!file.Exists) return $"it has no {name}";
            if (RunJson.Whole(value?["bytes"]) is { } length && file.Length != length)
                return $"its {name} has {file.Length} bytes of {length}";
            if (bytes && RunJson.Text(value?["sha256"]) is { } hash && Sha256(file.FullName) != hash)
                return $"its {name} holds other bytes than were written";
        }

        return null;
    }

    // Checkpoints of earlier versions have no seal: their state must at least be readable and name the step.
    private static string? Unsealed(string folder, int step)
    {
        var path = Path.Combine(folder, StateFile);
        if (!File.Exists(path)) return Directory.EnumerateFileSystemEntries(folder).Any() ? $"it has no {StateFile}" : "it is empty";
        if (Read(path) is not { } json || RunJson.Whole(json["step"]) is not { } written) return $"its {StateFile} cannot be read";
        return written == step ? null : $"it holds the state of step {written}";
    }

    private static JsonObject? Read(string path)
    {
        try
        {
            return RunJson.Parse(SharedFile.ReadText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Sha256(string path)
    {
        using var file = SharedFile.Open(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
