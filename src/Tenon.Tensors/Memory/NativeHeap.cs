using System.Runtime.InteropServices;

namespace Tenon.Tensors.Memory;

/// <summary>The C library's heap, in which the runtime's compiler works and small tensors lie.</summary>
public static unsafe class NativeHeap
{
    private static readonly delegate* unmanaged<nuint, int> S_trim = Find();
    private static long _s_trimmed;

    /// <summary>
    /// Gives the system back what is free in it, where the last time was a second ago or more (it is called at every step of a run): glibc
    /// keeps the largest need of each thread (the compiler's was some megabytes) for ever otherwise. Nothing where the C library has no
    /// <c>malloc_trim</c>.
    /// </summary>
    public static void TrimNowAndThen()
    {
        var now = Environment.TickCount64;
        if (S_trim == null || now - Interlocked.Read(ref _s_trimmed) < 1000) return;
        Interlocked.Exchange(ref _s_trimmed, now);
        _ = S_trim(0);
    }

    private static delegate* unmanaged<nuint, int> Find() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library)
        && NativeLibrary.TryGetExport(library, "malloc_trim", out var address) ? (delegate* unmanaged<nuint, int>)address : null;
}
