using System.Globalization;

namespace Tenon.Rewards.Code;

/// <summary>What a process and all its descendants take, from Linux's <c>/proc</c>; elsewhere nothing is known.</summary>
internal static class ProcessTree
{
    // What the kernel counts processor time in, for programs, whatever its own clock.
    private const int TicksPerSecond = 100;

    /// <summary>Whether this machine can tell.</summary>
    public static bool IsKnown { get; } = File.Exists($"/proc/self/task/{Environment.ProcessId}/children");

    /// <summary>A process tree at a moment; <paramref name="most"/> + 1 processes are looked at, at most.</summary>
    public static TreeUse Measure(int root, int most)
    {
        var (count, bytes, ticks, ready) = (0, 0L, 0L, false);
        var waiting = new Stack<int>([root]);
        while (waiting.TryPop(out var process) && count <= most)
        {
            try
            {
                bytes += Resident(process);
                var (state, used) = Processor(process);
                ticks += used;
                ready |= state is 'R' or 'D';
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

        return new TreeUse(count, bytes, TimeSpan.FromSeconds((double)ticks / TicksPerSecond), ready);
    }

    // State, and ticks of processor time, those of children that have ended included. The name before them may hold anything.
    private static (char State, long Ticks) Processor(int process)
    {
        var line = SharedFile.ReadText($"/proc/{process}/stat");
        var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
        return (fields[0][0], fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
    }

    private static long Resident(int process)
    {
        var fields = SharedFile.ReadText($"/proc/{process}/statm").Split(' ');
        return long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }
}

/// <summary>What a process and its descendants take at a moment.</summary>
/// <param name="Processes">How many there are, the root among them.</param>
/// <param name="Bytes">Their resident memory.</param>
/// <param name="Processor">Processor time so far, also of those that have ended.</param>
/// <param name="Ready">True where one runs, could run if it had a processor, or waits for a device.</param>
internal readonly record struct TreeUse(int Processes, long Bytes, TimeSpan Processor, bool Ready);
