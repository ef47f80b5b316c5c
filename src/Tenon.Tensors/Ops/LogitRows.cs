using System.Runtime.InteropServices;

namespace Tenon.Tensors.Ops;

/// <summary>Host-side work on each row of a few logits (sampling), split over the workers row by row.</summary>
public static unsafe class LogitRows
{
    /// <summary>What is done with a row; it may overwrite the values.</summary>
    public delegate void RowAction(int row, Span<float> values);

    private struct Job
    {
        public float* Data;
        public nint Columns;
        public GCHandle<RowAction> Action;
    }

    /// <summary>Calls <paramref name="action"/> once for every row, on any worker.</summary>
    public static void ForEach(Tape tape, Tensor rows, RowAction action)
    {
        using var handle = new GCHandle<RowAction>(action);
        var job = new Job { Data = rows.Data, Columns = rows.Columns, Action = handle };
        tape.Pool.Run(checked((int)rows.Rows), &job, &Each, "choosing tokens");
    }

    private static void Each(Job* job, int row) =>
        job->Action.Target(row, new Span<float>(job->Data + row * job->Columns, checked((int)job->Columns)));
}
