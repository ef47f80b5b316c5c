using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tensors.Linalg;

/// <summary>
/// Whole pieces of work on matrices, shared among the worker pool's threads: what a piece does inside runs on its own thread alone, which
/// for many small matrices keeps all threads busy. Results do not depend on the number of threads.
/// </summary>
public static class MatrixWork
{
    /// <summary>Threads that may work at once.</summary>
    public static int Threads => Split.Threads;

    /// <summary>Calls <paramref name="body"/> for 0 to <paramref name="count"/> - 1 and returns when all are done.</summary>
    public static void Each(int count, Action<int> body) => Split.Run(count, body);
}
