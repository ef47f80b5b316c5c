using System.Runtime.InteropServices;

namespace Tenon.Checkpoints;

/// <summary>
/// A safetensors file, memory-mapped: its tensors' names, types and shapes, its metadata, and their values. Conversions are exact or
/// refused.
/// Thread-safe.
/// </summary>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly ByteStore _bytes;
    private readonly Dictionary<string, SafetensorsTensor> _tensors;

    private SafetensorsFile(ByteStore bytes)
    {
        _bytes = bytes;
        try
        {
            (_tensors, var metadata) = SafetensorsHeader.Parse(bytes);
            Metadata = metadata;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Path or name, for messages.</summary>
    public string Location => _bytes.Location;

    /// <summary>The file's own key-value pairs (<c>format</c> ...).</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Its tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors => _tensors;

    /// <summary>Opens a file and checks its whole header.</summary>
    public static SafetensorsFile Open(string path) => new(ByteStore.OpenFile(path, "a safetensors file"));

    /// <summary>The same over bytes in memory; <paramref name="name"/> is named in messages.</summary>
    public static SafetensorsFile FromMemory(string name, ReadOnlyMemory<byte> contents) => new(ByteStore.FromMemory(name, contents));

    /// <summary>The tensor of this name; throws naming the file and the nearest thing it holds.</summary>
    public SafetensorsTensor Tensor(string name) => _tensors.TryGetValue(name, out var t) ? t : throw new TenonException(
        $"'{Location}' has no tensor '{name}'", name, _tensors.Count == 0 ? "no tensors"
        : $"{_tensors.Count} tensors: "
        + $"{string.Join(", ", _tensors.Keys.Order(StringComparer.Ordinal).Take(8))}{(_tensors.Count > 8 ? ", ..." : "")}",
        "Check that the file belongs to this model.");

    /// <summary>The stored bytes [offset, offset + length) of a tensor.</summary>
    public ReadOnlySpan<byte> Bytes(string name, long offset, int length)
    {
        var t = Tensor(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, t.Length - length);
        return _bytes.Slice(t.Offset + offset, length);
    }

    /// <summary>All stored bytes of a tensor of less than 2 GB.</summary>
    public ReadOnlySpan<byte> Bytes(string name) => Bytes(name, 0, checked((int)Tensor(name).Length));

    /// <summary>Values [first, first + length of <paramref name="destination"/>) of an F32, F16 or BF16 tensor, widened exactly.</summary>
    public void Read(string name, long first, Span<float> destination)
    {
        var t = Tensor(name);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, t.Count - destination.Length, nameof(first));
        var from = _bytes.Pointer(t.Offset + first * t.Type.Bytes(), (long)destination.Length * t.Type.Bytes());
        switch (t.Type)
        {
            case SafetensorsType.F32:
                new ReadOnlySpan<byte>(from, checked(destination.Length * 4))
                .CopyTo(MemoryMarshal.AsBytes(destination)); break;
            case SafetensorsType.F16: FloatFormats.WidenF16(from, destination); break;
            case SafetensorsType.BF16: FloatFormats.WidenBf16(from, destination); break;
            default: throw Unreadable(t, "F32, F16 or BF16");
        }
    }

    /// <summary>All values of an F32, F16 or BF16 tensor.</summary>
    public float[] ReadFloats(string name)
    {
        var result = new float[Tensor(name).Count];
        Read(name, 0, result);
        return result;
    }

    /// <summary>All values of an F64, F32, F16 or BF16 tensor.</summary>
    public double[] ReadDoubles(string name) => Tensor(name).Type == SafetensorsType.F64
        ? MemoryMarshal.Cast<byte, double>(Bytes(name)).ToArray()
        : [.. ReadFloats(name).Select(x => (double)x)];

    /// <summary>All values of a tensor of whole numbers or truth values.</summary>
    public long[] ReadLongs(string name)
    {
        var t = Tensor(name);
        var raw = Bytes(name);
        return t.Type switch
        {
            SafetensorsType.I64 => MemoryMarshal.Cast<byte, long>(raw).ToArray(),
            SafetensorsType.U64 => Convert(MemoryMarshal.Cast<byte, ulong>(raw), x => checked((long)x)),
            SafetensorsType.I32 => Convert(MemoryMarshal.Cast<byte, int>(raw), x => x),
            SafetensorsType.U32 => Convert(MemoryMarshal.Cast<byte, uint>(raw), x => x),
            SafetensorsType.I16 => Convert(MemoryMarshal.Cast<byte, short>(raw), x => x),
            SafetensorsType.U16 => Convert(MemoryMarshal.Cast<byte, ushort>(raw), x => x),
            SafetensorsType.I8 => Convert(MemoryMarshal.Cast<byte, sbyte>(raw), x => x),
            SafetensorsType.U8 or SafetensorsType.BOOL => Convert(raw, x => x),
            _ => throw Unreadable(t, "a type of whole numbers"),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private static long[] Convert<T>(ReadOnlySpan<T> values, Func<T, long> widen)
    {
        var result = new long[values.Length];
        for (var i = 0; i < result.Length; i++) result[i] = widen(values[i]);
        return result;
    }

    private TenonException Unreadable(SafetensorsTensor t, string expected) =>
        new($"Tensor '{t.Name}' of '{Location}' cannot be read as asked", expected, t.Type.ToString(),
        "Convert the checkpoint to one of these types.");
}
