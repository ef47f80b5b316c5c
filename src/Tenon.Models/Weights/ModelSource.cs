using Tenon.Checkpoints;
using Tenon.Checkpoints.Gguf;
using Tenon.Models.Config;

namespace Tenon.Models.Weights;

/// <summary>
/// A checkpoint, opened: its configuration and its weights, checked against each other. A Hugging Face folder or a GGUF file.
/// Every value that is read through <see cref="Weights"/> is finite, or the read throws naming tensor and index.
/// </summary>
public sealed class ModelSource : IDisposable
{
    private readonly Lazy<string> _fingerprint;

    private ModelSource(string location, ModelConfig config, IWeightSource weights, GgufFile? gguf, IReadOnlyList<string> notices)
    {
        (Location, Config, Weights, Gguf, Notices) = (location, config, weights, gguf, notices);
        _fingerprint = new Lazy<string>(() => Tenon.Checkpoints.Fingerprint.Of(Weights));
    }

    /// <summary>Where it was read from: the folder or file.</summary>
    public string Location { get; }

    /// <summary>Sizes and flags.</summary>
    public ModelConfig Config { get; }

    /// <summary>The weights under their Hugging Face names.</summary>
    public IWeightSource Weights { get; }

    /// <summary>What a person should know of the checkpoint (tensors that were passed over); mostly empty.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>The GGUF file where it is one (its metadata holds the tokenizer), else null.</summary>
    public GgufFile? Gguf { get; }

    /// <summary>
    /// SHA-256 over names, types, shapes and bytes of all weights; computed once, by reading them all (about a second for a gigabyte).
    /// </summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>Opens a Hugging Face folder, a .gguf file or <c>tiny</c> and checks names, types and shapes of all tensors.</summary>
    public static ModelSource Open(string path)
    {
        if (path == EmbeddedModel.Name)
            return Of(path,
                HuggingFaceConfig.Parse(path, EmbeddedModel.ReadBytes("config.json"), EmbeddedModel.ReadBytes("generation_config.json")),
                SafetensorsFile.FromMemory(path, EmbeddedModel.ReadBytes("model.safetensors")));
        if (Directory.Exists(path)) return OpenFolder(path);
        if (File.Exists(path))
            return IsGguf(path) ? OpenGguf(path)
                : throw new TenonException($"'{path}' is no model", "a Hugging Face folder or a .gguf file", "a file of another kind",
                "Give the folder that holds config.json and the safetensors files.");
        throw new TenonException($"There is no model '{path}'", "a Hugging Face folder or a .gguf file", "nothing at this path",
            "Check the path; Tenon downloads nothing.", usage: true);
    }

    /// <summary>
    /// A model whose files lie elsewhere (an embedded resource): checked in the same way. Takes over <paramref name="weights"/>.
    /// </summary>
    public static ModelSource Of(string location, ModelConfig config, SafetensorsFile weights)
    {
        try
        {
            return Checked(location, config, SafetensorsWeights.Of(weights), null);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    private static ModelSource OpenFolder(string path)
    {
        if (!File.Exists(Path.Combine(path, "config.json")))
        {
            var gguf = Directory.EnumerateFiles(path, "*.gguf").Order(StringComparer.Ordinal).ToArray();
            throw new TenonException($"'{path}' is no model folder", "a config.json beside safetensors files",
                Directory.EnumerateFileSystemEntries(path).Any() ? "no config.json" : "an empty folder",
                gguf.Length > 0 ? $"For a GGUF model name the file itself: {gguf[0]}"
                : "Check the path and that the download is complete.");
        }
        var config = HuggingFaceConfig.Read(path);
        var weights = SafetensorsWeights.OpenFolder(path);
        try
        {
            return Checked(path, config, weights, null);
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
            return Checked(path, config, new GgufWeights(file, config), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static ModelSource Checked<T>(string path, ModelConfig config, T weights, GgufFile? gguf) where T : IWeightSource, IStoredBytes
    {
        var notices = ExpectedTensors.Check(weights, config, (weights as GgufWeights)?.Empty);
        if (config.TieWordEmbeddings && weights.Tensors.ContainsKey("lm_head.weight")) RequireEqualHead(weights);
        return new ModelSource(path, config, new FiniteWeights<T>(weights), gguf, notices);
    }

    /// <summary>
    /// A tied head that is stored all the same must be the embedding: where it is not, the configuration is wrong about the model.
    /// </summary>
    private static void RequireEqualHead(IStoredBytes weights)
    {
        const string Embedding = "model.embed_tokens.weight", Head = "lm_head.weight";
        var length = weights.StoredLength(Head);
        var equal = length == weights.StoredLength(Embedding);
        for (long at = 0; equal && at < length; at += 1 << 20)
        {
            var part = (int)Math.Min(1 << 20, length - at);
            equal = weights.Stored(Head, at, part).SequenceEqual(weights.Stored(Embedding, at, part));
        }
        if (!equal)
            throw new TenonException($"'{((IWeightSource)weights).Location}' has a head of its own although tie_word_embeddings is true",
                $"{Head} to be absent or equal to {Embedding}", "other values",
                "Set tie_word_embeddings to false in config.json if the head was trained apart.");
    }

    private static bool IsGguf(string path)
    {
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) return true;
        using var stream = SharedFile.Open(path);
        Span<byte> start = stackalloc byte[4];
        return stream.ReadAtLeast(start, 4, throwOnEndOfStream: false) == 4 && start.SequenceEqual("GGUF"u8);
    }
}
