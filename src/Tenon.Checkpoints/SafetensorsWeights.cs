namespace Tenon.Checkpoints;

/// <summary>The weights of a Hugging Face folder: <c>model.safetensors</c>, or shards with <c>model.safetensors.index.json</c>.</summary>
internal sealed class SafetensorsWeights : IWeightSource, IStoredBytes
{
    public const string SingleName = "model.safetensors", IndexName = "model.safetensors.index.json";

    private readonly Dictionary<string, SafetensorsFile> _owner = [];
    private readonly Dictionary<string, WeightInfo> _tensors = [];
    private readonly List<SafetensorsFile> _files = [];

    private SafetensorsWeights(string location) => Location = location;

    public string Location { get; }

    public IReadOnlyDictionary<string, WeightInfo> Tensors => _tensors;

    /// <summary>Opens the weights of a folder; every shard is there, whole, and holds what the index says.</summary>
    public static SafetensorsWeights OpenFolder(string folder)
    {
        var result = new SafetensorsWeights(folder);
        try
        {
            string single = Path.Combine(folder, SingleName), index = Path.Combine(folder, IndexName);
            if (File.Exists(single)) result.Add(SafetensorsFile.Open(single), null);
            else if (File.Exists(index)) result.AddShards(folder, index);
            else
                throw new TenonException($"'{folder}' has no weights", $"{SingleName} or {IndexName}", Found(folder),
                    "Download the safetensors files of the model (older .bin checkpoints can be converted with transformers).");
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>The same over one opened file.</summary>
    public static SafetensorsWeights Of(SafetensorsFile file)
    {
        var result = new SafetensorsWeights(file.Location);
        result.Add(file, null);
        return result;
    }

    public void Read(string name, long row, Span<float> destination)
    {
        var info = Info(name);
        _owner[name].Read(name, row * info.Columns, destination);
    }

    public long StoredLength(string name) => _owner[Info(name).Name].Tensor(name).Length;

    public ReadOnlySpan<byte> Stored(string name, long offset, int length) => _owner[Info(name).Name].Bytes(name, offset, length);

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private WeightInfo Info(string name) => _tensors.TryGetValue(name, out var info) ? info
        : throw new TenonException($"'{Location}' has no tensor '{name}'", name, "nothing",
        "Check that config.json and the weights belong together.");

    private void AddShards(string folder, string index)
    {
        var map = JsonFields.Load(index).Object("weight_map") is { } m && m.Element.EnumerateObject().Any() ? m
            : throw new TenonException($"'{index}' has no weight_map", "an object of tensor names and file names", "nothing",
            "Download the index again.");
        var shards = new Dictionary<string, HashSet<string>>();
        foreach (var entry in map.Element.EnumerateObject())
        {
            var file = map.String(entry.Name) ?? throw map.Wrong(entry.Name, "a file name", entry.Value);
            if (Path.GetFileName(file) != file || file.Length == 0) throw map.Wrong(entry.Name, "a file name without folders", entry.Value);
            if (!shards.TryGetValue(file, out var names)) shards[file] = names = [];
            if (!names.Add(entry.Name)) throw map.Wrong(entry.Name, "one entry a tensor", entry.Value);
        }
        foreach (var (file, names) in shards.OrderBy(s => s.Key, StringComparer.Ordinal))
            Add(SafetensorsFile.Open(Path.Combine(folder, file)), names);
    }

    private void Add(SafetensorsFile file, HashSet<string>? promised)
    {
        _files.Add(file);
        foreach (var name in promised ?? [])
            if (!file.Tensors.ContainsKey(name))
                throw new TenonException($"'{file.Location}' lacks tensor '{name}'", "the tensors that the index promises",
                    $"{file.Tensors.Count} others", "Download the index and all shards of one revision.");
        foreach (var t in file.Tensors.Values)
        {
            if (!_owner.TryAdd(t.Name, file))
                throw new TenonException($"Tensor '{t.Name}' lies in two shards", "one",
                    $"'{_owner[t.Name].Location}' and '{file.Location}'", "Remove what does not belong to the model.");
            _tensors.Add(t.Name, new WeightInfo(t.Name, t.Shape, StoredTypes.Of(t.Type)));
        }
    }

    private static string Found(string folder)
    {
        var names = Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray();
        return names.Length == 0 ? "an empty folder" : string.Join(", ", names.Take(8)) + (names.Length > 8 ? ", ..." : "");
    }
}
