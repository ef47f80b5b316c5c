using Tenon.Tensors;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;

namespace Tenon.Cli.Benchmarks;

/// <summary>The sizes of a decoder that decide how fast its kernels can be.</summary>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="FeedForward">Width of the gated layer.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads.</param>
/// <param name="HeadSize">Values of a head.</param>
/// <param name="Vocabulary">Rows of the head.</param>
internal sealed record KernelShapes(int Hidden, int FeedForward, int Heads, int KeyValueHeads, int HeadSize, int Vocabulary);

/// <summary>One kernel at one size, ready to be timed.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Shape">Its size in words.</param>
/// <param name="Rows">Tokens it works on.</param>
/// <param name="Work">Floating-point operations, or bytes moved, of one call; in billions.</param>
/// <param name="Unit"><c>GFLOP/s</c> or <c>GB/s</c>: what <paramref name="Work"/> by seconds is.</param>
/// <param name="Run">One call.</param>
internal sealed record KernelWorkload(string Name, string Shape, int Rows, double Work, string Unit, Action Run)
{
    /// <summary>Tokens of a batch at which products are timed: one stream, a group, several groups, a training pass.</summary>
    public static IReadOnlyList<int> BatchRows { get; } = [1, 8, 32, 128];

    private const int Context = 512;

    /// <summary>
    /// The kernels that sampling and training spend their time in, one after the other (each holds its memory only while it is the current
    /// one).
    /// </summary>
    public static IEnumerable<KernelWorkload> Of(KernelShapes s, Precision precision, WorkerPool? pool = null)
    {
        var tape = new Tape(pool, precision);
        var twins = new UnorderedTwins(tape.Pool);
        foreach (var (inputs, outputs) in
            new[] { (s.Hidden, s.Heads * s.HeadSize), (s.Hidden, s.FeedForward), (s.FeedForward, s.Hidden) }.Distinct())
        {
            var weight = Weight(outputs, inputs, precision);
            foreach (var rows in BatchRows)
            {
                var forward = Forward(tape, weight, rows);
                yield return forward;
                if (!precision.IsInt8()) yield return twins.Forward(forward, inputs, outputs, precision);
                yield return Backward(tape, weight, rows);
            }

            foreach (var workload in twins.WeightGradient(inputs, outputs, BatchRows[^1])) yield return workload;
        }

        var head = Weight(s.Vocabulary, s.Hidden, precision);
        foreach (var rows in (int[])[1, 32]) yield return Forward(tape, head, rows) with { Name = "head matmul" };
        yield return Head(tape, head, 32);
        foreach (var workload in RowWorkloads(s)) yield return workload;
        yield return Decode(tape, s, 32);
        yield return Prefill(tape, s, training: false);
        yield return Prefill(tape, s, training: true);
    }

    /// <summary>A packed weight [outputs, inputs] of small numbers.</summary>
    internal static FrozenMatrix Weight(int outputs, int inputs, Precision precision) =>
        FrozenMatrix.Pack("weight", outputs, inputs, precision.Storage(), (row, rows) => Fill(rows, (int)row), null);

    private static unsafe KernelWorkload Forward(Tape tape, FrozenMatrix weight, int rows)
    {
        var (x, y) = (Values(rows, weight.Inputs), Values(rows, weight.Outputs));
        return Product("matmul forward", weight, rows,
            () => weight.Multiply(x.Data, rows, weight.Inputs, y.Data, weight.Outputs, tape.Pool, tape.Precision));
    }

    private static unsafe KernelWorkload Backward(Tape tape, FrozenMatrix weight, int rows)
    {
        var (dx, dy) = (Values(rows, weight.Inputs), Values(rows, weight.Outputs));
        return Product("matmul backward", weight, rows,
            () => weight.MultiplyTransposed(dy.Data, rows, weight.Outputs, dx.Data, weight.Inputs, false, tape.Pool, tape.Precision));
    }

    private static KernelWorkload Product(string name, FrozenMatrix weight, int rows, Action run) =>
        new(name, $"{weight.Inputs} to {weight.Outputs}", rows, 2e-9 * rows * weight.Inputs * weight.Outputs, "GFLOP/s", run);

    // Hidden rows to the log-probability of a target and back to their gradient: the product, softmax, logarithm of the sum, and two
    // products backward.
    private static KernelWorkload Head(Tape tape, FrozenMatrix weight, int rows)
    {
        var hidden = Values(rows, weight.Inputs);
        hidden.RequiresGrad = true;
        var targets = new int[rows];
        return new("head with its gradient", $"{weight.Inputs} to {weight.Outputs}", rows, 3 * 2e-9 * rows * weight.Inputs * weight.Outputs,
            "GFLOP/s", () =>
        {
            tape.Reset();
            tape.Recording = true;
            TokenHead.Forward(tape, hidden, (t, h) => t.MatMul(h, weight), targets).Backward(new float[rows]);
            tape.Recording = false;
        });
    }

    private static unsafe KernelWorkload[] RowWorkloads(KernelShapes s)
    {
        const int Rows = 128;
        var (x, w, y) = (Values(Rows, s.Hidden), Values(1, s.Hidden), Values(Rows, s.Hidden));
        var (gate, up, product) = (Values(Rows, s.FeedForward), Values(Rows, s.FeedForward), Values(Rows, s.FeedForward));
        var (logits, exponentials) = (Values(8, s.Vocabulary), Values(1, s.Vocabulary));
        return
        [
            new("rms-norm", $"{s.Hidden}", Rows, 2 * 4e-9 * Rows * s.Hidden, "GB/s",
                () => EachRow(Rows, r => RowKernels.RmsNorm(x.Row(r), w.Data, y.Row(r), s.Hidden, 1e-5f))),
            new("silu(gate) * up", $"{s.FeedForward}", Rows, 3 * 4e-9 * Rows * s.FeedForward, "GB/s",
                () => EachRow(Rows, r => RowKernels.SwiGlu(gate.Row(r), up.Row(r), product.Row(r), s.FeedForward))),
            new("softmax and its sum", $"{s.Vocabulary}", 8, 3 * 4e-9 * 8 * s.Vocabulary, "GB/s",
                () =>
                EachRow(8,
                r => RowKernels.ExpSum(logits.Row(r), s.Vocabulary, RowKernels.Max(logits.Row(r), s.Vocabulary), exponentials.Data))),
        ];
    }

    private static void EachRow(int rows, Action<int> work)
    {
        for (var r = 0; r < rows; r++) work(r);
    }

    // One new token in each of several sequences, each with its own cached context.
    private static KernelWorkload Decode(Tape tape, KernelShapes s, int sequences)
    {
        var pagesEach = Context / AttentionLayout.PageSize;
        var store = KvPages.Create(sequences * pagesEach, s.KeyValueHeads, s.HeadSize);
        TokenRun[] runs = [.. Enumerable.Range(0, sequences).Select(i => new TokenRun(i, 1, Context - 1))];
        var layout =
            AttentionLayout.ForCache(runs,
            [.. Enumerable.Range(0, sequences).Select(i => Enumerable.Range(i * pagesEach, pagesEach).ToArray())]);
        var (q, k, v) =
            (Values(sequences, s.Heads * s.HeadSize), Values(sequences, s.KeyValueHeads * s.HeadSize),
            Values(sequences, s.KeyValueHeads * s.HeadSize));
        return new("attention, decode", $"context {Context}", sequences, 2 * 4e-9 * sequences * Context * s.KeyValueHeads * s.HeadSize,
            "GB/s", () =>
        {
            tape.Reset();
            tape.AttentionCached(q, k, v, s.Heads, layout, store);
        });
    }

    private static KernelWorkload Prefill(Tape tape, KernelShapes s, bool training)
    {
        var layout = AttentionLayout.ForBatch([new TokenRun(0, Context, 0)]);
        var (q, k, v) =
            (Values(Context, s.Heads * s.HeadSize), Values(Context, s.KeyValueHeads * s.HeadSize),
            Values(Context, s.KeyValueHeads * s.HeadSize));
        q.RequiresGrad = k.RequiresGrad = v.RequiresGrad = training;
        // Two products forward; backward the scores once more and four products.
        var operations = (training ? 7 : 2) * 2e-9 * s.Heads * s.HeadSize * Context * (Context + 1) / 2;
        return new(training ? "attention with its gradient"
            : "attention, prefill", $"context {Context}", Context, operations, "GFLOP/s", () =>
        {
            tape.Reset();
            tape.Recording = training;
            var y = tape.Attention(q, k, v, s.Heads, s.KeyValueHeads, layout);
            if (training)
            {
                y.Grad = tape.Input(new float[y.Length], y.Rows, y.Columns);
                tape.Backward();
            }

            tape.Recording = false;
        });
    }

    /// <summary>A persistent tensor of small numbers.</summary>
    internal static Tensor Values(nint rows, nint columns)
    {
        var tensor = Tensor.Zeros(rows, columns);
        Fill(tensor.Values, 1);
        return tensor;
    }

    // Small numbers of both signs: no denormals, no overflow.
    private static void Fill(Span<float> values, int start)
    {
        for (var i = 0; i < values.Length; i++) values[i] = (((start + i) * 37 % 255) - 127) / 256f;
    }
}
