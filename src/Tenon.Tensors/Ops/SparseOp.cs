namespace Tenon.Tensors.Ops;

/// <summary>
/// y += x Sᵀ in place by a sparse matrix of single entries S[outputs[k], inputs[k]] += values[k], added in the order of k. Backward: dvalues sums over tokens in their order on top of what it
/// holds; dx[inputs[k]] += dy[outputs[k]] values[k].
/// </summary>
public static unsafe class SparseOp
{
    private struct Job
    {
        public float* X, Y, Values;
        public int* Outputs, Inputs;
        public nint Rows, XColumns, YColumns;
        public int Count, Parts;
    }

    /// <summary>Adds the sparse product to y [tokens, out], the fresh result of another op; x [tokens, in].</summary>
    public static Tensor SparseInto(this Tape tape, Tensor x, Parameter values, int[] outputs, int[] inputs, Tensor y)
    {
        Shapes.Require(values.Length == outputs.Length && outputs.Length == inputs.Length && x.Rows == y.Rows, $"sparse product with '{values.Name}'", $"{values.Length} entries and {x.Rows} rows", $"{outputs.Length}, {inputs.Length} and {y.Rows}");
        Run(tape, x.Data, y.Data, values.Data, x, y, outputs, inputs, &Forward, RowJobs.Parts(tape.Pool, x.Rows, outputs.Length));
        if (tape.Needs(x, values))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                if (values.RequiresGrad)
                    Run(tape, x.Data, dy.Data, tape.GradZeroed(values).Data, x, y, outputs, inputs, &ValueGradient, RowJobs.Parts(tape.Pool, outputs.Length, x.Rows));
                if (x.RequiresGrad)
                    Run(tape, tape.GradZeroed(x).Data, dy.Data, values.Data, x, y, outputs, inputs, &InputGradient, RowJobs.Parts(tape.Pool, x.Rows, outputs.Length));
            });
        return y;
    }

    private static void Run(Tape tape, float* x, float* y, float* values, Tensor input, Tensor output, int[] outputs, int[] inputs, delegate*<Job*, int, void> body, int parts)
    {
        fixed (int* o = outputs, i = inputs)
        {
            var job = new Job { X = x, Y = y, Values = values, Outputs = o, Inputs = i, Rows = input.Rows, XColumns = input.Columns, YColumns = output.Columns, Count = outputs.Length, Parts = parts };
            tape.Pool.Run(parts, &job, body);
        }
    }

    private static void Forward(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
        {
            var x = job->X + r * job->XColumns;
            var y = job->Y + r * job->YColumns;
            for (var k = 0; k < job->Count; k++) y[job->Outputs[k]] += job->Values[k] * x[job->Inputs[k]];
        }
    }

    private static void ValueGradient(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Count, job->Parts, part);
        for (nint r = 0; r < job->Rows; r++)
        {
            var x = job->X + r * job->XColumns;
            var dy = job->Y + r * job->YColumns;
            for (var k = first; k < end; k++) job->Values[k] += dy[job->Outputs[k]] * x[job->Inputs[k]];
        }
    }

    private static void InputGradient(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
        {
            var dx = job->X + r * job->XColumns;
            var dy = job->Y + r * job->YColumns;
            for (var k = 0; k < job->Count; k++) dx[job->Inputs[k]] += job->Values[k] * dy[job->Outputs[k]];
        }
    }
}
