using System.Diagnostics;
using System.Globalization;

namespace Tenon.Training;

/// <summary>Memory of this process as the system counts it.</summary>
public static class ProcessMemory
{
    private const string StatusFile = "/proc/self/status";

    /// <summary>The largest resident size that the process has had, in bytes: Linux's own high-water mark (VmHWM), elsewhere the peak working set.</summary>
    public static long PeakBytes()
    {
        if (OperatingSystem.IsLinux() && File.Exists(StatusFile))
            foreach (var line in File.ReadLines(StatusFile))
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal) && long.TryParse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes))
                    return kilobytes * 1024;
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
