namespace Tenon.Checkpoints.Gguf;

/// <summary>One tensor of a GGUF file.</summary>
/// <param name="Name">Its GGUF name (<c>blk.0.attn_q.weight</c>).</param>
/// <param name="Type">How its values are stored.</param>
/// <param name="Shape">Row-major shape, outermost first (GGUF itself lists the dimensions the other way round).</param>
/// <param name="Offset">First byte, from the start of the file.</param>
/// <param name="Length">Number of bytes.</param>
public sealed record GgufTensor(string Name, GgufType Type, long[] Shape, long Offset, long Length)
{
    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>Values a row.</summary>
    public long Columns => Shape.Length == 0 ? 1 : Shape[^1];
}

/// <summary>
/// A GGUF file (versions 2 and 3, little-endian), memory-mapped: its metadata (also the tokenizer's, keys <c>tokenizer.ggml.*</c>) and its
/// tensors by GGUF name, dequantised exactly as the format defines. Thread-safe.
/// Format: github.com/ggml-org/ggml/blob/master/docs/gguf.md.
/// </summary>
public sealed unsafe class GgufFile : IDisposable
{
    private readonly ByteStore _bytes;

    private GgufFile(ByteStore bytes)
    {
        _bytes = bytes;
        try
        {
            (Metadata, Tensors) = new GgufReader(bytes).Read();
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Path or name, for messages.</summary>
    public string Location => _bytes.Location;

    /// <summary>
    /// Key-value pairs: numbers as <see cref="long"/> (<see cref="ulong"/> beyond its range) or <see cref="double"/>, truth values,
    /// strings, and arrays of these (<c>string[]</c>, <c>long[]</c>, <c>double[]</c>, <c>bool[]</c>, <c>object[]</c> of arrays).
    /// </summary>
    public IReadOnlyDictionary<string, object> Metadata { get; }

    /// <summary>The tensors by GGUF name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <summary>Opens a file and checks its header.</summary>
    public static GgufFile Open(string path) => new(ByteStore.OpenFile(path, "a GGUF file"));

    /// <summary>The same over bytes in memory; <paramref name="name"/> is named in messages.</summary>
    public static GgufFile FromMemory(string name, ReadOnlyMemory<byte> contents) => new(ByteStore.FromMemory(name, contents));

    /// <summary>The model family as the file names it (<c>llama</c>, <c>qwen2</c> ...).</summary>
    public string Architecture =>
        String("general.architecture")
        ?? throw new TenonException($"'{Location}' has no key 'general.architecture'", "the name of a model family", "nothing",
        "Download the file again.");

    /// <summary>A string, or null where the key is missing; another type is an error (so in all of these).</summary>
    public string? String(string key) => Value<string>(key, "a string");

    /// <summary>A truth value, or null.</summary>
    public bool? Bool(string key) => Metadata.ContainsKey(key) ? ValueOf<bool>(key, "true or false") : null;

    /// <summary>A whole number, or null.</summary>
    public long? Integer(string key) => Metadata.ContainsKey(key) ? ValueOf<long>(key, "a whole number") : null;

    /// <summary>A number, or null.</summary>
    public double? Number(string key) => Metadata.TryGetValue(key, out var v) ? v is long n ? n : ValueOf<double>(key, "a number") : null;

    /// <summary>A list of strings, or null.</summary>
    public string[]? Strings(string key) => Value<string[]>(key, "a list of strings");

    /// <summary>A list of whole numbers, or null.</summary>
    public long[]? Integers(string key) => Value<long[]>(key, "a list of whole numbers");

    /// <summary>A list of numbers, or null.</summary>
    public double[]? Numbers(string key) =>
        Metadata.TryGetValue(key, out var v) && v is long[] whole ? [.. whole.Select(x => (double)x)]
        : Value<double[]>(key, "a list of numbers");

    /// <summary>The tensor of this GGUF name; throws naming the file.</summary>
    public GgufTensor Tensor(string name) => Tensors.TryGetValue(name, out var t) ? t
        : throw new TenonException($"'{Location}' has no tensor '{name}'", name, $"{Tensors.Count} others",
        "Check that the file is a whole model.");

    /// <summary>Values of rows [row, row + count) in the file's own row order, dequantised; a vector counts as one row.</summary>
    public void Read(string name, long row, Span<float> destination)
    {
        var t = Tensor(name);
        var format = GgufTypes.Require(t, Location);
        if (t.Count == 0 && destination.IsEmpty) return;
        if (t.Columns == 0 || destination.Length % t.Columns != 0)
            throw new ArgumentException($"{destination.Length} values are no whole rows of {t.Columns}", nameof(destination));
        var rowBytes = t.Columns / format.BlockValues * format.BlockBytes;
        long rows = destination.Length / t.Columns;
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(row, t.Count / Math.Max(1, t.Columns) - rows);
        format.Dequantize!(_bytes.Pointer(t.Offset + row * rowBytes, rows * rowBytes), destination);
    }

    /// <summary>What groups of 32 values of a tensor are stored as.</summary>
    public BlockKind Blocks(string name) =>
        Tensor(name) is var t && t.Columns % 32 == 0 ? GgufTypes.Require(t, Location).Kind : BlockKind.None;

    /// <summary>
    /// The stored integers, scales and offsets of rows [row, row + count), in the file's own row order; see <see cref="Blocks"/>.
    /// </summary>
    public void ReadBlocks(string name, long row, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        var t = Tensor(name);
        var format = GgufTypes.Require(t, Location);
        var rowBytes = t.Columns / format.BlockValues * format.BlockBytes;
        var rows = integers.Length / t.Columns;
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(row, (t.Count / t.Columns) - rows);
        fixed (sbyte* q = integers)
        fixed (float* d = scales, m = offsets)
            format.Integers!(_bytes.Pointer(t.Offset + (row * rowBytes), rows * rowBytes), q, d, m, integers.Length / 32);
    }

    /// <summary>The stored bytes [offset, offset + length) of a tensor.</summary>
    public ReadOnlySpan<byte> Bytes(string name, long offset, int length)
    {
        var t = Tensor(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, t.Length - length);
        return _bytes.Slice(t.Offset + offset, length);
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private T? Value<T>(string key, string expected) where T : class =>
        Metadata.TryGetValue(key, out var v) ? v as T ?? throw Wrong(key, expected, v) : null;

    private T ValueOf<T>(string key, string expected) where T : struct =>
        Metadata[key] is T t ? t : throw Wrong(key, expected, Metadata[key]);

    private TenonException Wrong(string key, string expected, object got) =>
        new($"'{Location}' has a bad value for '{key}'", expected, got is Array a ? $"a list of {a.Length} ({got.GetType().Name})"
        : $"{got} ({got.GetType().Name})", "Download the file again.");
}
