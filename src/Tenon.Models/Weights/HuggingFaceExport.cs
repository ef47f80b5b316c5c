using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Checkpoints;
using Tenon.Models.Config;

namespace Tenon.Models.Weights;

/// <summary>Writes a model as a Hugging Face folder that transformers and vLLM load. The folder appears whole or not at all.</summary>
public static class HuggingFaceExport
{
    /// <summary>Weights above this many bytes are cut into shards with an index, as transformers cuts them.</summary>
    public const long DefaultShardBytes = 5_000_000_000;

    /// <summary>Writes configuration and weights to <paramref name="folder"/>, which must not exist or be empty.</summary>
    /// <param name="folder">Target folder.</param>
    /// <param name="config">The model's configuration.</param>
    /// <param name="weights">Its weights; tensor by tensor, so that a large model needs no copy in memory.</param>
    /// <param name="type">F32 (exact for every source), BF16 or F16 (rounded to nearest).</param>
    /// <param name="writeTokenizer">Writes the tokenizer's files into the folder it is given (a temporary one, renamed afterwards).</param>
    /// <param name="shardBytes">Largest size of a file.</param>
    public static void Write(string folder, ModelConfig config, IWeightSource weights, SafetensorsType type,
        Action<string>? writeTokenizer = null, long shardBytes = DefaultShardBytes)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(target) || Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new TenonException($"Cannot write the model to '{folder}'", "a folder that does not exist or is empty",
                File.Exists(target) ? "a file" : "a folder with files in it", "Choose another folder or remove this one.", usage: true);
        ExpectedTensors.Check(weights, config);
        var configText = HuggingFaceConfigWriter.Config(config, TorchName(type), weights.Location);
        var temporary = Path.Combine(Path.GetDirectoryName(target) ?? target, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(temporary);
            AtomicFile.WriteText(Path.Combine(temporary, "config.json"), configText);
            AtomicFile.WriteText(Path.Combine(temporary, "generation_config.json"), HuggingFaceConfigWriter.Generation(config));
            WriteWeights(temporary, config, weights, type, shardBytes);
            writeTokenizer?.Invoke(temporary);
            if (Directory.Exists(target)) Directory.Delete(target);
            AtomicFile.MoveFolder(temporary, target);
        }
        catch (Exception e)
        {
            try
            {
                if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            }
            catch (Exception ignored) when (ignored is IOException or UnauthorizedAccessException)
            {
                // The first fault is the one to report.
            }
            if (e is IOException or UnauthorizedAccessException)
                throw new TenonException($"Cannot write the model to '{folder}'", "a place that can be written to, with room for the model",
                    e.Message, "Free space or choose another folder.", e);
            throw;
        }
    }

    private static void WriteWeights(string folder, ModelConfig config, IWeightSource weights, SafetensorsType type, long shardBytes)
    {
        var shards = Shards(config, type, shardBytes);
        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, SafetensorsWeights.SingleName),
                shards[0].Select(n => SafetensorsEntry.FromSource(weights, n, type)));
            return;
        }
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var file = $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, file), shards[i].Select(n => SafetensorsEntry.FromSource(weights, n, type)));
            foreach (var name in shards[i]) map[name] = file;
        }
        var count = ExpectedTensors.Of(config).Sum(t => t.Shape.Aggregate(1L, (a, b) => a * b));
        var index = new JsonObject
        {
            ["metadata"] = new JsonObject { ["total_parameters"] = count, ["total_size"] = count * type.Bytes() },
            ["weight_map"] = new JsonObject(map.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value))),
        };
        AtomicFile.WriteText(Path.Combine(folder, SafetensorsWeights.IndexName),
            index.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }) + "\n");
    }

    private static List<List<string>> Shards(ModelConfig config, SafetensorsType type, long shardBytes)
    {
        List<List<string>> shards = [[]];
        long filled = 0;
        foreach (var (name, shape) in ExpectedTensors.Of(config))
        {
            var size = shape.Aggregate((long)type.Bytes(), (a, b) => a * b);
            if (filled > 0 && filled + size > shardBytes)
            {
                shards.Add([]);
                filled = 0;
            }
            shards[^1].Add(name);
            filled += size;
        }
        return shards;
    }

    private static string TorchName(SafetensorsType type) => type switch
    {
        SafetensorsType.F32 => "float32",
        SafetensorsType.BF16 => "bfloat16",
        SafetensorsType.F16 => "float16",
        _ => throw new TenonException("Cannot write the weights as asked", "F32, BF16 or F16", type.ToString(), usage: true),
    };
}
