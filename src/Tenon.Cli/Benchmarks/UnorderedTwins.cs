using Tenon.Tensors;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Threads;

namespace Tenon.Cli.Benchmarks;

/// <summary>
/// What the order of sums costs: products that cut the sum itself among the threads and add the partial results, as libraries without a
/// fixed order may, beside the ordered ones, which cut their outputs. Same tiles, same operands; only the last bits differ, and with the
/// number of threads they differ again.
/// </summary>
internal sealed unsafe class UnorderedTwins
{
    private readonly WorkerPool _pool;
    private readonly WorkerPool _alone = new(1);

    /// <summary>Twins over the threads of a pool.</summary>
    public UnorderedTwins(WorkerPool pool) => _pool = pool;

    /// <summary>What the twin of a kernel is called.</summary>
    public static string NameOf(string ordered) => ordered + ", sum cut";

    /// <summary>
    /// Y [rows, outputs] = X [rows, inputs] Wᵀ with the inputs cut among the threads, each with its own packed slice of W.
    /// </summary>
    public KernelWorkload Forward(KernelWorkload ordered, int inputs, int outputs, Precision precision)
    {
        var parts = _pool.Threads;
        var rows = ordered.Rows;
        var slices = new FrozenMatrix[parts];
        var (x, y) = (new Tensor[parts], new Tensor[parts]);
        for (var i = 0; i < parts; i++)
        {
            var (from, to) = Slice(inputs, parts, i, 32);
            slices[i] = KernelWorkload.Weight(outputs, to - from, precision);
            (x[i], y[i]) = (KernelWorkload.Values(rows, to - from), KernelWorkload.Values(rows, outputs));
        }

        return ordered with
        {
            Name = NameOf(ordered.Name),
            Run = () =>
            {
                Each(parts, i => slices[i].Multiply(x[i].Data, rows, slices[i].Inputs, y[i].Data, outputs, _alone, precision));
                Add(y, rows * outputs);
            },
        };
    }

    /// <summary>dW [outputs, inputs] = dYᵀ X over <c>rows</c> tokens: ordered, then with the tokens cut among the threads.</summary>
    public IEnumerable<KernelWorkload> WeightGradient(int inputs, int outputs, int rows)
    {
        var parts = _pool.Threads;
        var (x, dy) = (KernelWorkload.Values(rows, inputs), KernelWorkload.Values(rows, outputs));
        var dw = Enumerable.Range(0, parts).Select(_ => KernelWorkload.Values(outputs, inputs)).ToArray();
        var ordered = new KernelWorkload("weight gradient", $"{inputs} to {outputs}", rows, 2e-9 * rows * inputs * outputs, "GFLOP/s",
            () => Gemm.MultiplyParallel(_pool, outputs, inputs, rows, dy.Data, 1, outputs, x.Data, inputs, dw[0].Data, inputs, false));
        return
        [
            ordered,
            ordered with
            {
                Name = NameOf(ordered.Name),
                Run = () =>
                {
                    Each(parts, i =>
                    {
                        var (from, to) = Slice(rows, parts, i, 1);
                        Gemm.Multiply(outputs, inputs, to - from, dy.Row(from), 1, outputs, x.Row(from), inputs, dw[i].Data, inputs, false);
                    });
                    Add(dw, outputs * inputs);
                },
            },
        ];
    }

    private static (int From, int To) Slice(int length, int parts, int part, int unit)
    {
        var units = (length + unit - 1) / unit;
        return (Math.Min(length, units * part / parts * unit), Math.Min(length, units * (part + 1) / parts * unit));
    }

    // The partial results into the first, each thread a stretch of them.
    private void Add(Tensor[] partial, int length) =>
        Each(_pool.Threads, part =>
        {
            var (from, to) = Slice(length, _pool.Threads, part, 16);
            var sum = partial[0].Values[from..to];
            for (var i = 1; i < partial.Length; i++)
            {
                var more = partial[i].Values[from..to];
                var j = 0;
                for (; j <= sum.Length - System.Numerics.Vector<float>.Count; j += System.Numerics.Vector<float>.Count)
                    (new System.Numerics.Vector<float>(sum[j..]) + new System.Numerics.Vector<float>(more[j..])).CopyTo(sum[j..]);
                for (; j < sum.Length; j++) sum[j] += more[j];
            }
        });

    private void Each(int parts, Action<int> work)
    {
        var handle = System.Runtime.InteropServices.GCHandle.Alloc(work);
        var state = System.Runtime.InteropServices.GCHandle.ToIntPtr(handle);
        try
        {
            _pool.Run(parts, &state, &Part);
        }
        finally
        {
            handle.Free();
        }
    }

    private static void Part(nint* state, int part) =>
        ((Action<int>)System.Runtime.InteropServices.GCHandle.FromIntPtr(*state).Target!)(part);
}
