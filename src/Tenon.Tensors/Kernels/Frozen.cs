using System.Runtime.CompilerServices;
using Tenon.Tensors.Memory;
using Tenon.Tensors.Panels;

namespace Tenon.Tensors.Kernels;

/// <summary>Where the panels of a frozen matrix lie; see <see cref="FrozenMatrix"/> for the layout.</summary>
internal unsafe struct FrozenView
{
    public byte* Data;
    public nint PanelBytes;
    public nint Inputs;
    public nint Outputs;
    public WeightStorage Storage;
}

/// <summary>How a product is cut among threads: stretches of rows, each by stretches of panels.</summary>
internal struct PartShare
{
    /// <summary>Panels of a part.</summary>
    public nint PerPart;

    /// <summary>Rows of a part; parts of the same rows follow each other, <see cref="PartsOfRows"/> of them.</summary>
    public nint RowsPerPart;

    public int PartsOfRows;

    /// <summary>Parts of so many rows by so many of all panels.</summary>
    public static PartShare Of(nint rows, nint perPart, nint panels) =>
        new() { RowsPerPart = rows, PerPart = perPart, PartsOfRows = (int)((panels + perPart - 1) / perPart) };

    /// <summary>What a part has of so many rows and panels: its rows, its first panel and the one behind its last.</summary>
    public readonly ((nint First, nint Count) Rows, nint Panel, nint End) Of(int part, nint rows, nint panels)
    {
        var first = part / PartsOfRows * RowsPerPart;
        var panel = part % PartsOfRows * PerPart;
        return ((first, Math.Min(RowsPerPart, rows - first)), panel, Math.Min(panels, panel + PerPart));
    }
}

/// <summary>One product with a frozen matrix, as its threads see it.</summary>
internal unsafe struct FrozenCall
{
    public FrozenView Matrix;
    public float* Input;
    public float* Output;
    public nint Rows;
    public nint InputRow;
    public nint OutputRow;
    public PartShare Share;
    public bool Accumulate;

    /// <summary>A factor for each output of the matrix, or null.</summary>
    public float* Scale;

    /// <summary>What is asked for ahead of its use.</summary>
    public PanelsAhead Ahead;
}

/// <summary>The products of <see cref="FrozenMatrix"/> in one width of vector.</summary>
internal static unsafe class Frozen<TOps, TV>
    where TOps : unmanaged, IVector<TV>
    where TV : unmanaged
{
    private const nint Width = FrozenMatrix.PanelWidth;
    private const nint BlockK = 512;

    // A copied row and a line of the cache more, so that rows lie in different sets.
    private const nint CopyRow = BlockK + 16;

    // Blocks of a sum whose rows the caches hold anyway.
    private const nint FewBlocks = 8;

    // Columns that must read a block before its copy pays.
    private const nint WorthCopying = 3;

    // Below so many rows the sums wait for memory anyway, and a line asked for early only comes in the way of the next.
    private const nint FewRows = 8;

    // Rows up to which bfloat16 is widened in registers: more of them pay for a widened copy of the block.
    private const nint PairRows = 8;

    /// <summary>The panels of one part: for each, blocks of inputs ascending, unpacked where they are not float32.</summary>
    public static void Multiply(FrozenCall* call, int part)
    {
        var w = call->Matrix;
        var format = PanelFormat.Of(w.Storage);
        var (rows, panel, end) = call->Share.Of(part, call->Rows, (w.Outputs + Width - 1) / Width);
        var asks = w.Storage == WeightStorage.F32 && rows.Count >= FewRows;
        var behind = call->Ahead.Behind(call->Share, part, end);
        if (w.Storage == WeightStorage.BF16 && rows.Count <= PairRows) panel = MultiplyPairs(call, rows, panel, end);
        for (; panel < end; panel++)
        {
            var data = w.Data + (panel * w.PanelBytes);
            for (nint from = 0; from < w.Inputs; from += BlockK)
            {
                var terms = Math.Min(BlockK, w.Inputs - from);
                var block = format.Unpack(data, from, terms, Scratch.Floats(ScratchUse.Panel, BlockK * Width));
                var ahead = asks ? Ahead(data, from, w.Inputs, panel + 1 < end ? data + w.PanelBytes : behind) : 0;
                Block(call, rows, Math.Min(Width, w.Outputs - (panel * Width)), terms, from, block, panel * Width, from > 0, ahead);
            }

            if (call->Scale != null) ScalePanel(call, rows, panel * Width, Math.Min(Width, w.Outputs - (panel * Width)));
        }
    }

    // Floats from a block to what is asked for while it is multiplied: what is needed a block later, in this panel or in the next one.
    private static nint Ahead(byte* panel, nint from, nint inputs, byte* next)
    {
        var missing = inputs - from - BlockK;
        if (missing >= BlockK / 2) return BlockK * Width;
        return (nint)((float*)next - (float*)panel) - ((from + Math.Min(missing, 0)) * Width);
    }

    /// <summary>Whole panels of bfloat16 by few rows, as they lie in memory. Gives the first panel that is left.</summary>
    private static nint MultiplyPairs(FrozenCall* call, (nint First, nint Count) rows, nint panel, nint end)
    {
        var w = call->Matrix;
        for (end = Math.Min(end, w.Outputs / Width); panel < end; panel++)
        {
            Gemm<TOps, TV>.MultiplyPairs(rows.Count, Width, w.Inputs & ~1, call->Input + (rows.First * call->InputRow), call->InputRow,
                (float*)(w.Data + (panel * w.PanelBytes)), Width, call->Output + (rows.First * call->OutputRow) + (panel * Width),
                call->OutputRow, accumulate: false);
            if (w.Inputs % 2 == 1) LastInput(call, rows, panel);
            if (call->Scale != null) ScalePanel(call, rows, panel * Width, Width);
        }

        return panel;
    }

    // The input that has no pair.
    private static void LastInput(FrozenCall* call, (nint First, nint Count) rows, nint panel)
    {
        var w = call->Matrix;
        var block = PanelFormat.Of(w.Storage).Unpack(w.Data + (panel * w.PanelBytes), w.Inputs - 1, 1,
            Scratch.Floats(ScratchUse.Panel, BlockK * Width));
        Block(call, rows, Width, 1, w.Inputs - 1, block, panel * Width, true, 0);
    }

    /// <summary>
    /// The columns of one part, 32 inputs at a time: for each block of outputs, ascending, the weights are turned into scratch memory. The
    /// block of dy that all columns read is copied there first where there are enough of them: its rows lie far apart (a vocabulary, for
    /// the head), often in the same few sets of the cache.
    /// </summary>
    public static void MultiplyTransposed(FrozenCall* call, int part)
    {
        var w = call->Matrix;
        var format = PanelFormat.Of(w.Storage);
        var (rows, start, end) = call->Share.Of(part, call->Rows, (w.Inputs + Width - 1) / Width);
        var copies = w.Outputs > FewBlocks * BlockK && end - start >= WorthCopying;
        var block = Scratch.Floats(ScratchUse.Panel, BlockK * Width);
        var near = *call;
        if (copies)
        {
            near.Input = Scratch.Floats(ScratchUse.Input, rows.Count * CopyRow) - (rows.First * CopyRow);
            near.InputRow = CopyRow;
        }

        // Without a copy a column's results stay in the first cache over all blocks; with one the copied block stays over all columns.
        var together = copies ? end - start : 1;
        for (var group = start; group < end; group += together)
            for (nint from = 0; from < w.Outputs; from += BlockK)
            {
                var terms = Math.Min(BlockK, w.Outputs - from);
                if (copies) CopyRows(call, rows, from, terms, near.Input + (rows.First * CopyRow));
                for (var column = group; column < group + together; column++)
                {
                    var first = column * Width;
                    var count = Math.Min(Width, w.Inputs - first);
                    for (nint t = 0; t < terms; t += Width)
                        format.Turn(w.Data + ((from + t) / Width * w.PanelBytes), first, count, block + (t * Width));
                    if (call->Scale != null) ScaleLines(block, call->Scale + from, terms);
                    Block(&near, rows, count, terms, copies ? 0 : from, block, first, call->Accumulate || from > 0, 0);
                }
            }
    }

    private static void CopyRows(FrozenCall* call, (nint First, nint Count) rows, nint from, nint terms, float* target)
    {
        var bytes = terms * sizeof(float);
        for (nint r = 0; r < rows.Count; r++)
            Buffer.MemoryCopy(call->Input + ((rows.First + r) * call->InputRow) + from, target + (r * CopyRow), bytes, bytes);
    }

    // The outputs of one panel times their factors, while the cache still holds them.
    private static void ScalePanel(FrozenCall* call, (nint First, nint Count) rows, nint first, nint count)
    {
        for (nint r = 0; r < rows.Count; r++)
        {
            var line = call->Output + ((rows.First + r) * call->OutputRow) + first;
            RowKernels.Mul(line, line, call->Scale + first, count);
        }
    }

    // Lines of 32 inputs, each times its output's factor.
    private static void ScaleLines(float* block, float* scale, nint terms)
    {
        for (nint t = 0; t < terms; t++) RowKernels.Scale(block + (t * Width), scale[t], Width);
    }

    private static void Block(
        FrozenCall* call, (nint First, nint Count) rows, nint columns, nint terms, nint from, float* block, nint first, bool accumulate,
        nint ahead)
    {
        nint step = 2 * TOps.Lanes;
        var input = call->Input + (rows.First * call->InputRow) + from;
        var output = call->Output + (rows.First * call->OutputRow) + first;
        for (nint j = 0; j < columns; j += step)
        {
            if (columns - j >= step)
                Gemm<TOps, TV>.Columns(rows.Count, terms, input, call->InputRow, 1, block + j, Width, output + j, call->OutputRow,
                    accumulate, ahead);
            else
                Gemm<TOps, TV>.EdgePacked(rows.Count, columns - j, terms, input, call->InputRow, 1, block + j, Width, output + j,
                    call->OutputRow, accumulate);
        }
    }

    /// <summary>Lines of so many pairs of bfloat16 to two lines of float32 each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenPairs(float* pairs, nint lines, nint columns, float* target)
    {
        for (; lines > 0; lines--, pairs += columns, target += 2 * columns)
        {
            nint j = 0;
            for (; j + TOps.Lanes <= columns; j += TOps.Lanes)
            {
                TOps.Store(TOps.LoadPairLow(pairs + j), target + j);
                TOps.Store(TOps.LoadPairHigh(pairs + j), target + columns + j);
            }

            for (; j < columns; j++)
            {
                var pair = BitConverter.SingleToUInt32Bits(pairs[j]);
                target[j] = BitConverter.UInt32BitsToSingle(pair << 16);
                target[columns + j] = BitConverter.UInt32BitsToSingle(pair & 0xFFFF0000u);
            }
        }
    }
}
