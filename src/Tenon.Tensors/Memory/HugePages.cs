using System.Runtime.InteropServices;

namespace Tenon.Tensors.Memory;

/// <summary>
/// Linux's huge pages for large arrays: fresh memory costs a fault on the first touch of every page, and with pages of 4 KiB these
/// faults cost more than a first decomposition of a large matrix itself.
/// </summary>
internal static unsafe class HugePages
{
    /// <summary>The size of one.</summary>
    public const nint Size = 2 << 20;

    private const int Wanted = 14;

    /// <summary>A new array of zeros; a large one asks for huge pages before anything has touched it.</summary>
    public static double[] Array(long length)
    {
        var result = new double[length];
        if (length < 2 * Size / sizeof(double) || !OperatingSystem.IsLinux()) return result;
        fixed (double* first = result) Ask(first, (nint)length * sizeof(double));
        return result;
    }

    /// <summary>Asks for huge pages where whole ones lie in a block; advice that the system may leave alone. Linux only.</summary>
    public static void Ask(void* block, nint bytes)
    {
        var start = ((nint)block + Size - 1) & -Size;
        var whole = (((nint)block + bytes) & -Size) - start;
        if (whole > 0) _ = AdviseMemory((void*)start, whole, Wanted);
    }

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int AdviseMemory(void* address, nint bytes, int advice);
}
