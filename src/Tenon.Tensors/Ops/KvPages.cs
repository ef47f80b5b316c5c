using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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

    private KvPages(Tensor keys, Tensor values, int keyValueHeads, int headSize, bool paired)
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

    /// <summary>Pages of one batch, on its tape.</summary>
    internal static KvPages OfBatch(Tape tape, int pages, int keyValueHeads, int headSize)
    {
        var paired = tape.Precision.RoundsKeys();
        var columns = keyValueHeads * PageWordsOf(headSize, paired);
        return new KvPages(tape.New(pages, columns), tape.New(pages, columns), keyValueHeads, headSize, paired);
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
    /// Writes keys and values of <paramref name="count"/> positions, from <paramref name="slot"/> of a page on; a token's row lies
    /// <paramref name="row"/> numbers behind the one before it. Paired pages round them, once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Write(int page, int head, int slot, int count, float* key, float* value, nint row)
    {
        if (_paired)
        {
            var rounded = Scratch.Floats(ScratchUse.KeyValuePage, 3 * count * HeadSize);
            for (nint t = 0; t < count; t++)
            {
                RowKernels.RoundToBf16(key + (t * row), rounded + (t * HeadSize), HeadSize);
                RowKernels.RoundToBf16(value + (t * row), rounded + ((count + t) * HeadSize), HeadSize);
            }

            WritePairedKeys(KeyPage(page, head) + slot, count, rounded, rounded + (2 * count * HeadSize));
            WritePairedValues(ValuePage(page, head), slot, count, rounded + (count * HeadSize));
            return;
        }

        var keys = KeyPage(page, head) + slot;
        var values = ValuePage(page, head) + (slot * HeadSize);
        if (count > 1) Transpose.Blocked(key, count, HeadSize, row, keys, AttentionLayout.PageSize);
        else for (var i = 0; i < HeadSize; i++) keys[i * AttentionLayout.PageSize] = key[i];
        var bytes = HeadSize * sizeof(float);
        for (nint t = 0; t < count; t++) Buffer.MemoryCopy(value + (t * row), values + (t * HeadSize), bytes, bytes);
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

    /// <summary>The same for two pages, whose scores follow each other: [rows, 64] at scores.</summary>
    internal void Scores(int rows, float* q, nint qRow, (int First, int Second) pages, int head, float* scores, nint scoresRow)
    {
        const int width = AttentionLayout.PageSize;
        if (_paired && rows <= FewRows)
        {
            var keys = KeyPage(pages.First, head);
            Gemm.MultiplyPairsOfTwo(rows, width, HeadSize, q, qRow, keys, (nint)(KeyPage(pages.Second, head) - keys), width, scores, width,
                scoresRow);
            return;
        }

        Scores(rows, q, qRow, pages.First, head, scores, scoresRow);
        Scores(rows, q, qRow, pages.Second, head, scores + width, scoresRow);
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

    private void WritePairedKeys(float* words, int count, float* rounded, float* turned)
    {
        const int width = AttentionLayout.PageSize;
        if (count == 1)
        {
            JoinColumn(rounded, HeadSize, words);
            return;
        }

        Transpose.Blocked(rounded, count, HeadSize, HeadSize, turned, count);
        for (var i = 0; i + 1 < HeadSize; i += 2) Join(turned + (i * count), turned + ((i + 1) * count), count, words + (i / 2 * width));
        if (HeadSize % 2 == 1) Place(turned + ((HeadSize - 1) * count), count, 0, words + (HeadSize / 2 * width));
    }

    private void WritePairedValues(float* page, int slot, int count, float* rounded)
    {
        for (var t = 0; t < count; t++, rounded += HeadSize)
        {
            var line = page + ((slot + t) / 2 * HeadSize);
            if ((slot + t) % 2 == 1 || t + 1 == count)
            {
                Place(rounded, HeadSize, (slot + t) % 2, line);
                continue;
            }

            Join(rounded, rounded + HeadSize, HeadSize, line);
            t++;
            rounded += HeadSize;
        }
    }

    // Upper halves of rounded numbers, two rows to a line of words.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Join(float* low, float* high, int count, float* words)
    {
        var j = 0;
        for (; j + 8 <= count; j += 8)
            ((Vector256.Load((uint*)low + j) >> 16) | (Vector256.Load((uint*)high + j) & Vector256.Create(0xFFFF0000u)))
                .Store((uint*)words + j);
        for (; j < count; j++) ((uint*)words)[j] = (((uint*)low)[j] >> 16) | (((uint*)high)[j] & 0xFFFF0000u);
    }

    // One token's numbers, which lie side by side, two to a word down a column of a page.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void JoinColumn(float* row, int count, float* words)
    {
        var from = (uint*)row;
        var to = (uint*)words;
        for (; count > 1; count -= 2, from += 2, to += AttentionLayout.PageSize) *to = (from[0] >> 16) | (from[1] & 0xFFFF0000u);
        if (count == 1) Place((float*)from, 1, 0, (float*)to);
    }

    // The same of one row; what the other halves hold stays.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Place(float* row, int count, int half, float* words)
    {
        var kept = half == 0 ? 0xFFFF0000u : 0x0000FFFFu;
        var shift = half == 0 ? 16 : 0;
        var from = (uint*)row;
        var to = (uint*)words;
        var j = 0;
        for (; j + 8 <= count; j += 8)
        {
            var own = (Vector256.Load(from + j) >> shift) & Vector256.Create(~kept);
            ((Vector256.Load(to + j) & Vector256.Create(kept)) | own).Store(to + j);
        }

        for (; j < count; j++) to[j] = (to[j] & kept) | ((from[j] >> shift) & ~kept);
    }

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Ask(float* page, bool near)
    {
        if (!Sse.IsSupported) return;
        if (near)
            for (nint i = 0; i < PageWords; i += 16) Sse.Prefetch0(page + i);
        else
            for (nint i = 0; i < PageWords; i += 16) Sse.Prefetch1(page + i);
    }
}
