using System.IO.Compression;

namespace Tenon;

/// <summary>
/// Files that a person names: opened for reading, or refused in words that fit the case (nothing there, a folder, no right to read it,
/// another format).
/// </summary>
public static class InputFile
{
    private static readonly (byte[] Magic, string Name)[] S_foreign =
    [
        ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard archive"), ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "an xz archive"),
        ([(byte)'B', (byte)'Z', (byte)'h'], "a bzip2 archive"), ([(byte)'P', (byte)'K', 3, 4], "a zip archive"),
        ([.. "ARROW1"u8], "an Arrow file"), ([.. "SQLite format 3"u8], "an SQLite database"),
    ];

    /// <summary>Opens a file as it is; <paramref name="what"/> names its part in an error (<c>Data file</c>, <c>input</c>).</summary>
    public static FileStream Open(string path, string what)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Fault(path, what, e);
        }
    }

    /// <summary>Opens a file of lines or text, unpacked where it is a gzip archive; another archive or a binary format is named.</summary>
    public static Stream OpenText(string path, string what)
    {
        var file = Open(path, what);
        try
        {
            var head = new byte[16];
            var length = file.CanSeek ? file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) : 0;
            foreach (var (magic, name) in S_foreign)
                if (head.AsSpan(0, length).StartsWith(magic))
                    throw new TenonException($"{what} {path}", "text, or text packed with gzip", name,
                        "unpack it first, or pack it with gzip", usage: true);
            if (length > 0) file.Position = 0;
            return length > 2 && head[0] == 0x1F && head[1] == 0x8B ? new Unpacked(file, $"{what} {path}") : file;
        }
        catch (Exception e)
        {
            file.Dispose();
            if (e is IOException or UnauthorizedAccessException) throw Fault(path, what, e);
            throw;
        }
    }

    /// <summary>The whole text of a UTF-8 file, without a byte order mark.</summary>
    public static string ReadText(string path, string what)
    {
        using var lines = Utf8Lines.Open(path, what);
        return lines.ReadToEnd();
    }

    /// <summary>The error of a path that could not be opened or read.</summary>
    public static TenonException Fault(string path, string what, Exception e)
    {
        if (path.Length == 0) return new TenonException($"{what} ''", "the path of a file", "an empty text", inner: e, usage: true);
        if (Directory.Exists(path))
            return new TenonException($"{what} {path}", "a file", "a folder", "name the file in it", e, usage: true);
        return e switch
        {
            FileNotFoundException or DirectoryNotFoundException =>
                new TenonException($"{what} {path}", "a file that exists", "nothing there", "paths are taken from the current folder", e,
                usage: true),
            UnauthorizedAccessException =>
                new TenonException($"{what} {path}", "a file that may be read", "no right to read it", inner: e, usage: true),
            _ => new TenonException($"{what} {path}", "a file that can be read", e.Message, inner: e, usage: true),
        };
    }

    /// <summary>The bytes of a gzip archive; a damaged or cut one is an error that names it.</summary>
    private sealed class Unpacked : Stream
    {
        private readonly FileStream _file;
        private readonly GZipStream _inner;
        private readonly string _where;

        public Unpacked(FileStream file, string where) =>
            (_file, _inner, _where) = (file, new GZipStream(file, CompressionMode.Decompress), where);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        private long _count;

        public override int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                var read = _inner.Read(buffer, offset, count);
                _count += read;
                if (read == 0 && count > 0 && !IsWhole()) throw Cut(null);
                return read;
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                throw Cut(e);
            }
        }

        // The last four bytes of an archive are the length of its last member; a cut archive ends in other bytes.
        private bool IsWhole()
        {
            if (_file.Length < 18) return false;
            var tail = new byte[4];
            var position = _file.Position;
            _file.Position = _file.Length - 4;
            _file.ReadExactly(tail);
            _file.Position = position;
            return BitConverter.ToUInt32(tail) <= _count;
        }

        private TenonException Cut(Exception? e) =>
            new(_where, "a whole gzip archive", "one that is damaged or cut", "fetch or pack the file again", e, usage: true);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) _inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
