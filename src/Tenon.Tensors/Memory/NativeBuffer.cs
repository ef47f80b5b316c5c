using System.Runtime.InteropServices;

namespace Tenon.Tensors.Memory;

/// <summary>
/// A block of zeroed native memory, aligned to 64 bytes, with 64 readable bytes of slack past its end. Blocks of 2 MiB and more ask Linux
/// for huge pages, which
/// raises the read bandwidth of packed weights by about a third. Freed by <see cref="Dispose"/> or by the collector, whichever comes first.
/// </summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    private const nint Slack = 64;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    /// <summary>Below this a huge page is a large part of the whole, and the ordinary pages are few.</summary>
    private const nint SmallPagesBelow = 16 << 20;

    private void* _block;
    private readonly nint _mapped;

    private NativeBuffer(void* block, nint mapped, byte* pointer, nint bytes)
    {
        _block = block;
        _mapped = mapped;
        Pointer = pointer;
        Bytes = bytes;
        if (bytes > 0) GC.AddMemoryPressure(bytes);
    }

    /// <summary>Frees the memory that nobody disposed of.</summary>
    ~NativeBuffer() => Free();

    /// <summary>The first byte; null once disposed.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>The size asked for, in bytes.</summary>
    public nint Bytes { get; }

    /// <summary>
    /// Allocates <paramref name="bytes"/> zeroed bytes; throws <see cref="TenonException"/> where the system refuses them.
    /// </summary>
    public static NativeBuffer Allocate(nint bytes) => Allocate(bytes, OperatingSystem.IsLinux());

    /// <summary>The same, with or without what Linux alone has: pages of its own that are to be huge.</summary>
    internal static NativeBuffer Allocate(nint bytes, bool hugePages)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (bytes > nint.MaxValue - (2 * HugePages.Size)) throw OutOfMemory(bytes, null);
        if (hugePages && bytes >= HugePages.Size) return Map(bytes, hugePages: true);
        try
        {
            var block = NativeMemory.AlignedAlloc((nuint)(bytes + Slack), 64);
            NativeMemory.Clear(block, (nuint)(bytes + Slack));
            return new(block, 0, (byte*)block, bytes);
        }
        catch (OutOfMemoryException e)
        {
            throw OutOfMemory(bytes, e);
        }
    }

    /// <summary>
    /// The same for memory that is touched little by little (an arena's chunk): up to <see cref="SmallPagesBelow"/> bytes in ordinary pages,
    /// so that what stands in memory is what was touched and not the next 2 MiB.
    /// </summary>
    internal static NativeBuffer AllocateSparse(nint bytes) =>
        OperatingSystem.IsLinux() && bytes is >= HugePages.Size and < SmallPagesBelow ? Map(bytes, hugePages: false) : Allocate(bytes);

    /// <summary>Frees the memory now; nothing may use <see cref="Pointer"/> afterwards.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static TenonException OutOfMemory(nint bytes, Exception? inner) => new(
        "out of memory",
        expected: $"{bytes / 1048576.0:F1} MiB of free memory",
        got: "the system refused it",
        hint: "use a smaller model, fewer tokens in a batch, or bf16 storage",
        inner: inner);

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern void* MapMemory(void* address, nint bytes, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int UnmapMemory(void* address, nint bytes);

    private static NativeBuffer Map(nint bytes, bool hugePages)
    {
        // One huge page more than needed, so that the block can begin on the border of one; pages never touched cost nothing.
        var mapped = bytes + Slack + HugePages.Size;
        var map = MapMemory(null, mapped, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)map == -1) throw OutOfMemory(bytes, null);
        var start = (byte*)(((nint)map + HugePages.Size - 1) & -HugePages.Size);
        if (hugePages) HugePages.Ask(start, bytes);
        return new(map, mapped, start, bytes);
    }

    private void Free()
    {
        if (_block == null) return;
        if (_mapped > 0) _ = UnmapMemory(_block, _mapped);
        else NativeMemory.AlignedFree(_block);
        _block = null;
        Pointer = null;
        if (Bytes > 0) GC.RemoveMemoryPressure(Bytes);
    }
}
