using System.Diagnostics;
using System.Text;
using System.Threading.Channels;

namespace Tenon.Rewards.External;

/// <summary>What reading a line from the command came to.</summary>
internal enum LineOutcome
{
    Line,
    Timeout,
    Ended,
}

/// <summary>One running command: lines in, lines out, its last errors kept. Reading never blocks longer than the time given.</summary>
internal sealed class CommandProcess : IDisposable
{
    private const int ErrorsKept = 5;

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Queue<string> _errors = new();
    private readonly Stopwatch _since = new();
    private TimeSpan _longestWait;
    private long _read;

    private CommandProcess(Process process)
    {
        _process = process;
        _ = PipeThread.Start(PumpOutput);
        process.ErrorDataReceived += (_, e) => KeepError(e.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>The last lines the command wrote to standard error, for a message; empty where it wrote none.</summary>
    public string LastErrors
    {
        get
        {
            lock (_errors) return _errors.Count == 0 ? "" : "; it wrote:\n    " + string.Join("\n    ", _errors);
        }
    }

    /// <summary>Whether the command names the request it answers; null before its first answer.</summary>
    public bool? EchoesSequence { get; set; }

    /// <summary>Requests sent to this process.</summary>
    public long Sent { get; private set; }

    /// <summary>How many requests had been sent after the last check for lines left over.</summary>
    public long CheckedAt { get; set; }

    /// <summary>Lines it has printed so far, read and waiting.</summary>
    public long Printed => _read + _lines.Reader.Count;

    /// <summary>The longest it has taken for one answer, its first one (which loads what it needs) left out.</summary>
    public TimeSpan LongestWait => _longestWait;

    /// <summary>The next line if it comes within the time; it is kept for the message, so nobody reads it as an answer.</summary>
    public string? Surplus(TimeSpan wait) =>
        ReadLine(wait, out var line) == LineOutcome.Line ? line : null;

    public static CommandProcess Start(string command)
    {
        var windows = OperatingSystem.IsWindows();
        var start = new ProcessStartInfo(windows ? "cmd.exe" : "/bin/sh")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
        };
        start.ArgumentList.Add(windows ? "/c" : "-c");
        start.ArgumentList.Add(command);
        try
        {
            return new CommandProcess(Process.Start(start)!);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new TenonException($"The reward command '{command}' cannot be started: {e.Message}", inner: e, usage: true);
        }
    }

    /// <summary>
    /// Writes the lines from another thread, so that a command that answers before it has read everything cannot block us.
    /// </summary>
    public void SendAll(IEnumerable<string> lines)
    {
        var all = lines.ToArray();
        Sent += all.Length;
        _since.Restart();
        _ = PipeThread.Start(() =>
        {
            try
            {
                foreach (var line in all)
                {
                    _process.StandardInput.Write(line);
                    _process.StandardInput.Write('\n');
                }

                _process.StandardInput.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The command is gone; the reader sees the end of its output and reports it.
            }
        });
    }

    public LineOutcome ReadLine(TimeSpan timeout, out string? line)
    {
        line = null;
        using var source = new CancellationTokenSource(timeout);
        try
        {
            if (!_lines.Reader.TryRead(out line))
            {
                if (timeout <= TimeSpan.Zero) return LineOutcome.Timeout;
                line = _lines.Reader.ReadAsync(source.Token).AsTask().GetAwaiter().GetResult();
            }

            if (_read++ > 0 && _since.Elapsed > _longestWait) _longestWait = _since.Elapsed;
            _since.Restart();
            return LineOutcome.Line;
        }
        catch (OperationCanceledException)
        {
            return LineOutcome.Timeout;
        }
        catch (ChannelClosedException)
        {
            // The last errors arrive a moment after the end of the output.
            _process.WaitForExit(TimeSpan.FromMilliseconds(500));
            return LineOutcome.Ended;
        }
    }

    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself.
        }

        _process.Dispose();
    }

    private void PumpOutput()
    {
        try
        {
            while (_process.StandardOutput.ReadLine() is { } line)
                if (line.Length > 0) _lines.Writer.TryWrite(line);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Killed while being read.
        }

        _lines.Writer.TryComplete();
    }

    private void KeepError(string? line)
    {
        if (line is null) return;
        lock (_errors)
        {
            _errors.Enqueue(line);
            if (_errors.Count > ErrorsKept) _errors.Dequeue();
        }
    }
}
