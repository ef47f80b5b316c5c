using System.Text;
using System.Text.Unicode;

namespace Tenon;

/// <summary>
/// Lines of UTF-8 text, given out as soon as they are there. A line ends at <c>\n</c> (a <c>\r</c> before it goes too) or at the end of the
/// input; a byte
/// order mark at the start is passed over. Bytes that are no UTF-8 are an error with their line and byte, never a replacement character;
/// the next call
/// goes on behind that line. UTF-16 and UTF-32 are named.
/// </summary>
public sealed class Utf8Lines : TextReader
{
    private readonly Stream _stream;
    private readonly string _name;
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private long _offset;
    private bool _ended;
    private TenonException? _hopeless;

    /// <summary>Lines of a stream; <paramref name="name"/> stands in errors.</summary>
    public Utf8Lines(Stream stream, string name) => (_stream, _name) = (stream, name);

    /// <summary>Lines of a file, unpacked where it is a gzip archive.</summary>
    public static Utf8Lines Open(string path, string what) => new(InputFile.OpenText(path, what), $"{what} {path}");

    /// <summary>Lines given out so far.</summary>
    public int Line { get; private set; }

    /// <summary>True where the last line was ended by a line break, false where the input ended in it.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>True once no later line can be read: the input is in another encoding, or reading it failed.</summary>
    public bool IsHopeless => _hopeless is not null;

    /// <inheritdoc/>
    public override string? ReadLine()
    {
        if (_hopeless is not null) throw _hopeless;
        var searched = 0;
        int length;
        while (true)
        {
            var found = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            IsEnded = found >= 0;
            if (found >= 0)
            {
                length = searched + found;
                break;
            }
            searched = _end - _start;
            if (Fill()) continue;
            if (searched == 0) return null;
            length = searched;
            break;
        }

        Line++;
        var bytes = _buffer.AsSpan(_start, length);
        var at = _offset;
        var taken = Math.Min(length + 1, _end - _start);
        _start += taken;
        _offset += taken;
        if (Line == 1)
        {
            if (OtherEncoding(bytes) is { } encoding)
                throw _hopeless = new TenonException(_name, "UTF-8 text", encoding, "convert the file to UTF-8", usage: true);
            if (bytes is [0xEF, 0xBB, 0xBF, ..])
            {
                bytes = bytes[3..];
                at += 3;
            }
        }

        if (bytes is [.., (byte)'\r']) bytes = bytes[..^1];
        if (!Utf8.IsValid(bytes)) throw Broken(bytes, at);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <inheritdoc/>
    public override string ReadToEnd()
    {
        var text = new StringBuilder();
        while (ReadLine() is { } line) text.Append(text.Length == 0 && Line == 1 ? "" : "\n").Append(line);
        return text.ToString();
    }

    // Two zero bytes among the first four letters, or a mark that says so.
    private static string? OtherEncoding(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xFF, 0xFE, 0, 0, ..] or [0, 0, 0xFE, 0xFF, ..] => "UTF-32 text",
        [0xFF, 0xFE, ..] => "UTF-16 text (little endian)",
        [0xFE, 0xFF, ..] => "UTF-16 text (big endian)",
        [not 0, 0, not 0, 0, ..] => "UTF-16 text (little endian, without a byte order mark)",
        [0, not 0, 0, not 0, ..] => "UTF-16 text (big endian, without a byte order mark)",
        _ => null,
    };

    private TenonException Broken(ReadOnlySpan<byte> bytes, long at)
    {
        var index = 0;
        while (Rune.DecodeFromUtf8(bytes[index..], out _, out var length) == System.Buffers.OperationStatus.Done) index += length;
        return new TenonException($"{_name}, line {Line}, byte {index + 1} of it (byte {at + index} of the input)", "UTF-8 text",
            $"0x{bytes[index]:X2}, which is no UTF-8", "convert the file to UTF-8", usage: true);
    }

    private bool Fill()
    {
        if (_ended) return false;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        else if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, checked(2 * _buffer.Length));
        }

        int read;
        try
        {
            read = _stream.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw _hopeless = new TenonException(_name, "input that can be read", e.Message, inner: e, usage: true);
        }
        catch (TenonException e)
        {
            _hopeless = e;
            throw;
        }

        _end += read;
        _ended = read == 0;
        return !_ended;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _stream.Dispose();
        base.Dispose(disposing);
    }
}
