using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Tenon.Checkpoints.Gguf;

/// <summary>
/// Parses the header of a GGUF file; every count and length is checked before it is trusted, and a fault names what was being read.
/// </summary>
internal sealed class GgufReader(ByteStore bytes)
{
    private const int Longest = 100_000_000; // more than any real list or text has, and little enough to fit in memory
    private const string Again = "Download or copy the file again; it may be cut off.";
    private const string Anew = "The file was written wrongly: convert the model again with a present llama.cpp.";
    private const string Damaged = "The file is damaged: download it again, or convert the model anew.";
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private long _position;
    private string _reading = "header";

    public (IReadOnlyDictionary<string, object> Metadata, IReadOnlyDictionary<string, GgufTensor> Tensors) Read()
    {
        if (bytes.Length < 4 || !bytes.Slice(0, 4).SequenceEqual("GGUF"u8))
            throw new TenonException($"'{bytes.Location}' is no GGUF file", "the first bytes to be GGUF", bytes.Length < 4
                ? $"{bytes.Length} bytes" : Convert.ToHexString(bytes.Slice(0, 4)), "Check that the file is what its name says.");
        _position = 4;
        var version = U32();
        if (version is not (2 or 3))
            throw new TenonException($"'{bytes.Location}' has an unsupported GGUF version", "2 or 3",
                BinaryPrimitives.ReverseEndianness(version) <= 9 ? $"{BinaryPrimitives.ReverseEndianness(version)} in big-endian order"
                : $"{version}",
                "Convert the model again with a present llama.cpp, little-endian.");
        var tensorCount = Count("number of tensors", 20);
        var keyCount = Count("number of keys", 13);
        var metadata = new Dictionary<string, object>();
        for (long i = 0; i < keyCount; i++)
        {
            _reading = $"key {i}";
            var key = String();
            _reading = $"key '{key}'";
            if (!metadata.TryAdd(key, Value(U32(), 0))) throw Bad("one entry of this name", "two");
        }
        if (metadata.TryGetValue("split.count", out var split) && split is long and > 1)
            throw new TenonException($"'{bytes.Location}' is one part of several", "a whole model in one file",
                $"part {(metadata.GetValueOrDefault("split.no") is long no ? no + 1 : 1)} of {split}",
                "Join the parts with llama-gguf-split --merge.");
        return (metadata, TensorInfos(tensorCount, Alignment(metadata)));
    }

    private long Alignment(Dictionary<string, object> metadata)
    {
        _reading = "key 'general.alignment'";
        return !metadata.TryGetValue("general.alignment", out var a) ? 32
            : a is long n && n is > 0 and <= 1 << 20 && BitOperations.IsPow2(n) ? n
            : throw Bad("a whole number that is a power of two", a is long ? $"{a}" : $"{a} stored as {Kind(a)}", Anew);
    }

    private Dictionary<string, GgufTensor> TensorInfos(long count, long alignment)
    {
        var infos = new List<(string Name, GgufType Type, long[] Shape, ulong Offset)>();
        for (long i = 0; i < count; i++)
        {
            _reading = $"tensor {i}";
            var name = String();
            _reading = $"tensor '{name}'";
            var dimensions = U32();
            if (dimensions > 4) throw Bad("at most 4 dimensions", $"{dimensions}");
            var shape = new long[dimensions];
            UInt128 values = 1;
            for (var k = (int)dimensions - 1; k >= 0; k--)
            {
                var n = U64();
                values *= n;
                if (n > long.MaxValue || values > long.MaxValue) throw Bad("a shape that fits in memory", $"a dimension of {n}");
                shape[k] = (long)n;
            }
            infos.Add((name, (GgufType)U32(), shape, U64()));
        }
        var start = (_position + alignment - 1) / alignment * alignment;
        var tensors = new Dictionary<string, GgufTensor>();
        foreach (var (name, type, shape, offset) in infos)
        {
            _reading = $"tensor '{name}'";
            var format = GgufTypes.Find(type)
                ?? throw Bad($"a known tensor type ({GgufTypes.SupportedNames})", $"type {(uint)type}",
                "Take another quantisation of the model, or convert it to one of these types with llama-quantize.");
            var t = new GgufTensor(name, type, shape, 0, 0);
            if (t.Columns % format.BlockValues != 0)
                throw Bad($"rows of a multiple of {format.BlockValues} values ({type})", $"{t.Columns}");
            var length = (UInt128)t.Count / (ulong)format.BlockValues * (ulong)format.BlockBytes;
            if (offset % (ulong)alignment != 0) throw Bad($"an offset that is a multiple of {alignment}", $"{offset}");
            if (length + offset + (ulong)start > (ulong)bytes.Length)
                throw new TenonException($"'{bytes.Location}' is truncated: {_reading}",
                    $"a file of at least {length + offset + (ulong)start} bytes", $"{bytes.Length} bytes", Again);
            if (!tensors.TryAdd(name, t with { Offset = start + (long)offset, Length = (long)length }))
                throw Bad("one entry of this name", "two");
        }
        var end = 0L;
        foreach (var t in tensors.Values.OrderBy(t => t.Offset).ThenBy(t => t.Length))
        {
            _reading = $"tensor '{t.Name}'";
            if (t.Offset < end) throw Bad("bytes of its own", "an offset inside another tensor");
            end = t.Offset + t.Length;
        }
        return tensors;
    }

    private object Value(uint type, int depth) => type switch
    {
        0 => (long)Take(1)[0],
        1 => (long)(sbyte)Take(1)[0],
        2 => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        3 => (long)BinaryPrimitives.ReadInt16LittleEndian(Take(2)),
        4 => (long)U32(),
        5 => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)),
        6 => (double)BinaryPrimitives.ReadSingleLittleEndian(Take(4)),
        7 => Take(1)[0] switch { 0 => false, 1 => true, var b => throw Bad("a truth value of 0 or 1", $"{b}") },
        8 => String(),
        9 => Array(U32(), depth),
        10 => U64() is var u && u > long.MaxValue ? u : (object)(long)u,
        11 => BinaryPrimitives.ReadInt64LittleEndian(Take(8)),
        12 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8)),
        _ => throw Bad("a value type from 0 to 12", $"{type}"),
    };

    private object Array(uint type, int depth)
    {
        if (depth > 4) throw Bad("lists nested at most 4 deep", "deeper ones");
        var least =
            type switch
            {
                0 or 1 or 7 => 1,
                2 or 3 => 2,
                4 or 5 or 6 => 4,
                8 or 10 or 11 or 12 => 8,
                9 => 12,
                _ =>
            throw Bad("a value type from 0 to 12", $"{type}")
            };
        var count = Count("length of a list", least);
        T[] All<T>()
        {
            var result = new T[count];
            for (var i = 0; i < result.Length; i++) result[i] = (T)Value(type, depth + 1);
            return result;
        }
        return type switch
        {
            0 or 1 or 2 or 3 or 4 or 5 or 11 => All<long>(),
            10 => All<object>() is var mixed && mixed.All(x => x is long) ? System.Array.ConvertAll(mixed, x => (long)x) : mixed,
            6 or 12 => All<double>(),
            7 => All<bool>(),
            8 => All<string>(),
            _ => All<object>(),
        };
    }

    private string String()
    {
        var length = Count("length of a text", 1);
        try
        {
            return Utf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw Bad("text in UTF-8", "other bytes");
        }
    }

    /// <summary>
    /// A count of things that take at least so many bytes each; one that cannot fit into the rest of the file is refused.
    /// </summary>
    private int Count(string what, int least)
    {
        var n = U64();
        return n <= (ulong)((bytes.Length - _position) / least) && n <= Longest ? (int)n
            : throw new TenonException($"'{bytes.Location}' is broken or truncated at {_reading}: {what}",
            $"what fits into the remaining {bytes.Length - _position} bytes, and at most {Longest}", $"{n}", Again);
    }

    private uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    private ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    private ReadOnlySpan<byte> Take(int n)
    {
        if (n > bytes.Length - _position)
            throw new TenonException($"'{bytes.Location}' is truncated at {_reading}", $"{n} more bytes", $"{bytes.Length - _position}",
                Again);
        var span = bytes.Slice(_position, n);
        _position += n;
        return span;
    }

    private static string Kind(object value) => value switch
    {
        double => "a floating-point number",
        string => "text",
        bool => "a truth value",
        System.Array => "a list",
        _ => "another type",
    };

    private TenonException Bad(string expected, string got, string hint = Damaged) =>
        new($"'{bytes.Location}' is broken at {_reading}", expected, got, hint);
}
