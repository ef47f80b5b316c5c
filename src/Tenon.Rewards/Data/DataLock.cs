using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Rewards.Data;

/// <summary>The file beside fetched data that pins each one's address, size and SHA-256.</summary>
internal sealed class DataLock
{
    /// <summary>The file's name.</summary>
    public const string FileName = "data.lock.json";

    private readonly string _path;
    private readonly JsonObject _files;

    private DataLock(string path, JsonObject files) => (_path, _files) = (path, files);

    /// <summary>The pins of a folder; none where there is no file yet.</summary>
    public static DataLock Open(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return new DataLock(path, []);
        var text = InputFile.ReadText(path, "lock file");
        try
        {
            if (JsonNode.Parse(text) is JsonObject files) return new DataLock(path, files);
        }
        catch (JsonException e)
        {
            throw JsonFault.Error($"lock file {path}", e, text, "delete it, and what is fetched next is pinned anew");
        }

        throw new TenonException($"lock file {path}", "a JSON object", "another JSON value",
            "delete it, and what is fetched next is pinned anew");
    }

    /// <summary>The pinned SHA-256 of a file, or null.</summary>
    public string? Sha256Of(string name) =>
        _files[name] is JsonObject pin && pin["sha256"] is JsonValue value && value.TryGetValue<string>(out var sha) ? sha : null;

    /// <summary>Pins a file; writes only where something changes.</summary>
    public void Pin(string name, string url, string sha256, long bytes)
    {
        if (Sha256Of(name) == sha256) return;
        _files[name] = new JsonObject { ["url"] = url, ["sha256"] = sha256, ["bytes"] = bytes };
        var sorted =
            new JsonObject(_files.OrderBy(f => f.Key, StringComparer.Ordinal)
            .Select(f => KeyValuePair.Create(f.Key, f.Value?.DeepClone())));
        AtomicFile.WriteText(_path, sorted.ToJsonString(ReadableJson.Indented) + "\n");
    }
}
