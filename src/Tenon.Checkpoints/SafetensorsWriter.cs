using System.Buffers.Binary;
using System.Text;

namespace Tenon.Checkpoints;

/// <summary>
/// Writes safetensors files, byte for byte as the reference library does (its order of tensors, its JSON, its padding), except that
/// metadata keys
/// are sorted, where the library leaves their order to chance. The same input gives the same bytes. Files appear whole or not at all.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>Writes tensors in the library's order: larger element types first, then by name.</summary>
    /// <param name="path">Target file; replaced only when everything is written.</param>
    /// <param name="tensors">Distinct names.</param>
    /// <param name="metadata">Key-value pairs; null: <c>format = pt</c>, which transformers asks for.</param>
    /// <param name="keepOrder">True: in the order given, not the library's (every reader accepts both).</param>
    public static void Write(string path, IEnumerable<SafetensorsEntry> tensors, IReadOnlyDictionary<string, string>? metadata =
        null, bool keepOrder = false) =>
        AtomicFile.Write(path, stream => Write(stream, path, tensors, metadata, keepOrder));

    /// <summary>The same into a stream; <paramref name="name"/> is named in messages.</summary>
    public static void Write(Stream stream, string name, IEnumerable<SafetensorsEntry> tensors, IReadOnlyDictionary<string,
        string>? metadata = null, bool keepOrder = false)
    {
        SafetensorsEntry[] all = [.. tensors];
        if (!keepOrder) all = [.. all.OrderByDescending(t => t.Type).ThenBy(t => t.Name, StringComparer.Ordinal)];
        if (all.GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new TenonException($"Cannot write '{name}': tensor '{twice.Key}'", "distinct names",
                $"{twice.Count()} tensors of this name");
        stream.Write(Header(all, metadata ?? new Dictionary<string, string> { ["format"] = "pt" }));
        foreach (var t in all)
        {
            using var counted = new CountingStream(stream);
            t.WriteTo(counted);
            var expected = t.Count * t.Type.Bytes();
            if (counted.Written != expected)
                throw new TenonException($"Cannot write '{name}': tensor '{t.Name}'",
                    $"{expected} bytes for [{string.Join(", ", t.Shape)}] of {t.Type}", $"{counted.Written} bytes");
        }
    }

    private static byte[] Header(SafetensorsEntry[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var json = new StringBuilder("{");
        if (metadata.Count > 0)
            json.Append("\"__metadata__\":{")
                .AppendJoin(',', metadata.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{Quote(m.Key)}:{Quote(m.Value)}"))
                .Append("},");
        long offset = 0;
        foreach (var t in tensors)
        {
            var end = checked(offset + t.Count * t.Type.Bytes());
            json.Append(
                $"{Quote(t.Name)}:{{\"dtype\":\"{t.Type}\",\"shape\":[{string.Join(',', t.Shape)}],\"data_offsets\":[{offset},{end}]}},");
            offset = end;
        }
        if (json[^1] == ',') json.Length--;
        json.Append('}');
        var text = Encoding.UTF8.GetBytes(json.ToString());
        var padded = (text.Length + 7) / 8 * 8;
        var header = new byte[8 + padded];
        BinaryPrimitives.WriteInt64LittleEndian(header, padded);
        text.CopyTo(header, 8);
        header.AsSpan(8 + text.Length).Fill((byte)' ');
        return header;
    }

    /// <summary>A JSON string as the reference writes it: only quote, backslash and control characters are escaped.</summary>
    private static string Quote(string text)
    {
        var result = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => result.Append("\\\""),
                '\\' => result.Append("\\\\"),
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                '\b' => result.Append("\\b"),
                '\f' => result.Append("\\f"),
                < ' ' => result.Append($"\\u{(int)c:x4}"),
                _ => result.Append(c),
            };
        }
        return result.Append('"').ToString();
    }

    private sealed class CountingStream(Stream inner) : Stream
    {
        public long Written { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            inner.Write(buffer);
            Written += buffer.Length;
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
