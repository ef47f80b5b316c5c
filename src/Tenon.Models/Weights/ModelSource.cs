using Tenon.Models.Config;
using Tenon.Models.Weights.Gguf;

namespace Tenon.Models.Weights;

/// <summary>
/// A checkpoint, opened: its configuration and its weights, checked against each other. A Hugging Face folder or a GGUF file.
/// Every value that is read through <see cref="Weights"/> is finite, or the read throws naming tensor and index.
/// </summary>
public sealed class ModelSource : IDisposable
{
    private ModelSource(string location, ModelConfig config, IWeightSource weights, GgufFile? gguf)
    {
        ExpectedTensors.Check(weights, config);
        (Location, Config, Weights, Gguf) = (location, config, new FiniteWeights(weights), gguf);
    }

    /// <summary>Where it was read from: the folder or file.</summary>
    public string Location { get; }

    /// <summary>Sizes and flags.</summary>
    public ModelConfig Config { get; }

    /// <summary>The weights under their Hugging Face names.</summary>
    public IWeightSource Weights { get; }

    /// <summary>The GGUF file where it is one (its metadata holds the tokenizer), else null.</summary>
    public GgufFile? Gguf { get; }

    /// <summary>Opens a Hugging Face folder or a .gguf file and checks names, types and shapes of all tensors.</summary>
    public static ModelSource Open(string path)
    {
        if (Directory.Exists(path)) return OpenFolder(path);
        if (File.Exists(path))
            return IsGguf(path) ? OpenGguf(path)
                : throw new TenonException($"'{path}' is no model", "a Hugging Face folder or a .gguf file", "a file of another kind", "Give the folder that holds config.json and the safetensors files.");
        throw new TenonException($"There is no model '{path}'", "a Hugging Face folder or a .gguf file", "nothing at this path", "Check the path; Tenon downloads nothing.", usage: true);
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    private static ModelSource OpenFolder(string path)
    {
        if (!File.Exists(Path.Combine(path, "config.json")))
        {
            var gguf = Directory.EnumerateFiles(path, "*.gguf").Order(StringComparer.Ordinal).ToArray();
            throw new TenonException($"'{path}' is no model folder", "a config.json beside safetensors files", Directory.EnumerateFileSystemEntries(path).Any() ? "no config.json" : "an empty folder",
                gguf.Length > 0 ? $"For a GGUF model name the file itself: {gguf[0]}" : "Check the path and that the download is complete.");
        }
        var config = HuggingFaceConfig.Read(path);
        var weights = SafetensorsWeights.OpenFolder(path);
        try
        {
            return new ModelSource(path, config, weights, null);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private static ModelSource OpenGguf(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            var config = GgufConfig.Read(file);
            return new ModelSource(path, config, new GgufWeights(file, config), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static bool IsGguf(string path)
    {
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) return true;
        using var stream = File.OpenRead(path);
        Span<byte> start = stackalloc byte[4];
        return stream.ReadAtLeast(start, 4, throwOnEndOfStream: false) == 4 && start.SequenceEqual("GGUF"u8);
    }
}
