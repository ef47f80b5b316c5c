using Tenon.Checkpoints;
using Tenon.Checkpoints.Gguf;
using Tenon.Models.Config;

namespace Tenon.Models.Weights;

/// <summary>
/// The weights of a GGUF model under their Hugging Face names. Files of the llama architecture keep the rows of attn_q and attn_k of each
/// head in
/// the order (pair, half); here they are read back in Hugging Face's order (half, pair), row by row, so that reading a part stays cheap.
/// </summary>
internal sealed class GgufWeights : IWeightSource, IStoredBytes, IBlockWeights
{
    private readonly GgufFile _file;
    private readonly Dictionary<string, WeightInfo> _tensors = [];
    private readonly Dictionary<string, (string Gguf, bool Permuted)> _sources = [];
    private readonly List<string> _empty = [];
    private readonly int _headDim;

    /// <summary>Takes over the file: disposing this disposes it.</summary>
    public GgufWeights(GgufFile file, ModelConfig config)
    {
        _file = file;
        _headDim = config.HeadDim;
        foreach (var t in file.Tensors.Values)
        {
            if (t.Name == GgufNames.RopeFrequencies) continue;
            if (t.Count == 0)
            {
                _empty.Add(t.Name);
                continue;
            }

            var name = GgufNames.ToHuggingFace(t.Name) ?? throw new TenonException(
                $"'{file.Location}' has a tensor of no known meaning", $"the tensors of a {config.ModelType} decoder", $"'{t.Name}'",
                "Take a plain causal language model of a supported family.");
            var permuted = config.ModelType == "llama"
                && (name.Contains(".q_proj.", StringComparison.Ordinal) || name.Contains(".k_proj.", StringComparison.Ordinal));
            GgufTypes.Require(t, file.Location);
            if (permuted && (t.Shape.Length == 0 || t.Shape[0] % _headDim != 0))
                throw new TenonException($"Tensor '{t.Name}' of '{file.Location}' has a wrong shape",
                    $"a multiple of the head size {_headDim} rows", $"[{string.Join(", ", t.Shape)}]", "Download the file again.");
            _tensors.Add(name, new WeightInfo(name, t.Shape, StoredTypes.Of(t.Type)));
            _sources.Add(name, (t.Name, permuted));
        }
    }

    public string Location => _file.Location;

    public IReadOnlyDictionary<string, WeightInfo> Tensors => _tensors;

    /// <summary>Tensors without values, which are passed over whatever they are called.</summary>
    public IReadOnlyList<string> Empty => _empty;

    public void Read(string name, long row, Span<float> destination)
    {
        if (!_sources.TryGetValue(name, out var source))
            throw new TenonException($"'{Location}' has no tensor '{name}'", name, $"{_tensors.Count} others",
                "Check that the file is a whole model.");
        if (!source.Permuted)
        {
            _file.Read(source.Gguf, row, destination);
            return;
        }
        var shape = _tensors[name].Shape;
        if (shape.Length == 1)
        {
            ReadPermutedVector(source.Gguf, destination);
            return;
        }
        var columns = (int)shape[1];
        if (destination.Length % columns != 0)
            throw new ArgumentException($"{destination.Length} values are no whole rows of {columns}", nameof(destination));
        for (var i = 0; i < destination.Length / columns; i++)
            _file.Read(source.Gguf, FileRow(row + i), destination.Slice(i * columns, columns));
    }

    public BlockKind Blocks(string name) => _file.Blocks(_sources[name].Gguf);

    public void ReadBlocks(string name, long row, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        var source = _sources[name];
        if (!source.Permuted)
        {
            _file.ReadBlocks(source.Gguf, row, integers, scales, offsets);
            return;
        }

        var (columns, blocks) = ((int)_tensors[name].Columns, (int)_tensors[name].Columns / 32);
        for (var i = 0; i < integers.Length / columns; i++)
            _file.ReadBlocks(source.Gguf, FileRow(row + i), integers.Slice(i * columns, columns), scales.Slice(i * blocks, blocks),
                offsets.IsEmpty ? default : offsets.Slice(i * blocks, blocks));
    }

    public long StoredLength(string name) => _file.Tensor(_sources[name].Gguf).Length;

    public ReadOnlySpan<byte> Stored(string name, long offset, int length) => _file.Bytes(_sources[name].Gguf, offset, length);

    public void Dispose() => _file.Dispose();

    /// <summary>Where the file keeps Hugging Face's row: within a head, (half, pair) lies at (pair, half).</summary>
    private long FileRow(long row)
    {
        long head = row / _headDim, within = row % _headDim, pairs = _headDim / 2;
        return head * _headDim + within % pairs * 2 + within / pairs;
    }

    private void ReadPermutedVector(string name, Span<float> destination)
    {
        var stored = new float[destination.Length];
        _file.Read(name, 0, stored);
        for (var i = 0; i < stored.Length; i++) destination[i] = stored[FileRow(i)];
    }
}
