using System.Diagnostics;

namespace Tenon.Tensors.Threads;

/// <summary>One kind of work and what it took.</summary>
/// <param name="What">What was done.</param>
/// <param name="Shape">Sizes that decide its speed, or nothing.</param>
/// <param name="Calls">How often.</param>
/// <param name="Seconds">Time until the last thread was done.</param>
/// <param name="Waiting">Time of these in which the calling thread had nothing left to do.</param>
/// <param name="Operations">Floating-point or integer operations, where they are counted; else 0.</param>
/// <param name="Bytes">Bytes of weights and rows that had to be read and written, where they are counted; else 0.</param>
public sealed record WorkShare(string What, string Shape, long Calls, double Seconds, double Waiting, double Operations, double Bytes);

/// <summary>
/// Where the time of a stretch of work goes: every job that the pools share out, by what it is. It is measured in the thread that hands the
/// jobs out; what is not in a
/// job (allocation, preparing jobs) is the rest. One at a time in a thread; without one, nothing is measured.
/// </summary>
public sealed class WorkProfile : IDisposable
{
    [ThreadStatic]
    private static WorkProfile? _t_current;

    private readonly Dictionary<(string What, string Shape), Sums> _sums = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TimeSpan _paused = GC.GetTotalPauseDuration();
    private readonly long _allocated = GC.GetTotalAllocatedBytes();
    private (string Shape, double Operations, double Bytes) _next = ("", 0, 0);

    private WorkProfile()
    {
    }

    /// <summary>Begins to measure what the calling thread has done; disposing the profile there ends it.</summary>
    public static WorkProfile Start()
    {
        var profile = new WorkProfile();
        if (_t_current is not null) throw new InvalidOperationException("a profile is being measured already");
        return _t_current = profile;
    }

    /// <summary>Seconds from the start to the end.</summary>
    public double Seconds { get; private set; }

    /// <summary>Seconds in which the garbage collector held everything up.</summary>
    public double Paused { get; private set; }

    /// <summary>Managed bytes that were allocated.</summary>
    public long Allocated { get; private set; }

    /// <summary>All kinds of work, the longest first.</summary>
    public IReadOnlyList<WorkShare> Shares { get; private set; } = [];

    internal static WorkProfile? Current => _t_current;

    /// <summary>Says what the next job is the work of.</summary>
    internal static void Next(nint inputs, nint outputs, nint rows, double bytes)
    {
        if (Current is { } profile) profile._next = ($"{inputs} to {outputs}, {rows} rows", 2.0 * inputs * outputs * rows, bytes);
    }

    internal void Add(string what, long ticks, long waiting)
    {
        var key = (what, _next.Shape);
        var sums = _sums.TryGetValue(key, out var known) ? known : _sums[key] = new Sums();
        sums.Calls++;
        sums.Ticks += ticks;
        sums.Waiting += waiting;
        sums.Operations += _next.Operations;
        sums.Bytes += _next.Bytes;
        _next = ("", 0, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_t_current != this) return;
        _t_current = null;
        Seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        Paused = (GC.GetTotalPauseDuration() - _paused).TotalSeconds;
        Allocated = GC.GetTotalAllocatedBytes() - _allocated;
        var tick = 1.0 / Stopwatch.Frequency;
        Shares =
        [
            .. _sums.Select(s => new WorkShare(
                s.Key.What, s.Key.Shape, s.Value.Calls, s.Value.Ticks * tick, s.Value.Waiting * tick, s.Value.Operations,
                s.Value.Bytes)).OrderByDescending(s => s.Seconds),
        ];
    }

    private sealed class Sums
    {
        public long Calls;
        public long Ticks;
        public long Waiting;
        public double Operations;
        public double Bytes;
    }
}
