using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Tenon.Tensors.Threads;

/// <summary>
/// Threads that share the parts of one job. Parts are handed out one by one from a counter, the caller works too, and every part writes its
/// own outputs, so the number
/// of threads never changes a result. Workers spin for a short while after a job (a fork and join then costs well under a microsecond) and
/// sleep after that.
/// </summary>
/// <remarks>
/// The ticket holds the job's number in its upper half and the next part in its lower. A worker reads ticket, job, ticket + 1 by
/// compare-and-swap: it succeeds only
/// while that job still has parts, and then the job's fields cannot change before the part is done. So a late worker can never run a part
/// of another job.
/// </remarks>
public sealed unsafe class WorkerPool : IDisposable
{
    private const long SpinMicroseconds = 60;
    private const long Closed = int.MaxValue;
    private static readonly object DefaultGate = new();
    private static WorkerPool? _s_default;

    [ThreadStatic]
    private static bool _t_inside;

    [ThreadStatic]
    private static WorkerPool? _t_own;

    private readonly object _gate = new();
    private readonly Thread[] _workers;
    private long _ticket;
    private int _parts;
    private int _done;
    private int _sleeping;
    private int _busy;
    private bool _stopped;
    private void* _state;
    private delegate*<void*, int, void> _body;
    private ExceptionDispatchInfo? _error;

    /// <summary>Starts a pool of <paramref name="threads"/> threads, the caller's own among them (so one fewer is started).</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Thread(Work) { IsBackground = true, Name = $"tenon-worker-{i + 1}" };
            _workers[i].Start();
        }
    }

    /// <summary>
    /// The pool of the calling thread where it has one of its own (<see cref="UseHere"/>), else that of the process: one thread a processor
    /// unless <see cref="SetDefault"/> came first.
    /// </summary>
    public static WorkerPool Default
    {
        get
        {
            if (_t_own is { } own) return own;
            if (Volatile.Read(ref _s_default) is { } pool) return pool;
            lock (DefaultGate) return _s_default ??= new WorkerPool(Environment.ProcessorCount);
        }
    }

    /// <summary>The threads that work on a job, the caller's among them.</summary>
    public int Threads { get; }

    /// <summary>
    /// Gives the calling thread a pool of its own, so that several runs share a process and none waits for another's jobs; null takes it
    /// away.
    /// </summary>
    public static void UseHere(WorkerPool? pool) => _t_own = pool;

    /// <summary>
    /// Sets the size of <see cref="Default"/>, once; a second call with another size, or one after its first use, throws.
    /// </summary>
    public static void SetDefault(int threads)
    {
        lock (DefaultGate)
        {
            if (_s_default is null) _s_default = new WorkerPool(threads);
            else if (_s_default.Threads != threads)
                throw new InvalidOperationException($"the default pool already runs with {_s_default.Threads} threads");
        }
    }

    /// <summary>
    /// Runs <paramref name="body"/> for the parts 0 to <paramref name="parts"/> - 1 and returns when all are done. The first exception of a
    /// part is thrown to the caller once
    /// the others have ended. A call from inside a part, or while another thread uses the pool, runs its parts in the calling thread.
    /// Allocates nothing.
    /// </summary>
    /// <param name="parts">Parts of the job.</param>
    /// <param name="state">What they read.</param>
    /// <param name="body">What is called for each.</param>
    /// <param name="what">What the job does, for a <see cref="WorkProfile"/>; the name of the calling method by default.</param>
    public void Run<T>(int parts, T* state, delegate*<T*, int, void> body, [CallerMemberName] string what = "")
        where T : unmanaged
    {
        if (parts <= 0) return;
        if (!_t_inside && WorkProfile.Current is { } profile)
        {
            var start = Stopwatch.GetTimestamp();
            var waiting = Share(parts, state, body);
            profile.Add(what, Stopwatch.GetTimestamp() - start, waiting);
            return;
        }

        Share(parts, state, body);
    }

    /// <summary>Gives how long, in ticks of the stopwatch, the caller had nothing to do while others still worked.</summary>
    private long Share<T>(int parts, T* state, delegate*<T*, int, void> body)
        where T : unmanaged
    {
        if (parts == 1 || _workers.Length == 0 || _t_inside || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            for (var i = 0; i < parts; i++) body(state, i);
            return 0;
        }

        try
        {
            _t_inside = true;

            // A number of its own closes the ticket while the fields change: an exhausted ticket must not become a valid one when the
            // number of parts grows.
            var job = (Volatile.Read(ref _ticket) >> 32) + 1;
            Interlocked.Exchange(ref _ticket, (job << 32) | Closed);
            _state = state;
            _body = (delegate*<void*, int, void>)body;
            _parts = parts;
            _done = 0;
            _error = null;
            Interlocked.Exchange(ref _ticket, (job + 1) << 32);
            if (Volatile.Read(ref _sleeping) > 0)
            {
                lock (_gate) Monitor.PulseAll(_gate);
            }

            while (TryPart(out _)) { }
            var spins = 0;
            var waits = Stopwatch.GetTimestamp();
            while (Volatile.Read(ref _done) < parts)
            {
                if (++spins < 200) Thread.SpinWait(4);
                else Thread.Yield();
            }

            _error?.Throw();
            return Stopwatch.GetTimestamp() - waits;
        }
        finally
        {
            _t_inside = false;
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>Ends the workers; parts under way are finished first.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }

        foreach (var worker in _workers) worker.Join();
    }

    private bool TryPart(out long job)
    {
        while (true)
        {
            var ticket = Volatile.Read(ref _ticket);
            job = ticket >> 32;
            var part = (int)ticket;
            var (body, state, parts) = ((nint)_body, (nint)_state, Volatile.Read(ref _parts));
            if (part >= parts) return false;
            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) != ticket) continue;
            try
            {
                ((delegate*<void*, int, void>)body)((void*)state, part);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(e), null);
            }

            Interlocked.Increment(ref _done);
            return true;
        }
    }

    private void Work()
    {
        _t_inside = true;
        while (true)
        {
            long seen;
            while (TryPart(out seen)) { }
            var start = Stopwatch.GetTimestamp();
            while (Volatile.Read(ref _ticket) >> 32 == seen && Stopwatch.GetElapsedTime(start).Ticks < SpinMicroseconds * 10)
                Thread.SpinWait(1);
            if (Volatile.Read(ref _ticket) >> 32 != seen) continue;
            lock (_gate)
            {
                Interlocked.Increment(ref _sleeping);
                while (Volatile.Read(ref _ticket) >> 32 == seen && !_stopped) Monitor.Wait(_gate);
                Interlocked.Decrement(ref _sleeping);
                if (_stopped) return;
            }
        }
    }
}
