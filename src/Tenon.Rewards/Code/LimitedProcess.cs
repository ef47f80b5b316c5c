using System.Diagnostics;
using System.Text;
using Tenon.Rewards.External;

namespace Tenon.Rewards.Code;

/// <summary>What one process may use.</summary>
/// <param name="Seconds">
/// Its own time: of the processor, and what it sleeps. While it could run and has no processor, or waits for a device, only the processor
/// time that it gets counts (where the system tells), so that a busy machine makes no program wrong; by the clock it may take
/// <see cref="LimitedProcess.MostWall"/> times as long.
/// </param>
/// <param name="MemoryBytes">Resident memory of the whole tree.</param>
/// <param name="Processes">Processes at a time, those of the sandbox not counted.</param>
/// <param name="OutputBytes">Standard output.</param>
internal sealed record ProcessLimits(double Seconds, long MemoryBytes, int Processes, int OutputBytes);

/// <summary>How a process ended: by itself, or stopped at a limit.</summary>
internal enum ProcessEnd
{
    Exit,
    Timeout,
    Memory,
    Processes,
    Output,
}

/// <summary>What came of a process.</summary>
internal sealed record ProcessResult(ProcessEnd End, int ExitCode, string Output, string Errors);

/// <summary>Runs a process within limits: it is watched, and the whole tree is killed at the first limit that it passes.</summary>
internal static class LimitedProcess
{
    private const int WatchMilliseconds = 10;
    private const int ErrorBytes = 4096;
    // unshare, and the shell that waits for the program.
    private const int OwnProcesses = 2;
    /// <summary>Seconds by the clock for one second of the limit, at most.</summary>
    public const int MostWall = 4;

    // The longest time between two looks that a sleeping program is charged.
    private static readonly TimeSpan Unwatched = TimeSpan.FromMilliseconds(20 * WatchMilliseconds);
    private static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(1);

    public static ProcessResult Run(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string folder,
        string input, ProcessLimits limits)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = new LimitedPipe(process.StandardOutput.BaseStream, limits.OutputBytes);
        var errors = new LimitedPipe(process.StandardError.BaseStream, ErrorBytes);
        _ = PipeThread.Start(() => Feed(process, input));
        var end = Watch(process, output, limits);
        Kill(process);
        // A process that left its pipe to a child of its own must not hold us.
        Task.WaitAll([output.Done, errors.Done], PipeGrace);
        if (end == ProcessEnd.Exit && output.IsFull) end = ProcessEnd.Output;
        return new ProcessResult(end, end == ProcessEnd.Exit ? process.ExitCode : -1, output.Text, errors.Text);
    }

    private static ProcessEnd Watch(Process process, LimitedPipe output, ProcessLimits limits)
    {
        var clock = Stopwatch.StartNew();
        var (own, seen, used) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        while (!process.WaitForExit(WatchMilliseconds))
        {
            var now = clock.Elapsed;
            if (own.TotalSeconds > limits.Seconds || now.TotalSeconds > MostWall * limits.Seconds) return ProcessEnd.Timeout;
            if (output.IsFull) return ProcessEnd.Output;
            var passed = now - seen;
            seen = now;
            if (!ProcessTree.IsKnown)
            {
                own += passed;
                continue;
            }

            var tree = ProcessTree.Measure(process.Id, limits.Processes + OwnProcesses);
            // Who watches may have been kept waiting as well; then nobody knows what the program did meanwhile.
            var most = tree.Ready ? tree.Processor - used : Unwatched;
            own += most < passed ? most : passed;
            used = tree.Processor > used ? tree.Processor : used;
            if (tree.Bytes > limits.MemoryBytes) return ProcessEnd.Memory;
            if (tree.Processes > limits.Processes + OwnProcesses) return ProcessEnd.Processes;
        }

        return ProcessEnd.Exit;
    }

    // In the sandbox the end of `unshare` ends the first process of its namespace, and the kernel every other one with it.
    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It has ended by itself.
        }

        process.WaitForExit(PipeGrace);
    }

    private static void Feed(Process process, string input)
    {
        try
        {
            process.StandardInput.BaseStream.Write(Encoding.UTF8.GetBytes(input));
            process.StandardInput.Close();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It does not read its input.
        }
    }

    /// <summary>Reads a pipe to its end and keeps so many bytes of it.</summary>
    private sealed class LimitedPipe
    {
        private readonly MemoryStream _kept = new();
        private readonly int _limit;
        private volatile bool _full;

        public LimitedPipe(Stream stream, int limit)
        {
            _limit = limit;
            Done = PipeThread.Start(() => Read(stream));
        }

        public Task Done { get; }

        public bool IsFull => _full;

        public string Text
        {
            get
            {
                lock (_kept) return Encoding.UTF8.GetString(_kept.GetBuffer(), 0, (int)_kept.Length);
            }
        }

        private void Read(Stream stream)
        {
            var buffer = new byte[16384];
            try
            {
                for (int count; (count = stream.Read(buffer)) > 0;)
                {
                    lock (_kept)
                    {
                        var room = Math.Min(count, _limit - (int)_kept.Length);
                        _kept.Write(buffer, 0, room);
                        _full |= room < count;
                    }
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // Killed while being read.
            }
        }
    }
}
