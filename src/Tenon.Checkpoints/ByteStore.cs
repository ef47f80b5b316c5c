using System.IO.MemoryMappedFiles;

namespace Tenon.Checkpoints;

/// <summary>
/// Read-only bytes of a file (memory-mapped, so that reading a checkpoint copies nothing), of an array or of an embedded resource.
/// Offsets are 64-bit; every access is checked against the length. Thread-safe. A file must not be cut while it is mapped.
/// </summary>
internal sealed unsafe class ByteStore : IDisposable
{
    private readonly IDisposable[] _owners;
    private readonly Action? _release;
    private byte* _start;
    private int _disposed;

    private ByteStore(string location, byte* start, long length, Action? release, params IDisposable[] owners)
    {
        _start = start;
        (Location, Length, _release, _owners) = (location, length, release, owners);
    }

    /// <summary>Path or name, for messages.</summary>
    public string Location { get; }

    /// <summary>Number of bytes.</summary>
    public long Length { get; }

    /// <summary>Maps a file; <paramref name="what"/> says in messages what it should have been.</summary>
    public static ByteStore OpenFile(string path, string what)
    {
        if (!File.Exists(path))
            throw new TenonException($"There is no file '{path}'", what, Directory.Exists(path) ? "a folder"
                : "nothing", "Check the path; a download may be unfinished.");
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            // Of the open file: a link's own length is that of the path it holds, and hubs keep their files behind links.
            var length = stream.Length;
            if (length == 0)
            {
                stream.Dispose();
                throw new TenonException($"'{path}' is empty", what, "0 bytes", "Download the file again.");
            }

            var file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None,
                leaveOpen: false);
            var view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            return new ByteStore(path, pointer + view.PointerOffset, length, view.SafeMemoryMappedViewHandle.ReleasePointer, view, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TenonException($"Cannot open '{path}'", what, e.Message,
                "Check the permissions of the file and that no program writes to it.", e);
        }
    }

    /// <summary>Bytes of an array.</summary>
    public static ByteStore FromMemory(string name, ReadOnlyMemory<byte> bytes)
    {
        var pin = bytes.Pin();
        return new ByteStore(name, (byte*)pin.Pointer, bytes.Length, () => pin.Dispose());
    }

    /// <summary>The bytes [offset, offset + length).</summary>
    public ReadOnlySpan<byte> Slice(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (offset < 0 || length < 0 || offset > Length - length) Outside(offset, length);
        return new ReadOnlySpan<byte>(_start + offset, length);
    }

    /// <summary>A pointer to the bytes [offset, offset + length); valid until this store is disposed.</summary>
    public byte* Pointer(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (offset < 0 || length < 0 || offset > Length - length) Outside(offset, length);
        return _start + offset;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _start = null;
        _release?.Invoke();
        foreach (var owner in _owners) owner.Dispose();
    }

    private void Outside(long offset, long length) =>
        throw new ArgumentOutOfRangeException(nameof(offset), $"bytes [{offset}, {offset + length}) of '{Location}' with {Length} bytes");
}
