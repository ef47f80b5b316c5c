using System.Buffers;
using System.Runtime.InteropServices;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors;

/// <content>Packing, a panel at a time, so that no second copy of the weight is needed.</content>
public sealed unsafe partial class FrozenMatrix
{
    /// <summary>
    /// Packs a weight [<paramref name="outputs"/>, <paramref name="inputs"/>] from its rows. <paramref name="read"/> is asked for up to 32 rows at a time, from several threads where a
    /// <paramref name="pool"/> is given; what it throws comes out here.
    /// </summary>
    public static FrozenMatrix Pack(string name, nint outputs, nint inputs, WeightStorage storage, FrozenRowReader read, WorkerPool? pool)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (outputs < 1 || inputs < 1) throw new TenonException($"weight {name}", expected: "at least one row and column", got: $"[{outputs}, {inputs}]");
        var matrix = new FrozenMatrix(name, outputs, inputs, storage);
        if (pool is null)
        {
            for (nint panel = 0; panel < matrix.Panels; panel++) matrix.PackPanel(panel, read);
            return matrix;
        }

        var job = GCHandle.ToIntPtr(GCHandle.Alloc(new PackJob(matrix, read)));
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
        job.Matrix.PackPanel(panel, job.Read);
    }

    private void PackPanel(nint panel, FrozenRowReader read)
    {
        var first = panel * PanelWidth;
        var rows = (int)Math.Min(PanelWidth, Outputs - first);
        var values = ArrayPool<float>.Shared.Rent(checked((int)(rows * Inputs)));
        try
        {
            var part = values.AsSpan(0, (int)(rows * Inputs));
            read(first, part);
            fixed (float* source = part) _format.Pack(source, rows, Inputs, Panel(panel));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
        }
    }

    private sealed record PackJob(FrozenMatrix Matrix, FrozenRowReader Read);
}
