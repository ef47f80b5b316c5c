using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>y = silu(gate) * up, silu(z) = z * sigmoid(z) (Shazeer 2020). gate, up, y [tokens, n].</summary>
public static unsafe class SwiGluOp
{
    private struct Job
    {
        public float* Gate, Up, Y, Dy, DGate, DUp;
        public nint Rows, N;
        public int Parts;
    }

    /// <summary>The gated product of the feed-forward block.</summary>
    public static Tensor SwiGlu(this Tape tape, Tensor gate, Tensor up)
    {
        Shapes.Require(gate.Rows == up.Rows
            && gate.Columns == up.Columns, "swiglu", $"[{gate.Rows}, {gate.Columns}]", $"[{up.Rows}, {up.Columns}]");
        var y = tape.New(gate.Rows, gate.Columns);
        Run(tape, gate, up, y, "gated activation");
        if (tape.Recording) y.Remake = Again(tape, gate, up, y);
        if (tape.Needs(gate, up)) Record(tape, gate, up, y);
        return y;
    }

    // Apart, so that sampling makes no closures.
    private static Action Again(Tape tape, Tensor gate, Tensor up, Tensor y) => () => Run(tape, gate, up, y, "gated activation, again");

    private static void Record(Tape tape, Tensor gate, Tensor up, Tensor y) =>
        tape.Record(y, () =>
        {
            // Gate and up feed nothing else in a decoder: their gradients are new, and the kernel writes them.
            var dGate = Target(tape, gate, out var addGate);
            var dUp = Target(tape, up, out var addUp);
            var back = new Job
            {
                Gate = gate.Data, Up = up.Data, Dy = y.Grad!.Data, DGate = dGate.Data, DUp = dUp.Data,
                Rows = gate.Rows, N = gate.Columns, Parts = RowJobs.Parts(tape.Pool, gate.Rows, gate.Columns * 4),
            };
            tape.Pool.Run(back.Parts, &back, &Backward, "gated activation, gradient");
            if (addGate) ElementwiseOps.AddGrad(tape, gate, dGate, 1);
            if (addUp) ElementwiseOps.AddGrad(tape, up, dUp, 1);
        });

    private static void Run(Tape tape, Tensor gate, Tensor up, Tensor y, string what)
    {
        var job =
            new Job
            {
                Gate = gate.Data, Up = up.Data, Y = y.Data, Rows = gate.Rows, N = gate.Columns,
                Parts = RowJobs.Parts(tape.Pool, gate.Rows, gate.Columns * 4)
            };
        tape.Pool.Run(job.Parts, &job, &Forward, what);
    }

    private static Tensor Target(Tape tape, Tensor input, out bool add)
    {
        add = input.Grad is not null || !input.RequiresGrad || input.Parent is not null;
        return add ? tape.New(input.Rows, input.Columns) : tape.GradOf(input, out _);
    }

    private static void Forward(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var at = first * job->N;
        RowKernels.SwiGlu(job->Gate + at, job->Up + at, job->Y + at, (end - first) * job->N);
    }

    private static void Backward(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var at = first * job->N;
        var n = (end - first) * job->N;
        RowKernels.SwiGluBackward(job->Gate + at, job->Up + at, job->Dy + at, job->DGate + at, job->DUp + at, n);
    }
}
