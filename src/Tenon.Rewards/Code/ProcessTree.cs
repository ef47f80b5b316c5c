using System.Globalization;

namespace Tenon.Rewards.Code;

/// <summary>Number and memory of a process with all its descendants, from Linux's <c>/proc</c>; elsewhere nothing is known.</summary>
internal static class ProcessTree
{
    /// <summary>Whether this machine can tell.</summary>
    public static bool IsKnown { get; } = File.Exists($"/proc/self/task/{Environment.ProcessId}/children");

    /// <summary>
    /// Processes (at most <paramref name="most"/> + 1 are counted) and their resident memory in bytes, the root's own included.
    /// </summary>
    public static (int Processes, long Bytes) Measure(int root, int most)
    {
        var (count, bytes) = (0, 0L);
        var waiting = new Stack<int>([root]);
        while (waiting.TryPop(out var process) && count <= most)
        {
            try
            {
                bytes += Resident(process);
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

        return (count, bytes);
    }

    private static long Resident(int process)
    {
        var fields = SharedFile.ReadText($"/proc/{process}/statm").Split(' ');
        return long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }
}
