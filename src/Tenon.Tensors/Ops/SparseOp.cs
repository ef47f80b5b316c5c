using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>
/// y += x Sᵀ in place by a sparse matrix of single entries S[outputs[k], inputs[k]] += values[k], added in the order of k. Backward:
/// dvalues sums over tokens in their order on top of what it
/// holds; dx[inputs[k]] += dy[outputs[k]] values[k]. Sixteen tokens at a time lie side by side in turned copies of x and y, so that one
/// entry is one step of a vector; fewer tokens than
/// eight go one by one, to the same bits.
/// </summary>
public static unsafe class SparseOp
{
    private const int Tokens = 16;

    /// <summary>Below this the turned copies cost more than they save.</summary>
    private const int FewTokens = 8;

    private struct Job
    {
        /// <summary>
        /// What is read [rows, FromColumns] and added to [rows, ToColumns]; for the values' gradient x and dy, both read.
        /// </summary>
        public float* From, To;

        public float* Values;
        public int* FromPlaces, ToPlaces;
        public nint Rows, FromColumns, ToColumns;
        public int Count, Parts;
    }

    /// <summary>Adds the sparse product to y [tokens, out], the fresh result of another op; x [tokens, in].</summary>
    public static Tensor SparseInto(this Tape tape, Tensor x, Parameter values, int[] outputs, int[] inputs, Tensor y)
    {
        Shapes.Require(values.Length == outputs.Length && outputs.Length == inputs.Length
            && x.Rows == y.Rows, $"sparse product with '{values.Name}'", $"{values.Length} entries and {x.Rows} rows",
            $"{outputs.Length}, {inputs.Length} and {y.Rows}");
        Run(tape, x, inputs, y, outputs, values.Data, &AddProducts, byEntries: false);
        if (tape.Needs(x, values))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                if (values.RequiresGrad)
                    Run(tape, x, inputs, dy, outputs, tape.GradZeroed(values).Data, &AddValueGradients, byEntries: true);
                if (x.RequiresGrad) Run(tape, dy, outputs, tape.GradZeroed(x), inputs, values.Data, &AddProducts, byEntries: false);
            });
        return y;
    }

    private static void Run(Tape tape, Tensor from, int[] fromPlaces, Tensor to, int[] toPlaces, float* values, delegate*<Job*, int,
        void> body, bool byEntries)
    {
        // Entries in eights, tokens in sixteens: a part holds whole vectors but for the last.
        var (units, size) = byEntries ? ((fromPlaces.Length + 7) / 8, 8 * from.Rows)
            : ((from.Rows + Tokens - 1) / Tokens, (nint)Tokens * fromPlaces.Length);
        fixed (int* source = fromPlaces, target = toPlaces)
        {
            var job = new Job
            {
                From = from.Data, To = to.Data, Values = values, FromPlaces = source, ToPlaces = target, Rows = from.Rows,
                FromColumns = from.Columns, ToColumns = to.Columns, Count = fromPlaces.Length,
                Parts = RowJobs.Parts(tape.Pool, units, size),
            };
            tape.Pool.Run(job.Parts, &job, body, "sparse entries");
        }
    }

    /// <summary>to[row, ToPlaces[k]] += values[k] from[row, FromPlaces[k]] for the part's rows, k ascending.</summary>
    private static void AddProducts(Job* job, int part)
    {
        var (first, end) = RowJobs.Range((job->Rows + Tokens - 1) / Tokens, job->Parts, part);
        for (var r = first * Tokens; r < Math.Min(job->Rows, end * Tokens); r += Tokens)
        {
            var count = Math.Min(Tokens, job->Rows - r);
            var from = job->From + r * job->FromColumns;
            var to = job->To + r * job->ToColumns;
            if (count >= FewTokens && KernelSet.Best.HasVectors)
            {
                var turnedFrom = Turned(job, r, count);
                var turnedTo = turnedFrom + job->FromColumns * Tokens;
                AddTurned(job, turnedFrom, turnedTo);
                Transpose.Blocked(turnedTo, job->ToColumns, count, Tokens, to, job->ToColumns);
                continue;
            }

            for (nint t = 0; t < count; t++, from += job->FromColumns, to += job->ToColumns)
                for (var k = 0; k < job->Count; k++) to[job->ToPlaces[k]] += job->Values[k] * from[job->FromPlaces[k]];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTurned(Job* job, float* from, float* to)
    {
        for (var k = 0; k < job->Count; k++)
        {
            var value = Vector256.Create(job->Values[k]);
            var source = from + (nint)job->FromPlaces[k] * Tokens;
            var target = to + (nint)job->ToPlaces[k] * Tokens;
            (Vector256.Load(target) + value * Vector256.Load(source)).Store(target);
            (Vector256.Load(target + 8) + value * Vector256.Load(source + 8)).Store(target + 8);
        }
    }

    /// <summary>values[k] += from[row, FromPlaces[k]] to[row, ToPlaces[k]] for the part's entries, rows ascending.</summary>
    private static void AddValueGradients(Job* job, int part)
    {
        var (first, end) = RowJobs.Range((job->Count + 7) / 8, job->Parts, part);
        var (start, stop) = ((int)first * 8, Math.Min(job->Count, (int)end * 8));
        for (nint r = 0; r < job->Rows; r += Tokens)
        {
            var count = Math.Min(Tokens, job->Rows - r);
            var k = start;
            if (count == Tokens && KernelSet.Best.HasVectors)
            {
                var turnedFrom = Turned(job, r, count);
                var turnedTo = turnedFrom + job->FromColumns * Tokens;
                for (; k + 8 <= stop; k += 8)
                {
                    EightGradients(job, k, turnedFrom, turnedTo);
                    EightGradients(job, k, turnedFrom + 8, turnedTo + 8);
                }
            }

            for (var t = r; t < r + count; t++)
            {
                var from = job->From + t * job->FromColumns;
                var to = job->To + t * job->ToColumns;
                for (var i = k; i < stop; i++) job->Values[i] += to[job->ToPlaces[i]] * from[job->FromPlaces[i]];
            }
        }
    }

    /// <summary>
    /// Eight entries by eight tokens: products with tokens side by side, turned so that entries are, and added token by token.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightGradients(Job* job, int k, float* from, float* to)
    {
        Transpose.Turn(
            Product(job, k, from, to), Product(job, k + 1, from, to), Product(job, k + 2, from, to), Product(job, k + 3, from, to),
            Product(job, k + 4, from, to), Product(job, k + 5, from, to), Product(job, k + 6, from, to), Product(job, k + 7, from, to),
            out var t0, out var t1, out var t2, out var t3, out var t4, out var t5, out var t6, out var t7);
        (Vector256.Load(job->Values + k) + t0 + t1 + t2 + t3 + t4 + t5 + t6 + t7).Store(job->Values + k);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Product(Job* job, int k, float* from, float* to) =>
        Vector256.Load(to + (nint)job->ToPlaces[k] * Tokens) * Vector256.Load(from + (nint)job->FromPlaces[k] * Tokens);

    /// <summary>
    /// Rows r to r + count - 1 of both sides with the tokens side by side, [columns][16], one behind the other; lanes beyond the last token
    /// hold zeros.
    /// </summary>
    private static float* Turned(Job* job, nint r, nint count)
    {
        var from = Scratch.Floats(ScratchUse.Op, (job->FromColumns + job->ToColumns) * Tokens);
        var to = from + job->FromColumns * Tokens;
        if (count < Tokens) new Span<float>(from, (int)((job->FromColumns + job->ToColumns) * Tokens)).Clear();
        Transpose.Blocked(job->From + r * job->FromColumns, count, job->FromColumns, job->FromColumns, from, Tokens);
        Transpose.Blocked(job->To + r * job->ToColumns, count, job->ToColumns, job->ToColumns, to, Tokens);
        return from;
    }
}
