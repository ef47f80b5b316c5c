using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>
/// A product with Re(ifft2(S)) of a spectrum S [out, in] that is zero but at a few places, without the matrix: x goes through one transform
/// a token, its coefficients to S's rows, and back through another:
/// y_p = factor Re sum_k s_k e^(2 pi i r_k p / out) X(c_k), X(c) = sum_q x_q e^(2 pi i c q / in). In tokens times (in + out) times a
/// logarithm, and no memory of the matrix's size.
/// </summary>
public static unsafe class SpectrumOp
{
    private const int Tokens = TokenFourier.Tokens;

    private struct Job
    {
        public FourierPlan In, Out;

        /// <summary>x [tokens, in]; y or dy [tokens, out]; dx [tokens, in] or null.</summary>
        public float* X, Y, Dx;

        public float* Values;

        /// <summary>Each token's share of the values' gradient [tokens, count], or null.</summary>
        public float* Shares;

        public int* Rows, Columns;
        public nint TokenCount;
        public int Count, Parts;
        public float Factor;
    }

    /// <summary>
    /// Adds the product to y [tokens, out] in place, the fresh result of another op; x [tokens, in], <paramref name="rows"/> and
    /// <paramref name="columns"/> the places of the values in S. Where all values are zero nothing is added.
    /// </summary>
    public static Tensor SpectrumInto(this Tape tape, Tensor x, Parameter values, int[] rows, int[] columns, float factor, Tensor y)
    {
        Shapes.Require(values.Length == rows.Length && rows.Length == columns.Length
            && x.Rows == y.Rows, $"product with the spectrum '{values.Name}'", $"{values.Length} places and {x.Rows} rows",
            $"{rows.Length}, {columns.Length} and {y.Rows}");
        if (!values.Value.ContainsAnyExcept(0f))
        {
            if (!tape.Needs(values)) return y;
        }
        else Run(tape, x, values, rows, columns, factor, y, null, null, &Forward);

        if (tape.Needs(x, values))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                var dx = x.RequiresGrad ? tape.GradZeroed(x) : null;
                var mark = tape.Mark();
                var shares = values.RequiresGrad ? tape.New(x.Rows, values.Length) : null;
                Run(tape, x, values, rows, columns, factor, dy, dx, shares, &Backward);
                if (shares is not null) AddShares(tape, shares, tape.GradZeroed(values));
                tape.Release(mark, null);
            });
        return y;
    }

    private static void Run(Tape tape, Tensor x, Parameter values, int[] rows, int[] columns, float factor, Tensor y, Tensor? dx,
        Tensor? shares, delegate*<Job*, int, void> body)
    {
        fixed (int* r = rows, c = columns)
        {
            var job = new Job
            {
                In = TokenFourier.Plan((int)x.Columns), Out = TokenFourier.Plan((int)y.Columns), X = x.Data, Y = y.Data, Dx = dx is null
                ? null : dx.Data, Values = values.Data, Shares = shares is null ? null : shares.Data,
                Rows = r, Columns = c, TokenCount = x.Rows, Count = rows.Length, Factor = factor,
                Parts = RowJobs.Parts(tape.Pool, (x.Rows + Tokens - 1) / Tokens, Tokens * (x.Columns + y.Columns)),
            };
            tape.Pool.Run(job.Parts, &job, body, "spectrum");
        }
    }

    private static void Forward(Job* job, int part)
    {
        var (n, m) = ((nint)job->In.Length * Tokens, (nint)job->Out.Length * Tokens);
        var x = Scratch.Floats(ScratchUse.Op, 2 * n + 2 * m + 2 * Math.Max(n, m));
        var z = x + 2 * n;
        var work = z + 2 * m;
        var (first, end) = RowJobs.Range((job->TokenCount + Tokens - 1) / Tokens, job->Parts, part);
        for (var block = first; block < end; block++)
        {
            var count = TokenFourier.Load(job->X, job->TokenCount, job->In.Length, block, x);
            TokenFourier.Transform(&job->In, x, x + n, work, 1);
            new Span<float>(z, (int)(2 * m)).Clear();
            SpectrumKernels.Scatter(job->Values, job->Columns, x, x + n, job->Rows, z, z + m, job->Count);
            TokenFourier.Transform(&job->Out, z, z + m, work, 1);
            TokenFourier.Add(job->Y, job->Out.Length, block, count, z, work, job->Factor);
        }
    }

    private static void Backward(Job* job, int part)
    {
        var (n, m) = ((nint)job->In.Length * Tokens, (nint)job->Out.Length * Tokens);
        var x = Scratch.Floats(ScratchUse.Op, 2 * n + 2 * m + Math.Max(2 * Math.Max(n, m), (nint)job->Count * Tokens));
        var g = x + 2 * n;
        var work = g + 2 * m;
        var (first, end) = RowJobs.Range((job->TokenCount + Tokens - 1) / Tokens, job->Parts, part);
        for (var block = first; block < end; block++)
        {
            var count = TokenFourier.Load(job->Y, job->TokenCount, job->Out.Length, block, g);
            TokenFourier.Transform(&job->Out, g, g + m, work, 1);
            if (job->Shares != null)
            {
                TokenFourier.Load(job->X, job->TokenCount, job->In.Length, block, x);
                TokenFourier.Transform(&job->In, x, x + n, work, 1);
                SpectrumKernels.RealProducts(job->Columns, x, x + n, job->Rows, g, g + m, job->Factor, work, job->Count);
                Transpose.Blocked(work, job->Count, count, Tokens, job->Shares + block * Tokens * job->Count, job->Count);
            }

            if (job->Dx == null) continue;
            new Span<float>(x, (int)(2 * n)).Clear();
            SpectrumKernels.Scatter(job->Values, job->Rows, g, g + m, job->Columns, x, x + n, job->Count);
            TokenFourier.Transform(&job->In, x, x + n, work, 1);
            TokenFourier.Add(job->Dx, job->In.Length, block, count, x, work, job->Factor);
        }
    }

    private struct ShareJob
    {
        public float* Shares, Sum;
        public nint Tokens, Count;
        public int Parts;
    }

    /// <summary>sum += the tokens' shares in their order.</summary>
    private static void AddShares(Tape tape, Tensor shares, Tensor sum)
    {
        var job =
            new ShareJob
            {
                Shares = shares.Data, Sum = sum.Data, Tokens = shares.Rows, Count = shares.Columns,
                Parts = RowJobs.Parts(tape.Pool, shares.Columns, shares.Rows)
            };
        tape.Pool.Run(job.Parts, &job, &AddSharePart, "spectrum, gradient");
    }

    private static void AddSharePart(ShareJob* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Count, job->Parts, part);
        for (nint t = 0; t < job->Tokens; t++) RowKernels.Add(job->Sum + first, job->Shares + t * job->Count + first, end - first);
    }
}
