using System.Runtime.InteropServices;

namespace Tenon.Cli;

/// <summary>
/// Ctrl-C and termination requests. The first one asks the work to end at a clean place (a training run finishes its step and
/// writes a checkpoint); the second ends the process at once. Files only ever appear by a rename, so nothing is left half-written.
/// </summary>
internal sealed class Interrupt : IDisposable
{
    /// <summary>The exit code of an interrupted program.</summary>
    public const int ExitCode = 130;

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _count;

    /// <summary>Cancelled by the first request.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>What the first request prints; a verb sets what will happen now.</summary>
    public string Message { get; set; } = "interrupted";

    /// <summary>Shows the message instead of the plain line, where a display holds the terminal; null for the line.</summary>
    public Action<string>? Announce { get; set; }

    /// <summary>Runs before the second request ends the process: a display gives the terminal back, a run says how it goes on.</summary>
    public Action? BeforeExit { get; set; }

    /// <summary>Listens to SIGINT and SIGTERM of this process.</summary>
    public static Interrupt ListenToSignals(TextWriter error)
    {
        var interrupt = new Interrupt();
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
            interrupt._registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (!interrupt.Request())
                {
                    interrupt.BeforeExit?.Invoke();
                    Environment.Exit(ExitCode);
                }

                if (interrupt.Announce is { } announce) announce(interrupt.Message);
                else error.WriteLine(interrupt.Message);
            }));
        return interrupt;
    }

    /// <summary>Asks to stop; false where that was asked before (stop now).</summary>
    public bool Request()
    {
        if (Interlocked.Increment(ref _count) > 1) return false;
        _source.Cancel();
        return true;
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _source.Dispose();
    }
}
