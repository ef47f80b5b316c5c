using System.Runtime.InteropServices;

namespace Tenon.Tensors.Memory;

/// <summary>
/// Machine code in memory that may run: written while it may not, so that no page is ever both. Two ways, as systems differ in what they
/// allow: a private
/// page whose protection changes, or a nameless file that is mapped once to be written and once to run.
/// </summary>
internal static unsafe class ExecutableMemory
{
    private const int Read = 1;
    private const int Write = 2;
    private const int Execute = 4;
    private const int Shared = 1;
    private const int Private = 2;
    private const nint Page = 4096;

    /// <summary>
    /// The first byte of a copy of <paramref name="code"/> that stays for the life of the process, or null where the system refuses it.
    /// </summary>
    public static void* Create(ReadOnlySpan<byte> code)
    {
        if (!OperatingSystem.IsLinux()) return null;
        var bytes = (code.Length + Page - 1) / Page * Page;
        var anonymous = Private | 0x20;
        var block = MapMemory(null, bytes, Read | Write, anonymous, -1, 0);
        if ((nint)block == -1) return null;
        code.CopyTo(new Span<byte>(block, code.Length));
        if (ProtectMemory(block, bytes, Read | Execute) == 0) return block;
        _ = UnmapMemory(block, bytes);
        return Twice(code, bytes);
    }

    private static void* Twice(ReadOnlySpan<byte> code, nint bytes)
    {
        var file = CreateMemoryFile("tenon-kernels", 0);
        if (file < 0) return null;
        try
        {
            if (SetLength(file, bytes) != 0) return null;
            var writable = MapMemory(null, bytes, Read | Write, Shared, file, 0);
            if ((nint)writable == -1) return null;
            code.CopyTo(new Span<byte>(writable, code.Length));
            _ = UnmapMemory(writable, bytes);
            var runnable = MapMemory(null, bytes, Read | Execute, Shared, file, 0);
            return (nint)runnable == -1 ? null : runnable;
        }
        finally
        {
            _ = CloseFile(file);
        }
    }

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern void* MapMemory(void* address, nint bytes, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int UnmapMemory(void* address, nint bytes);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int ProtectMemory(void* address, nint bytes, int protection);

    [DllImport("libc", EntryPoint = "memfd_create", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int CreateMemoryFile(string name, uint flags);

    [DllImport("libc", EntryPoint = "ftruncate")]
    private static extern int SetLength(int file, nint bytes);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int CloseFile(int file);
}
