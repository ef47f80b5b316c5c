using System.Globalization;

namespace Tenon.Rewards.Code;

/// <summary>What a process and all its descendants take, from Linux's <c>/proc</c>; elsewhere nothing is known.</summary>
internal static class ProcessTree
{
    /// <summary>Whether this machine can tell.</summary>
    public static bool IsKnown { get; } = File.Exists($"/proc/self/task/{Environment.ProcessId}/children");

    /// <summary>
    /// Processes (at most <paramref name="most"/> + 1 are counted), their resident memory in bytes and the time for which they were ready to
    /// run and had no processor (0 where the kernel does not count it), the root's own included.
    /// </summary>
    public static (int Processes, long Bytes, TimeSpan Waited) Measure(int root, int most)
    {
        var (count, bytes, waited) = (0, 0L, TimeSpan.Zero);
        var waiting = new Stack<int>([root]);
        while (waiting.TryPop(out var process) && count <= most)
        {
            try
            {
                bytes += Resident(process);
                waited += Waited(process);
                count++;
                foreach (var task in Directory.EnumerateDirectories($"/proc/{process}/task"))
                    foreach (var child in SharedFile.ReadText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                        waiting.Push(int.Parse(child, CultureInfo.InvariantCulture));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while being looked at.
            }
        }

        return (count, bytes, waited);
    }

    private static TimeSpan Waited(int process)
    {
        var file = $"/proc/{process}/schedstat";
        // Nanoseconds on a processor, nanoseconds of waiting for one, turns.
        return File.Exists(file) && SharedFile.ReadText(file).Split(' ') is [_, var waited, ..]
            ? TimeSpan.FromMilliseconds(long.Parse(waited, CultureInfo.InvariantCulture) / 1e6) : TimeSpan.Zero;
    }

    private static long Resident(int process)
    {
        var fields = SharedFile.ReadText($"/proc/{process}/statm").Split(' ');
        return long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }
}
