using System.Runtime.Intrinsics.X86;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>
/// Keys and values of one layer in pages: per page and key/value head, keys [size, 32] (so that lanes run over keys) and values [32, size].
/// Where the precision rounds keys and values to bfloat16 (<see cref="Precisions.RoundsKeys"/>), two neighbouring rows share a line of
/// 32-bit words, the upper row in the lower half of each: half the memory, and half of what a step reads.
/// </summary>
public sealed unsafe class KvPages
{
    /// <summary>Rows up to which pairs are widened in registers, for each four rows anew.</summary>
    private const int FewRows = 8;

    private readonly bool _paired;

    internal KvPages(Tensor keys, Tensor values, int keyValueHeads, int headSize, bool paired = false)
    {
        Keys = keys;
        Values = values;
        KeyValueHeads = keyValueHeads;
        HeadSize = headSize;
        _paired = paired;
    }

    internal Tensor Keys { get; }

    internal Tensor Values { get; }

    internal int KeyValueHeads { get; }

    internal int HeadSize { get; }

    // Words of 32 bits in a page of one head.
    private nint PageWords => PageWordsOf(HeadSize, _paired);

    /// <summary>Persistent pages of one layer of a cache, for tapes of one precision.</summary>
    public static KvPages Create(int pages, int keyValueHeads, int headSize, Precision precision = Precision.F32)
    {
        var paired = precision.RoundsKeys();
        var columns = keyValueHeads * PageWordsOf(headSize, paired);
        return new KvPages(Tensor.Zeros(pages, columns), Tensor.Zeros(pages, columns), keyValueHeads, headSize, paired);
    }

    /// <summary>Bytes of keys and values of one page, all heads of a layer.</summary>
    public static long PageBytes(int keyValueHeads, int headSize, Precision precision) =>
        2L * keyValueHeads * PageWordsOf(headSize, precision.RoundsKeys()) * sizeof(float);

    /// <summary>
    /// A larger store in place of this one, which is given back at once: its first <paramref name="used"/> pages go along.
    /// </summary>
    public KvPages Grow(int pages, int used)
    {
        var grown = new KvPages(Tensor.Zeros(pages, Keys.Columns), Tensor.Zeros(pages, Keys.Columns), KeyValueHeads, HeadSize, _paired);
        var bytes = used * Keys.Columns * sizeof(float);
        Buffer.MemoryCopy(Keys.Data, grown.Keys.Data, bytes, bytes);
        Buffer.MemoryCopy(Values.Data, grown.Values.Data, bytes, bytes);
        Keys.Buffer.Owner!.Dispose();
        Values.Buffer.Owner!.Dispose();
        return grown;
    }

    /// <summary>Copies one page of all heads: what a forked sequence needs of a page that its prefix fills only in part.</summary>
    public void CopyPage(int from, int to)
    {
        var bytes = Keys.Columns * sizeof(float);
        Buffer.MemoryCopy(Keys.Row(from), Keys.Row(to), bytes, bytes);
        Buffer.MemoryCopy(Values.Row(from), Values.Row(to), bytes, bytes);
    }

    /// <summary>The same of one head.</summary>
    internal void CopyPage(int from, int to, int head)
    {
        var bytes = PageWords * sizeof(float);
        Buffer.MemoryCopy(KeyPage(from, head), KeyPage(to, head), bytes, bytes);
        Buffer.MemoryCopy(ValuePage(from, head), ValuePage(to, head), bytes, bytes);
    }

    /// <summary>
    /// Writes the key and the value of one position, <paramref name="slot"/> of a page. Paired pages take numbers that are rounded already
    /// and keep their upper halves.
    /// </summary>
    internal void Write(int page, int head, int slot, float* key, float* value)
    {
        const int width = AttentionLayout.PageSize;
        float* keys = KeyPage(page, head), values = ValuePage(page, head);
        if (!_paired)
        {
            for (var i = 0; i < HeadSize; i++) keys[(i * width) + slot] = key[i];
            Buffer.MemoryCopy(value, values + (slot * HeadSize), HeadSize * sizeof(float), HeadSize * sizeof(float));
            return;
        }

        var words = (uint*)keys + slot;
        var bits = (uint*)key;
        for (var i = 0; i + 1 < HeadSize; i += 2) words[i / 2 * width] = (bits[i] >> 16) | (bits[i + 1] & 0xFFFF0000u);
        if (HeadSize % 2 == 1) words[HeadSize / 2 * width] = bits[HeadSize - 1] >> 16;
        var halves = (ushort*)(values + (slot / 2 * HeadSize)) + (slot & 1);
        bits = (uint*)value;
        for (var i = 0; i < HeadSize; i++) halves[2 * i] = (ushort)(bits[i] >> 16);
    }

    /// <summary>Scores of <paramref name="rows"/> queries against a page's 32 keys: [rows, 32] at scores.</summary>
    internal void Scores(int rows, float* q, nint qRow, int page, int head, float* scores, nint scoresRow)
    {
        const int width = AttentionLayout.PageSize;
        var keys = KeyPage(page, head);
        if (_paired && rows <= FewRows)
        {
            Gemm.MultiplyPairs(rows, width, HeadSize, q, qRow, keys, width, scores, scoresRow, accumulate: false);
            return;
        }

        if (_paired) keys = Widen(keys, (HeadSize + 1) / 2, width);
        Gemm.Multiply(rows, width, HeadSize, q, qRow, 1, keys, width, scores, scoresRow, accumulate: false);
    }

    /// <summary>
    /// Adds a page's first <paramref name="count"/> values, weighted for each of so many rows, to o, or begins with them.
    /// </summary>
    internal void Weigh(int rows, int count, float* weights, nint weightsRow, int page, int head, float* o, nint oRow, bool accumulate)
    {
        var values = ValuePage(page, head);
        if (_paired && rows <= FewRows && HeadSize % 32 == 0)
        {
            Gemm.MultiplyPairs(rows, HeadSize, count, weights, weightsRow, values, HeadSize, o, oRow, accumulate);
            return;
        }

        if (_paired) values = Widen(values, (count + 1) / 2, HeadSize);
        Gemm.Multiply(rows, HeadSize, count, weights, weightsRow, 1, values, HeadSize, o, oRow, accumulate);
    }

    /// <summary>
    /// Asks the memory for a page's keys that are read soon: pages lie apart, so that the processor cannot foresee the next.
    /// <paramref name="near"/>: into the first cache.
    /// </summary>
    internal void AskKeys(int page, int head, bool near = false) => Ask(KeyPage(page, head), near);

    /// <summary>The same for its values.</summary>
    internal void AskValues(int page, int head) => Ask(ValuePage(page, head), near: false);

    private static nint PageWordsOf(int headSize, bool paired) =>
        AttentionLayout.PageSize * (nint)(paired ? (headSize + 1) / 2 : headSize);

    private static float* Widen(float* pairs, nint lines, nint columns)
    {
        var target = Scratch.Floats(ScratchUse.KeyValuePage, 2 * lines * columns);
        KernelSet.Best.WidenPairs(pairs, lines, columns, target);
        return target;
    }

    private float* KeyPage(int page, int head) => Keys.Data + ((nint)page * KeyValueHeads + head) * PageWords;

    private float* ValuePage(int page, int head) => Values.Data + ((nint)page * KeyValueHeads + head) * PageWords;

    private void Ask(float* page, bool near)
    {
        if (!Sse.IsSupported) return;
        if (near)
            for (nint i = 0; i < PageWords; i += 16) Sse.Prefetch0(page + i);
        else
            for (nint i = 0; i < PageWords; i += 16) Sse.Prefetch1(page + i);
    }
}
