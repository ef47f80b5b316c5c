using System.Runtime.InteropServices;

namespace Tenon.Checkpoints;

/// <summary>One tensor to be written: its description, and how its bytes come, so that a large one need not lie in memory.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Row-major shape.</param>
/// <param name="WriteTo">Writes exactly the tensor's bytes, little-endian.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, Action<Stream> WriteTo)
{
    private const int Chunk = 1 << 16;

    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => checked(a * b));

    /// <summary>
    /// float32 values stored as F32, or rounded to nearest as BF16 or F16; a finite value that would become infinite is an error.
    /// </summary>
    public static SafetensorsEntry FromFloats(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> values, SafetensorsType type =
        SafetensorsType.F32) =>
        new(name, RequireFloat(name, type), shape, stream => Put(stream, name, type, values.Span));

    /// <summary>float64 values.</summary>
    public static SafetensorsEntry FromDoubles(string name, IReadOnlyList<long> shape, ReadOnlyMemory<double> values) =>
        new(name, SafetensorsType.F64, shape, stream => stream.Write(MemoryMarshal.AsBytes(values.Span)));

    /// <summary>64-bit whole numbers.</summary>
    public static SafetensorsEntry FromLongs(string name, IReadOnlyList<long> shape, ReadOnlyMemory<long> values) =>
        new(name, SafetensorsType.I64, shape, stream => stream.Write(MemoryMarshal.AsBytes(values.Span)));

    /// <summary>Bytes as they are.</summary>
    public static SafetensorsEntry FromBytes(string name, SafetensorsType type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> bytes) =>
        new(name, type, shape, stream => stream.Write(bytes.Span));

    /// <summary>A tensor of a source, read in parts of some rows, stored as F32, BF16 or F16.</summary>
    public static SafetensorsEntry FromSource(IWeightSource source, string name, SafetensorsType type)
    {
        var info = source.Tensors[name];
        return new SafetensorsEntry(name, RequireFloat(name, type), info.Shape, stream =>
        {
            if (info.Count == 0) return;
            var step = Math.Max(1, Chunk / info.Columns);
            var buffer = new float[step * info.Columns];
            for (long row = 0; row < info.Rows; row += step)
            {
                var part = buffer.AsSpan(0, (int)(Math.Min(step, info.Rows - row) * info.Columns));
                source.Read(name, row, part);
                Put(stream, name, type, part);
            }
        });
    }

    private static SafetensorsType RequireFloat(string name, SafetensorsType type) =>
        type is SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16 ? type
        : throw new TenonException($"Tensor '{name}' cannot be written as asked", "F32, BF16 or F16", type.ToString(),
        "Choose one of these types.");

    private static void Put(Stream stream, string name, SafetensorsType type, ReadOnlySpan<float> values)
    {
        if (type == SafetensorsType.F32)
        {
            stream.Write(MemoryMarshal.AsBytes(values));
            return;
        }
        var narrow = new ushort[Math.Min(values.Length, Chunk)];
        for (var from = 0; from < values.Length; from += Chunk)
        {
            var part = values[from..Math.Min(values.Length, from + Chunk)];
            for (var i = 0; i < part.Length; i++)
            {
                narrow[i] = type == SafetensorsType.BF16 ? FloatFormats.ToBf16(part[i]) : FloatFormats.ToF16(part[i]);
                if ((narrow[i] & 0x7FFF) == (type == SafetensorsType.BF16 ? 0x7F80 : 0x7C00) && float.IsFinite(part[i]))
                    throw new TenonException($"Tensor '{name}' does not fit into {type}", "values in its range", $"{part[i]}",
                        "Store it as F32.");
            }
            stream.Write(MemoryMarshal.AsBytes(narrow.AsSpan(0, part.Length)));
        }
    }
}
