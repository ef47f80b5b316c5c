using System.Buffers;
using System.Runtime.InteropServices;
using Tenon.Tensors.Panels;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors;

/// <summary>
/// Reads whole rows of a weight that is stored in blocks of 32, from <paramref name="row"/> on: integers [rows][inputs], scales and (where
/// the blocks have them)
/// offsets [rows][inputs / 32]. May be called from several threads.
/// </summary>
public delegate void FrozenBlockReader(long row, Span<sbyte> integers, Span<float> scales, Span<float> offsets);

/// <content>Packing, a panel at a time, so that no second copy of the weight is needed.</content>
public sealed unsafe partial class FrozenMatrix
{
    /// <summary>
    /// Packs a weight [<paramref name="outputs"/>, <paramref name="inputs"/>] from its rows. <paramref name="read"/> is asked for up to 32
    /// rows at a time, from
    /// several threads where a <paramref name="pool"/> is given; what it throws comes out here.
    /// </summary>
    public static FrozenMatrix Pack(string name, nint outputs, nint inputs, WeightStorage storage, FrozenRowReader read, WorkerPool? pool)
    {
        ArgumentNullException.ThrowIfNull(read);
        return Packed(name, outputs, inputs, storage, pool, (matrix, panel, first, rows) =>
        {
            var values = ArrayPool<float>.Shared.Rent(checked((int)(rows * inputs)));
            try
            {
                var part = values.AsSpan(0, (int)(rows * inputs));
                read(first, part);
                fixed (float* source = part) matrix._format.Pack(source, rows, inputs, matrix.Panel(panel));
            }
            finally
            {
                ArrayPool<float>.Shared.Return(values);
            }
        });
    }

    /// <summary>
    /// Packs a weight of integers in blocks of 32 (so <paramref name="inputs"/> is a multiple of 32) as they are;
    /// <paramref name="offsets"/> says whether a block is
    /// d q + m rather than d q.
    /// </summary>
    public static FrozenMatrix PackBlocks(string name, nint outputs, nint inputs, bool offsets, FrozenBlockReader read, WorkerPool? pool)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (inputs % Int8Panels.Block != 0)
            throw new TenonException($"weight {name}", expected: "rows of whole blocks of 32", got: $"[{outputs}, {inputs}]");
        return Packed(name, outputs, inputs, offsets ? WeightStorage.Int8Offset : WeightStorage.Int8, pool, (matrix, panel, first, rows) =>
        {
            var (count, blocks) = (checked((int)(rows * inputs)), (int)(rows * inputs / Int8Panels.Block));
            var integers = ArrayPool<sbyte>.Shared.Rent(count);
            var numbers = ArrayPool<float>.Shared.Rent(2 * blocks);
            try
            {
                read(first, integers.AsSpan(0, count), numbers.AsSpan(0, blocks), numbers.AsSpan(blocks, offsets ? blocks : 0));
                fixed (sbyte* q = integers)
                fixed (float* d = numbers)
                    ((Int8Panels)matrix._format).PackBlocks(q, d, d + blocks, rows, inputs, matrix.Panel(panel));
            }
            finally
            {
                ArrayPool<sbyte>.Shared.Return(integers);
                ArrayPool<float>.Shared.Return(numbers);
            }
        });
    }

    private static FrozenMatrix Packed(string name, nint outputs, nint inputs, WeightStorage storage, WorkerPool? pool, PanelPacker pack)
    {
        if (outputs < 1 || inputs < 1)
            throw new TenonException($"weight {name}", expected: "at least one row and column", got: $"[{outputs}, {inputs}]");
        var matrix = new FrozenMatrix(name, outputs, inputs, storage);
        if (pool is null)
        {
            for (nint panel = 0; panel < matrix.Panels; panel++) matrix.PackPanel(panel, pack);
            return matrix;
        }

        var job = GCHandle.ToIntPtr(GCHandle.Alloc(new PackJob(matrix, pack)));
        try
        {
            pool.Run((int)matrix.Panels, &job, &PackPart);
        }
        finally
        {
            GCHandle.FromIntPtr(job).Free();
        }

        return matrix;
    }

    private static void PackPart(nint* handle, int panel)
    {
        var job = (PackJob)GCHandle.FromIntPtr(*handle).Target!;
        job.Matrix.PackPanel(panel, job.Pack);
    }

    private void PackPanel(nint panel, PanelPacker pack)
    {
        var first = panel * PanelWidth;
        pack(this, panel, first, (int)Math.Min(PanelWidth, Outputs - first));
    }

    /// <summary>Fills one panel with the outputs <paramref name="first"/> to first + rows.</summary>
    private delegate void PanelPacker(FrozenMatrix matrix, nint panel, nint first, int rows);

    private sealed record PackJob(FrozenMatrix Matrix, PanelPacker Pack);
}
