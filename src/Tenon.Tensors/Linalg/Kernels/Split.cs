using System.Runtime.InteropServices;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors.Linalg.Kernels;

/// <summary>Shares the parts of one piece of work among the worker pool's threads; every part writes its own outputs.</summary>
internal static unsafe class Split
{
    [ThreadStatic]
    private static WorkerPool? _t_pool;

    /// <summary>The pool that the calling thread's work goes to: the process's unless a test has set another.</summary>
    [System.Diagnostics.CodeAnalysis.AllowNull]
    public static WorkerPool Pool
    {
        get => _t_pool ?? WorkerPool.Default;
        set => _t_pool = value;
    }

    /// <summary>Threads that may work at once.</summary>
    public static int Threads => Pool.Threads;

    /// <summary>Calls <paramref name="body"/> for 0 to parts - 1 and returns when all are done.</summary>
    public static void Run(int parts, Action<int> body)
    {
        if (parts <= 1)
        {
            if (parts == 1) body(0);
            return;
        }

        var handle = GCHandle.Alloc(body);
        var state = GCHandle.ToIntPtr(handle);
        try
        {
            Pool.Run(parts, &state, &Part);
        }
        finally
        {
            handle.Free();
        }
    }

    /// <summary>The part of 0 to n - 1 that a number of equal parts gives to one, in units of <paramref name="unit"/>.</summary>
    public static (nint From, nint To) Range(nint n, int parts, int part, nint unit)
    {
        var units = (n + unit - 1) / unit;
        return (Math.Min(n, units * part / parts * unit), Math.Min(n, units * (part + 1) / parts * unit));
    }

    private static void Part(nint* state, int part) => ((Action<int>)GCHandle.FromIntPtr(*state).Target!)(part);
}
