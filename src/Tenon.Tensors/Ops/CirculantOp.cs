using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>
/// A product with a matrix of circulant blocks (C3A), W_ij[p, q] = w_ij[(q - p) mod b], without the matrix: blocks of x go through a
/// transform of length b, meet the kernels frequency by frequency, and
/// come back: y_i = ifft(sum_j conj(fft(w_ij)) fft(x_j)).
/// </summary>
public static unsafe class CirculantOp
{
    private const int Tokens = TokenFourier.Tokens;

    private struct Job
    {
        public FourierPlan Plan;

        /// <summary>x [tokens, in]; y or dy [tokens, out]; dx [tokens, in] or null.</summary>
        public float* X, Y, Dx;

        /// <summary>fft(w) [out / b][in / b][b], real parts, then imaginary ones; its gradient in the same form.</summary>
        public float* Kernels, Gradient;

        /// <summary>
        /// For the kernels' gradient, or null: fft(x) of each token as real, imaginary and negated real parts [tokens, 3 in]; fft(dy) / b
        /// as real and imaginary parts [tokens, 2 out].
        /// </summary>
        public float* FromRows, ToRows;

        public nint TokenCount, Inputs, Outputs;
        public int Parts;
        public bool ConjugateInputGradient;

        public readonly nint KernelSize => Inputs * Outputs / Plan.Length;

        public readonly int From => (int)(Inputs / Plan.Length);

        public readonly int To => (int)(Outputs / Plan.Length);
    }

    /// <summary>
    /// Adds the product to y [tokens, out] in place, the fresh result of another op; x [tokens, in]; <paramref name="kernels"/> [2, out in
    /// / b] holds the transforms of the kernels. Where all are zero
    /// nothing is added. <paramref name="conjugateInputGradient"/> sends back what PEFT's C3A does: the gradient to x is that of w_ij[(q +
    /// p) mod b].
    /// </summary>
    public static Tensor CirculantInto(this Tape tape, Tensor x, Parameter kernels, int block, Tensor y, bool conjugateInputGradient =
        false)
    {
        Shapes.Require(block >= 1 && x.Columns % block == 0 && y.Columns % block == 0 && kernels.Length == 2 * x.Columns * y.Columns / block
            && x.Rows == y.Rows, $"product with the circulant blocks of '{kernels.Name}'",
            $"blocks that divide [{y.Columns}, {x.Columns}]", $"{block}, {kernels.Length} values");
        if (kernels.Value.ContainsAnyExcept(0f)) Run(tape, x, kernels, block, y, conjugateInputGradient, null, null, null, &Forward);
        else if (!tape.Needs(kernels)) return y;
        if (tape.Needs(x, kernels))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                var dx = x.RequiresGrad ? tape.GradZeroed(x) : null;
                var mark = tape.Mark();
                var (from, to) = kernels.RequiresGrad ? (tape.New(x.Rows, 3 * x.Columns), tape.New(y.Rows, 2 * y.Columns)) : (null, null);
                Run(tape, x, kernels, block, dy, conjugateInputGradient, dx, from, to, &Backward);
                if (from is not null) AddKernelGradients(tape, kernels, block, from, to!);
                tape.Release(mark, null);
            });
        return y;
    }

    private static Job Work(Parameter kernels, int block, nint tokens, nint inputs, nint outputs) =>
        new() { Plan = TokenFourier.Plan(block), Kernels = kernels.Data, TokenCount = tokens, Inputs = inputs, Outputs = outputs };

    private static void Run(Tape tape, Tensor x, Parameter kernels, int block, Tensor y, bool conjugate, Tensor? dx, Tensor? from,
        Tensor? to, delegate*<Job*, int, void> body)
    {
        var job = Work(kernels, block, x.Rows, x.Columns, y.Columns);
        (job.ConjugateInputGradient, job.Parts) =
            (conjugate, RowJobs.Parts(tape.Pool, (x.Rows + Tokens - 1) / Tokens, Tokens * (x.Columns + y.Columns)));
        job.X = x.Data;
        job.Y = y.Data;
        if (dx is not null) job.Dx = dx.Data;
        if (from is not null) job.FromRows = from.Data;
        if (to is not null) job.ToRows = to.Data;
        tape.Pool.Run(job.Parts, &job, body, "circulant blocks");
    }

    private static void Forward(Job* job, int part)
    {
        var (n, m) = (job->Inputs * Tokens, job->Outputs * Tokens);
        var x = Scratch.Floats(ScratchUse.Op, 2 * n + 2 * m + 2 * Math.Max(n, m));
        var y = x + 2 * n;
        var work = y + 2 * m;
        var (first, end) = RowJobs.Range((job->TokenCount + Tokens - 1) / Tokens, job->Parts, part);
        for (var block = first; block < end; block++)
        {
            var count = TokenFourier.Load(job->X, job->TokenCount, job->Inputs, block, x);
            Transform(job, x, x + n, job->From, work, -1);
            SpectrumKernels.Blocks(job->Kernels, job->Kernels + job->KernelSize, job->From, 1, x, x + n, y, y + m, job->To, job->From,
                job->Plan.Length, conjugateWeight: true, conjugateFrom: false);
            Transform(job, y, y + m, job->To, work, 1);
            TokenFourier.Add(job->Y, job->Outputs, block, count, y, work, 1f / job->Plan.Length);
        }
    }

    private static void Backward(Job* job, int part)
    {
        var (n, m) = (job->Inputs * Tokens, job->Outputs * Tokens);
        var x = Scratch.Floats(ScratchUse.Op, 2 * n + 2 * m + 2 * Math.Max(n, m));
        var g = x + 2 * n;
        var work = g + 2 * m;
        var (first, end) = RowJobs.Range((job->TokenCount + Tokens - 1) / Tokens, job->Parts, part);
        for (var block = first; block < end; block++)
        {
            var count = TokenFourier.Load(job->Y, job->TokenCount, job->Outputs, block, g);
            RowKernels.Scale(g, 1f / job->Plan.Length, m);
            Transform(job, g, g + m, job->To, work, -1);
            if (job->FromRows != null)
            {
                TokenFourier.Load(job->X, job->TokenCount, job->Inputs, block, x);
                Transform(job, x, x + n, job->From, work, -1);
                StoreRows(job->FromRows, 3 * job->Inputs, 0, block, count, x, job->Inputs);
                StoreRows(job->FromRows, 3 * job->Inputs, job->Inputs, block, count, x + n, job->Inputs);
                RowKernels.Scale(x, -1, n);
                StoreRows(job->FromRows, 3 * job->Inputs, 2 * job->Inputs, block, count, x, job->Inputs);
                StoreRows(job->ToRows, 2 * job->Outputs, 0, block, count, g, job->Outputs);
                StoreRows(job->ToRows, 2 * job->Outputs, job->Outputs, block, count, g + m, job->Outputs);
            }

            if (job->Dx == null) continue;
            SpectrumKernels.Blocks(job->Kernels, job->Kernels + job->KernelSize, 1, job->From, g, g + m, x, x + n, job->From, job->To,
                job->Plan.Length, conjugateWeight: false, job->ConjugateInputGradient);
            Transform(job, x, x + n, job->From, work, 1);
            TokenFourier.Add(job->Dx, job->Inputs, block, count, x, work, 1);
        }
    }

    private static void Transform(Job* job, float* re, float* im, int blocks, float* work, int sign)
    {
        nint step = job->Plan.Length * Tokens;
        for (var j = 0; j < blocks; j++) TokenFourier.Transform(&job->Plan, re + j * step, im + j * step, work, sign);
    }

    private static void StoreRows(float* target, nint row, nint column, nint block, nint count, float* lanes, nint length) =>
        Transpose.Blocked(lanes, length, count, Tokens, target + block * Tokens * row + column, row);

    private static void AddKernelGradients(Tape tape, Parameter kernels, int block, Tensor from, Tensor to)
    {
        var job = Work(kernels, block, from.Rows, from.Columns / 3, to.Columns / 2);
        job.Gradient = tape.GradZeroed(kernels).Data;
        job.FromRows = from.Data;
        job.ToRows = to.Data;
        job.Parts = RowJobs.Parts(tape.Pool, job.To, job.KernelSize / job.To * from.Rows);
        tape.Pool.Run(job.Parts, &job, &KernelPart, "circulant blocks, gradient");
    }

    /// <summary>
    /// The kernels of some rows of blocks: d_re x_re + d_im x_im in the real parts, d_re x_im - d_im x_re in the imaginary ones, token by
    /// token.
    /// </summary>
    private static void KernelPart(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->To, job->Parts, part);
        nint size = job->Plan.Length;
        for (nint t = 0; t < job->TokenCount; t++)
            for (var i = first; i < end; i++)
                for (nint j = 0; j < job->From; j++)
                {
                    var re = job->Gradient + (i * job->From + j) * size;
                    var im = re + job->KernelSize;
                    var d = job->ToRows + t * 2 * job->Outputs + i * size;
                    var x = job->FromRows + t * 3 * job->Inputs + j * size;
                    RowKernels.MulAdd(re, d, x, size);
                    RowKernels.MulAdd(re, d + job->Outputs, x + job->Inputs, size);
                    RowKernels.MulAdd(im, d, x + job->Inputs, size);
                    RowKernels.MulAdd(im, d + job->Outputs, x + 2 * job->Inputs, size);
                }
    }
}
