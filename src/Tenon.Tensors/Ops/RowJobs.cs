using Tenon.Tensors.Threads;

namespace Tenon.Tensors.Ops;

/// <summary>
/// Cuts the rows of an elementwise or row-wise op into parts for the worker pool; a part never shares a row, so no result depends on the
/// cut.
/// </summary>
internal static class RowJobs
{
    /// <summary>Below this many values the hand-over costs more than the second core gains.</summary>
    private const nint ValuesPerPart = 16384;

    public static int Parts(WorkerPool pool, nint rows, nint columns)
    {
        if (pool.Threads == 1) return 1;
        var byWork = rows * Math.Max(1, columns) / ValuesPerPart;
        return (int)Math.Clamp(Math.Min(byWork, pool.Threads * 4), 1, Math.Max(1, rows));
    }

    public static (nint First, nint End) Range(nint rows, int parts, int part) => (rows * part / parts, rows * (part + 1) / parts);
}
