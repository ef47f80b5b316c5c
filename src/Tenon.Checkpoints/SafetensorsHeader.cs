using System.Buffers.Binary;
using System.Text.Json;

namespace Tenon.Checkpoints;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Row-major shape; empty for a scalar.</param>
/// <param name="Offset">First byte, from the start of the file.</param>
/// <param name="Length">Number of bytes.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsType Type, long[] Shape, long Offset, long Length)
{
    /// <summary>Number of values.</summary>
    public long Count => Length / Type.Bytes();
}

/// <summary>
/// Parses the header of a safetensors file: 8 bytes of length, a JSON object of tensors, then the bytes of the tensors, which must follow
/// each
/// other without gap or overlap up to the end of the file. As strict as the reference implementation.
/// </summary>
internal static class SafetensorsHeader
{
    private const long Limit = 100_000_000; // the reference implementation's own bound
    private const string Again = "Download or copy the file again; it may be cut off.";

    public static (Dictionary<string, SafetensorsTensor> Tensors, Dictionary<string, string> Metadata) Parse(ByteStore bytes)
    {
        var file = bytes.Location;
        if (bytes.Length < 8)
            throw new TenonException($"'{file}' is no safetensors file", "at least 8 bytes", $"{bytes.Length} bytes", Again);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(0, 8));
        if (length > Limit)
            throw new TenonException($"'{file}' is no safetensors file", $"a header of at most {Limit} bytes", $"{length} bytes",
                "Check that the file is what its name says (a Git LFS pointer or another format looks like this).");
        if ((long)length > bytes.Length - 8)
            throw new TenonException($"'{file}' is truncated", $"a header of {length} bytes after the first 8", $"{bytes.Length - 8} bytes",
                Again);
        try
        {
            using var document = JsonDocument.Parse(bytes.Slice(8, (int)length).ToArray(), new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw Bad(file, "header", "a JSON object", document.RootElement.ValueKind.ToString());
            return Read(file, document.RootElement, 8 + (long)length, bytes.Length);
        }
        catch (JsonException e)
        {
            throw new TenonException($"'{file}' has a broken header", "a JSON object",
                JsonFault.Describe(e, System.Text.Encoding.UTF8.GetString(bytes.Slice(8, (int)length))), Again, e);
        }
        catch (InvalidOperationException e)
        {
            throw new TenonException($"'{file}' has a broken header", "names in UTF-8", "other bytes, or half of a pair of surrogates",
                Again, e);
        }
    }

    private static (Dictionary<string, SafetensorsTensor>, Dictionary<string, string>) Read(string file, JsonElement root, long dataStart,
        long fileLength)
    {
        var tensors = new Dictionary<string, SafetensorsTensor>();
        Dictionary<string, string>? metadata = null;
        foreach (var entry in root.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                if (metadata is not null) throw Bad(file, "__metadata__", "one entry", "two entries of this name");
                metadata = [];
                if (entry.Value.ValueKind != JsonValueKind.Object)
                    throw Bad(file, "__metadata__", "an object of strings", entry.Value.ValueKind.ToString());
                foreach (var m in entry.Value.EnumerateObject())
                    metadata[m.Name] = m.Value.ValueKind == JsonValueKind.String ? m.Value.GetString()!
                        : throw Bad(file, $"__metadata__.{m.Name}", "a string", m.Value.ValueKind.ToString());
            }
            else if (!tensors.TryAdd(entry.Name, Tensor(file, entry, dataStart)))
            {
                throw Bad(file, $"tensor '{entry.Name}'", "one entry", "two entries of this name");
            }
        }
        var next = dataStart;
        foreach (var t in tensors.Values.OrderBy(t => t.Offset).ThenBy(t => t.Length))
        {
            if (t.Offset != next)
                throw Bad(file, $"tensor '{t.Name}'", $"bytes from {next - dataStart} (tensors follow each other)",
                    $"bytes from {t.Offset - dataStart}: {(t.Offset < next ? "it overlaps another" : "a gap")}");
            next = checked(t.Offset + t.Length);
            if (next > fileLength)
                throw new TenonException($"'{file}' is truncated: tensor '{t.Name}'", $"a file of at least {next} bytes",
                    $"{fileLength} bytes", Again);
        }
        if (next != fileLength)
            throw new TenonException($"'{file}' does not end where its tensors end", $"{next} bytes", $"{fileLength} bytes", Again);
        return (tensors, metadata ?? []);
    }

    private static SafetensorsTensor Tensor(string file, JsonProperty entry, long dataStart)
    {
        var what = $"tensor '{entry.Name}'";
        if (entry.Value.ValueKind != JsonValueKind.Object)
            throw Bad(file, what, "an object with dtype, shape and data_offsets", entry.Value.ValueKind.ToString());
        JsonElement Member(string key) =>
            entry.Value.TryGetProperty(key, out var v) ? v : throw Bad(file, what, $"the key {key}", entry.Value.GetRawText());
        var dtype = Member("dtype");
        if (dtype.ValueKind != JsonValueKind.String || !Enum.TryParse<SafetensorsType>(dtype.GetString(), out var type)
            || type.ToString() != dtype.GetString())
            throw Bad(file, $"{what} has an unknown dtype", string.Join(", ", Enum.GetNames<SafetensorsType>()), dtype.ToString());
        var shape = Numbers(Member("shape"));
        var offsets = Numbers(Member("data_offsets"));
        if (shape is null) throw Bad(file, what, "a shape of whole numbers", Member("shape").GetRawText());
        if (offsets is not [var from, var to] || to < from || to > long.MaxValue - dataStart)
            throw Bad(file, what, "data_offsets [from, to]", Member("data_offsets").GetRawText());
        UInt128 count = (UInt128)type.Bytes();
        foreach (var n in shape)
        {
            count *= (ulong)n;
            if (count > long.MaxValue) throw Bad(file, what, "a shape that fits in memory", $"[{string.Join(", ", shape)}]");
        }
        if ((long)count != to - from)
            throw Bad(file, what, $"{count} bytes for shape [{string.Join(", ", shape)}] of {type}", $"{to - from} bytes");
        return new SafetensorsTensor(entry.Name, type, shape, dataStart + from, to - from);
    }

    private static long[]? Numbers(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array) return null;
        var result = new List<long>();
        foreach (var x in list.EnumerateArray())
        {
            if (x.ValueKind != JsonValueKind.Number || !x.TryGetInt64(out var n) || n < 0) return null;
            result.Add(n);
        }
        return [.. result];
    }

    private static TenonException Bad(string file, string what, string expected, string got) =>
        new($"'{file}' has a broken header: {what}", expected, got, Again);
}
