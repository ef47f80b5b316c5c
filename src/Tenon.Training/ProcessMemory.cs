using System.Diagnostics;
using System.Globalization;

namespace Tenon.Training;

/// <summary>Memory of this process as the system counts it.</summary>
public static class ProcessMemory
{
    private const string StatusFile = "/proc/self/status";
    private static long _s_largest;

    /// <summary>
    /// The largest resident size that the process has had, in bytes: Linux's own high-water mark (VmHWM), elsewhere the peak working set.
    /// Linux sums the mark from counters of single
    /// processors and may answer a few pages less than a moment before, so the largest answer stands.
    /// </summary>
    public static long PeakBytes()
    {
        var now = Read(StatusFile);
        long seen;
        while ((seen = Interlocked.Read(ref _s_largest)) < now && Interlocked.CompareExchange(ref _s_largest, now, seen) != seen)
        {
        }

        return Math.Max(now, seen);
    }

    /// <summary>Has the peak counted anew from here, where Linux allows it; elsewhere it stays that of the whole process.</summary>
    public static void ResetPeak()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            Interlocked.Exchange(ref _s_largest, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The peak of the whole process is told then.
        }
    }

    /// <summary>The peak as a file like Linux's says it; as .NET counts it where there is no such file, or no such line in it.</summary>
    internal static long Read(string statusFile)
    {
        if (File.Exists(statusFile))
            foreach (var line in SharedFile.ReadLines(statusFile))
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal)
                    && long.TryParse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture,
                    out var kilobytes))
                    return kilobytes * 1024;
        using var process = Process.GetCurrentProcess();
        // macOS keeps no peak of its own: there the largest of what was seen stands for it.
        return Math.Max(process.PeakWorkingSet64, process.WorkingSet64);
    }
}
