using Tenon.Tensors.Kernels;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors.Ops;

/// <summary>One of several products of the same rows: y = x Wᵀ + b + s (x Aᵀ) Bᵀ.</summary>
/// <param name="Weight">W [out, in].</param>
/// <param name="Bias">b [1, out], or null.</param>
/// <param name="A">A [r, in], or null for no update.</param>
/// <param name="B">B [out, r]; null where A is.</param>
/// <param name="Scale">s.</param>
public readonly record struct JoinedProduct(
    FrozenMatrix Weight, Parameter? Bias, Parameter? A = null, Parameter? B = null, float Scale = 1);

/// <summary>
/// Products of the same rows in two jobs in place of up to thirteen, where nothing is recorded. The first goes by rows: they are made (by a
/// norm or a gate), rounded where the precision rounds them, and multiplied by the narrow factors while they are in the cache of the thread
/// that made them. The second goes by outputs: the frozen products, each with its tail (<see cref="ProductTail"/>). A few rows cost so
/// little that handing jobs out, and rows from one thread's cache to another's, are much of the time. Every sum has the order that it has
/// in an op of its own, so that the bits are those of <see cref="RmsNormOp"/>, <see cref="SwiGluOp"/> and <see cref="MatMulOp"/>.
/// </summary>
public static unsafe class JoinedProductsOp
{
    /// <summary>Most products that are joined.</summary>
    public const int Most = 3;

    /// <summary>
    /// True where products may be joined: nothing is recorded, nothing dropped, and no kept products are taken in place of computed ones.
    /// </summary>
    public static bool Joins(this Tape tape) => !tape.Recording && tape.Dropping is null && tape.Kept is not { Takes: true };

    /// <summary>Writes the results [tokens, out] of up to <see cref="Most"/> products of x [tokens, in].</summary>
    /// <exception cref="TenonException">A shape does not fit.</exception>
    public static void Joined(this Tape tape, Tensor x, ReadOnlySpan<JoinedProduct> products, Span<Tensor> results) =>
        Run(tape, x, new RowsJob { X = x.Data }, products, results);

    /// <summary>The same of x = norm(source), its weight [1, in].</summary>
    /// <exception cref="TenonException">A shape does not fit.</exception>
    public static void JoinedOfNorm(
        this Tape tape, Tensor source, Tensor weight, float epsilon, ReadOnlySpan<JoinedProduct> products, Span<Tensor> results)
    {
        Shapes.Require(source.Columns == weight.Length, "rms-norm", $"rows of {weight.Length}", $"{source.Columns}");
        var x = tape.New(source.Rows, source.Columns);
        Run(tape, x, new RowsJob { X = x.Data, Normed = source.Data, Norm = weight.Data, Epsilon = epsilon }, products, results);
    }

    /// <summary>The same of x = silu(gate) up.</summary>
    /// <exception cref="TenonException">A shape does not fit.</exception>
    public static void JoinedOfGate(
        this Tape tape, Tensor gate, Tensor up, ReadOnlySpan<JoinedProduct> products, Span<Tensor> results)
    {
        Shapes.Require(gate.Rows == up.Rows && gate.Columns == up.Columns, "swiglu", $"[{gate.Rows}, {gate.Columns}]",
            $"[{up.Rows}, {up.Columns}]");
        var x = tape.New(gate.Rows, gate.Columns);
        Run(tape, x, new RowsJob { X = x.Data, Gate = gate.Data, Up = up.Data }, products, results);
    }

    private static void Run(Tape tape, Tensor x, RowsJob byRows, ReadOnlySpan<JoinedProduct> products, Span<Tensor> results)
    {
        var kept = KeptRows.Of(tape, x);
        var calls = stackalloc ProductCall[Most];
        var narrow = stackalloc NarrowProduct[Most];
        byRows.Narrow = narrow;
        (byRows.Rows, byRows.Columns) = (x.Rows, x.Columns);
        for (var i = 0; i < products.Length; i++)
        {
            RequireShapes(x, products[i]);
            results[i] = tape.New(x.Rows, products[i].Weight.Outputs);
        }

        for (var i = 0; i < products.Length; i++)
            if (products[i].A is { } a)
                byRows.Add(a, products[i].Scale, tape.New(x.Rows, a.Rows));
        byRows.Rounding = products[0].Weight.RoundingOf(x, tape.Precision);
        var rounded = byRows.Rounding.Target;
        byRows.Run(tape.Pool);
        fixed (nint* addresses = kept is null ? default : kept.Addresses)
        {
            var (parts, outputs, bytes) = (0, (nint)0, 0.0);
            for (var i = 0; i < products.Length; i++)
            {
                var (weight, bias, a, b, _) = products[i];
                var call = calls + i;
                *call = weight.CallOf(x.Data, x.Rows, x.Columns, rounded, results[i].Data, weight.Outputs, tape.Pool, tape.Precision);
                if (kept is not null) call->Tail = kept.Tail(tape, weight, addresses);
                if (bias is not null) call->Tail.Bias = bias.Data;
                if (a is not null)
                {
                    call->Tail.Middle = narrow++->Middle;
                    call->Tail.Wide = b!.Transposed().Data;
                    call->Tail.Rank = a.Rows;
                }

                parts += call->Parts;
                outputs += weight.Outputs;
                bytes += weight.Traffic(x.Rows);
            }

            WorkProfile.Next(x.Columns, outputs, x.Rows, bytes);
            tape.Pool.Run(parts, calls, &RunPart, "frozen product");
        }

        for (var i = 0; i < products.Length; i++)
        {
            if (calls[i].Tail.Kept != null) kept!.CountWritten(products[i].Weight);
            GC.KeepAlive(products[i].Weight);
        }
    }

    private static void RequireShapes(Tensor x, in JoinedProduct product)
    {
        var (weight, bias, a, b, _) = product;
        Shapes.Require(x.Columns == weight.Inputs, $"product with '{weight.Name}'", $"inputs of {weight.Inputs} columns", $"{x.Columns}");
        if (bias is not null) Shapes.Require(bias.Length == weight.Outputs, "bias", $"a vector of {weight.Outputs}", $"{bias.Length}");
        if (a is null) return;
        Shapes.Require(b is not null && a.Columns == weight.Inputs && b.Rows == weight.Outputs && b.Columns == a.Rows,
            $"update of '{weight.Name}'", $"A [r, {weight.Inputs}] and B [{weight.Outputs}, r]",
            $"[{a.Rows}, {a.Columns}] and [{b?.Rows}, {b?.Columns}]");
    }

    private static void RunPart(ProductCall* call, int part)
    {
        for (; part >= call->Parts; call++) part -= call->Parts;
        ProductCall.Run(call, part);
    }

    private struct NarrowProduct
    {
        public float* Factor, Middle;
        public nint Rank;
        public float Scale;
    }

    /// <summary>What is done row by row: making x, rounding it, and s x Aᵀ for each update.</summary>
    private struct RowsJob
    {
        // Rows that fill a tile of narrow products, and numbers and sums below which one thread is the faster.
        private const nint TileRows = 8;
        private const double WorthWhile = 20_000;

        public float* X, Normed, Norm, Gate, Up;
        public float Epsilon;
        public nint Rows, Columns;
        public FrozenMatrix.RoundJob Rounding;
        public NarrowProduct* Narrow;
        private int _count, _parts;

        public void Add(Parameter a, float scale, Tensor middle) => Narrow[_count++] = new()
        {
            Factor = a.Transposed().Data, Middle = middle.Data, Rank = a.Rows, Scale = scale,
        };

        public void Run(WorkerPool pool)
        {
            nint ranks = 0;
            for (var i = 0; i < _count; i++) ranks += Narrow[i].Rank;
            var passes = (Normed != null ? 2 : 0) + (Gate != null ? 4 : 0) + (Rounding.Rows > 0 ? 4 : 0);
            if (passes + ranks == 0) return;
            var work = (double)Rows * Columns * (passes + ranks);
            _parts = work < WorthWhile ? 1 : (int)Math.Clamp(Rows / TileRows, Math.Min(Rows, pool.Threads), 4 * pool.Threads);
            WorkProfile.Next(Columns, ranks, Rows, sizeof(float) * (double)((Rows * Columns) + (ranks * (Columns + Rows))));
            var job = this;
            pool.Run(_parts, &job, &Part, _count > 0 ? "trained product" : Normed != null ? "norm" : Gate != null ? "gated activation"
                : "rounding");
        }

        private static void Part(RowsJob* job, int part)
        {
            var (first, end) = RowJobs.Range(job->Rows, job->_parts, part);
            for (var r = first; r < end; r++)
            {
                var at = r * job->Columns;
                if (job->Normed != null) RowKernels.RmsNorm(job->Normed + at, job->Norm, job->X + at, job->Columns, job->Epsilon);
                if (job->Gate != null) RowKernels.SwiGlu(job->Gate + at, job->Up + at, job->X + at, job->Columns);
                if (r < job->Rounding.Rows) FrozenMatrix.RoundRow(&job->Rounding, r);
            }

            for (var i = 0; i < job->_count; i++)
            {
                var product = job->Narrow[i];
                var middle = product.Middle + (first * product.Rank);
                Gemm.Multiply(end - first, product.Rank, job->Columns, job->X + (first * job->Columns), job->Columns, 1, product.Factor,
                    product.Rank, middle, product.Rank, accumulate: false);
                RowKernels.Scale(middle, product.Scale, (end - first) * product.Rank);
            }
        }
    }
}
