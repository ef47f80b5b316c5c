using System.Diagnostics;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;
using Tenon.Tensors.Panels;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors;

/// <summary>What this machine's threads reach together, measured in a moment: the roofs under which products are seen.</summary>
/// <param name="Float">Float32 operations a second: the product's own tile on operands in the first cache.</param>
/// <param name="Integer">Integer operations a second of the int8 product's tile, likewise.</param>
/// <param name="Bandwidth">Bytes a second read from memory, in huge pages where the system gives them.</param>
public sealed unsafe record MachineLimits(double Float, double Integer, double Bandwidth)
{
    private const int Rows = 12;
    private const int Terms = 256;
    private const nint Stream = 256 << 20;
    private const nint LeastStream = 8 << 20;

    /// <summary>Measures for about <paramref name="seconds"/>; the best of several tries counts.</summary>
    public static MachineLimits Measure(WorkerPool pool, double seconds = 1)
    {
        // Well beyond the caches, whatever the number of threads.
        var stream = Math.Max(Stream / pool.Threads, LeastStream);
        using var memory = NativeBuffer.Allocate(stream * pool.Threads);
        using var block = NativeBuffer.Allocate(pool.Threads * Block.Bytes);
        // Pages that nobody has written are all the same one.
        new Span<byte>(memory.Pointer, (int)Math.Min(memory.Bytes, int.MaxValue)).Fill(1);
        for (nint i = 0; i < pool.Threads * Block.Bytes / sizeof(float); i++) ((float*)block.Pointer)[i] = 0.5f;
        var job = new Block { Memory = memory.Pointer, Data = block.Pointer, Stream = stream };
        var tile = Block.Repeats * 2.0 * Rows * Terms * PanelFormat.Width;
        return new(
            Best(pool, &job, &Floats, tile, seconds / 3), Best(pool, &job, &Integers, tile, seconds / 3),
            Best(pool, &job, &Read, stream, seconds / 3));
    }

    private static double Best(WorkerPool pool, Block* job, delegate*<Block*, int, void> body, double work, double seconds)
    {
        pool.Run(pool.Threads, job, body);
        var (best, clock) = (0.0, Stopwatch.StartNew());
        do
        {
            var start = Stopwatch.GetTimestamp();
            pool.Run(pool.Threads, job, body);
            best = Math.Max(best, pool.Threads * work / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        while (clock.Elapsed.TotalSeconds < seconds);
        return best;
    }

    private static void Floats(Block* block, int part)
    {
        var a = (float*)(block->Data + (part * Block.Bytes));
        float* b = a + (Rows * Terms), c = b + (Terms * PanelFormat.Width);
        for (var i = 0; i < Block.Repeats; i++)
            Gemm.Multiply(Rows, PanelFormat.Width, Terms, a, Terms, 1, b, PanelFormat.Width, c, PanelFormat.Width, false);
    }

    private static void Integers(Block* block, int part)
    {
        var rowBytes = Int8Rows.RowBytes(Terms, 1);
        var format = new Int8Panels(offsets: false);
        var data = block->Data + (part * Block.Bytes);
        var call = new Int8Call
        {
            Rows = data, Panels = data + (Rows * rowBytes), Output = (float*)(data + (Rows * rowBytes) + format.PanelBytes(Terms)),
            PanelBytes = format.PanelBytes(Terms),
            BlockBytes = format.BlockBytes, Blocks = Int8Panels.Blocks(Terms), RowCount = Rows, RowBytes = rowBytes,
            OutputRow = PanelFormat.Width,
            Outputs = PanelFormat.Width, Share = PartShare.Of(Rows, 1, 1), Terms = 1,
        };
        for (var i = 0; i < Block.Repeats; i++) Int8Kernels.Multiply(&call, 0);
    }

    private static void Read(Block* block, int part) =>
        RowKernels.Sum((float*)(block->Memory + (part * block->Stream)), block->Stream / sizeof(float));

    private struct Block
    {
        public const int Repeats = 200;

        public const nint Bytes = ((Rows * Terms) + (Terms * PanelFormat.Width) + (Rows * PanelFormat.Width)) * sizeof(float);

        public byte* Memory, Data;
        public nint Stream;
    }
}
