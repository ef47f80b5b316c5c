using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tenon.Tensors.Panels;

namespace Tenon.Tensors.Kernels;

/// <summary>One product of int8 panels with rounded rows, as its threads see it.</summary>
internal unsafe struct Int8Call
{
    /// <summary>The panels; see <see cref="Int8Panels"/>.</summary>
    public byte* Panels;

    /// <summary>The rows; see <see cref="Int8Rows"/>.</summary>
    public byte* Rows;

    public float* Output;
    public nint PanelBytes, BlockBytes, Blocks, RowCount, RowBytes, OutputRow, Outputs;
    public PartShare Share;

    /// <summary>1 or 2 records of a row for each block.</summary>
    public int Terms;

    public bool Offsets, Accumulate;

    /// <summary>A factor for each finished output, or null.</summary>
    public float* Scale;

    /// <summary>What is asked for ahead of its use.</summary>
    public PanelsAhead Ahead;
}

/// <summary>
/// y = x Wᵀ with integers: for each block s = sum q_w q_x (exact), y = fma(s, d a, y) with d a rounded first, blocks ascending, the terms
/// of a block in their order, one
/// accumulator an output; with offsets y = fma(m, a sum q_x, y) behind each term. So no width, tile or thread changes a bit.
/// </summary>
internal abstract unsafe class Int8Kernels
{
    /// <summary>The fastest that this processor has.</summary>
    public static readonly Int8Kernels Best = Choose();

    /// <summary>Bytes of rows that are worked on at a time, so that they stay in the second cache while all panels pass.</summary>
    private const nint Stretch = 400_000;

    /// <summary>The instructions it is made of.</summary>
    public abstract string Name { get; }

    /// <summary>Rows of the tallest tile.</summary>
    public abstract int TileRows { get; }

    /// <summary>Rows of this length that are worked on at a time: whole tiles.</summary>
    public nint RowsAtOnce(nint rowBytes) => Math.Max(TileRows, Stretch / rowBytes / TileRows * TileRows);

    /// <summary>The panels of one part of <see cref="Int8Call.Share"/>.</summary>
    public static void Multiply(Int8Call* call, int part) => Best.MultiplyPart(call, part);

    /// <summary>The same with this set's instructions.</summary>
    public void MultiplyPart(Int8Call* call, int part)
    {
        const nint Width = PanelFormat.Width;
        var tile = stackalloc float[TileRows * (int)Width];
        var (rows, panel, end) = call->Share.Of(part, call->RowCount, (call->Outputs + Width - 1) / Width);
        var (first, last) = (rows.First, rows.First + rows.Count);
        // Long rows: fewer at a time than the part has, so that they stay in the cache while its panels pass.
        var atOnce = RowsAtOnce(call->RowBytes);
        var behind = call->Ahead.Behind(call->Share, part, end);
        for (; first < last; first += atOnce) Panels(call, first, Math.Min(last, first + atOnce), panel, end, behind, tile);
    }

    private void Panels(Int8Call* call, nint first, nint last, nint panel, nint end, byte* behind, float* tile)
    {
        const nint Width = PanelFormat.Width;
        nint tallest = TileRows;
        // Tiles as even as can be: 8 rows are 4 and 4, where 6 and 2 would leave half of the second one's sums unused.
        var tiles = (last - first + tallest - 1) / tallest;
        for (; panel < end; panel++)
        {
            var count = (int)Math.Min(Width, call->Outputs - (panel * Width));
            var w = call->Panels + (panel * call->PanelBytes);
            var ahead = (nint)((panel + 1 < end ? w + call->PanelBytes : behind) - w);
            for (nint t = 0; t < tiles; t++)
            {
                var row = first + ((last - first) * t / tiles);
                var rows = (int)(first + ((last - first) * (t + 1) / tiles) - row);
                var x = call->Rows + (row * call->RowBytes);
                var y = call->Output + (row * call->OutputRow) + (panel * Width);
                var place = new TilePlace((int)t, (int)tiles, ahead);
                if (count == Width) Tile(call, rows, w, x, y, call->OutputRow, place);
                else
                {
                    Copy(y, call->OutputRow, tile, Width, rows, count);
                    Tile(call, rows, w, x, tile, Width, place);
                    Copy(tile, Width, y, call->OutputRow, rows, count);
                }

                for (nint r = 0; r < rows && call->Scale != null; r++)
                    RowKernels.Mul(y + (r * call->OutputRow), y + (r * call->OutputRow), call->Scale + (panel * Width), count);
            }
        }
    }

    /// <summary>1 to <see cref="TileRows"/> rows by the 32 outputs of a panel.</summary>
    internal abstract void Tile(Int8Call* call, int rows, byte* w, byte* x, float* y, nint yRow, TilePlace place = default);

    /// <summary>Any number of rows by the 32 outputs of a panel, in tiles as even as can be.</summary>
    internal void Rows(Int8Call* call, int rows, byte* w, byte* x, float* y, nint yRow)
    {
        var tiles = (rows + TileRows - 1) / TileRows;
        for (var t = 0; t < tiles; t++)
        {
            var row = rows * t / tiles;
            Tile(call, (rows * (t + 1) / tiles) - row, w, x + (row * call->RowBytes), y + (row * yRow), yRow);
        }
    }

    private static Int8Kernels Choose()
    {
        var intrinsics = Intrinsics();
        Int8Kernels vectors = Vnni512Kernels.IsSupported ? new Vnni512Kernels(intrinsics) : intrinsics;
        return AmxKernels.IsSupported ? new AmxKernels(vectors) : vectors;
    }

    private static Int8Kernels Intrinsics()
    {
        if (AvxVnni.IsSupported && Fma.IsSupported)
            return new Int8Kernels<VnniDot, Vector256<byte>, Vector256<int>, Vector256<float>>("avx-vnni");
        return Cpu.Level switch
        {
            >= SimdLevel.Avx2 => new Int8Kernels<Avx2Dot, SignedWeights, Vector256<int>, Vector256<float>>("avx2"),
            SimdLevel.Neon => new Int8Kernels<NeonDot, Vector128<sbyte>, Vector128<int>, Vector128<float>>("neon"),
            _ => new Int8Kernels<ScalarDot, int, int, float>("scalar"),
        };
    }

    private static void Copy(float* source, nint sourceRow, float* target, nint targetRow, int rows, int count)
    {
        for (nint r = 0; r < rows; r++)
            new Span<float>(source + (r * sourceRow), count).CopyTo(new Span<float>(target + (r * targetRow), count));
    }
}

/// <summary>Where a tile stands in its panel: the tiles of a panel share out what they ask for of the next one.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Count">Tiles of the panel; 0 where it is not known.</param>
/// <param name="Ahead">Bytes from the panel to the one that is needed next.</param>
internal readonly record struct TilePlace(int Number, int Count, nint Ahead);

/// <summary>The tiles with one kind of products of bytes.</summary>
/// <typeparam name="TDot">The products.</typeparam>
/// <typeparam name="TW">Four weights of each output.</typeparam>
/// <typeparam name="TI">An int32 sum of each output.</typeparam>
/// <typeparam name="TF">A float32 number of each output.</typeparam>
/// <param name="name">The instructions.</param>
internal sealed unsafe class Int8Kernels<TDot, TW, TI, TF>(string name) : Int8Kernels
    where TDot : unmanaged, IByteDot<TW, TI, TF>
    where TW : unmanaged
    where TI : unmanaged
    where TF : unmanaged
{
    private const MethodImplOptions Optimize = MethodImplOptions.AggressiveOptimization;
    private const nint Width = PanelFormat.Width;
    private const nint Step = 4 * Width;

    public override string Name { get; } = name;

    public override int TileRows => 4;

    internal override void Tile(Int8Call* call, int rows, byte* w, byte* x, float* y, nint yRow, TilePlace place = default)
    {
        // Bytes of weights, scales and offsets of an output all lie four bytes behind its neighbour's.
        if (rows == 4)
        {
            for (nint j = 0; j < Width; j += TDot.Outputs) Rows4(call, w + (4 * j), x, y + j, yRow);
            return;
        }

        if (rows >= 2)
        {
            for (nint j = 0; j < Width; j += 2 * TDot.Outputs) Rows2(call, w + (4 * j), x, y + j, yRow);
            if (rows == 2) return;
            x += 2 * call->RowBytes;
            y += 2 * yRow;
        }

        for (nint j = 0; j < Width; j += 4 * TDot.Outputs) Rows1(call, w + (4 * j), x, y + j);
    }

    /// <summary>4 rows by one vector of outputs.</summary>
    [MethodImpl(Optimize)]
    private static void Rows4(Int8Call* call, byte* w, byte* x0, float* y, nint yRow)
    {
        byte* x1 = x0 + call->RowBytes, x2 = x1 + call->RowBytes, x3 = x2 + call->RowBytes;
        float* p1 = y + yRow, p2 = p1 + yRow, p3 = p2 + yRow;
        TF y0 = Begin(call, y), y1 = Begin(call, p1), y2 = Begin(call, p2), y3 = Begin(call, p3);
        for (var b = call->Blocks; b > 0; b--, w += call->BlockBytes)
            for (var t = call->Terms; t > 0; t--)
            {
                TI s0 = Start(x0), s1 = Start(x1), s2 = Start(x2), s3 = Start(x3);
                for (nint k = 0; k < Int8Panels.Block; k += 4)
                {
                    var q = TDot.Weights(w + (k / 4 * Step));
                    s0 = TDot.Dot(s0, q, *(int*)(x0 + k));
                    s1 = TDot.Dot(s1, q, *(int*)(x1 + k));
                    s2 = TDot.Dot(s2, q, *(int*)(x2 + k));
                    s3 = TDot.Dot(s3, q, *(int*)(x3 + k));
                }

                var d = TDot.Load((float*)(w + Int8Panels.Scales));
                (y0, y1) = (TDot.Add(s0, d, Scale(x0), y0), TDot.Add(s1, d, Scale(x1), y1));
                (y2, y3) = (TDot.Add(s2, d, Scale(x2), y2), TDot.Add(s3, d, Scale(x3), y3));
                if (call->Offsets)
                {
                    var m = TDot.Load((float*)(w + Int8Panels.OffsetsAt));
                    (y0, y1) = (TDot.Fma(m, ScaledSum(x0), y0), TDot.Fma(m, ScaledSum(x1), y1));
                    (y2, y3) = (TDot.Fma(m, ScaledSum(x2), y2), TDot.Fma(m, ScaledSum(x3), y3));
                }

                x0 += Int8Rows.Record;
                x1 += Int8Rows.Record;
                x2 += Int8Rows.Record;
                x3 += Int8Rows.Record;
            }

        TDot.Store(y0, y);
        TDot.Store(y1, p1);
        TDot.Store(y2, p2);
        TDot.Store(y3, p3);
    }

    /// <summary>2 rows by two vectors of outputs.</summary>
    [MethodImpl(Optimize)]
    private static void Rows2(Int8Call* call, byte* w, byte* x0, float* y, nint yRow)
    {
        nint next = TDot.Outputs;
        var x1 = x0 + call->RowBytes;
        var p = y + yRow;
        TF y0 = Begin(call, y), z0 = Begin(call, y + next), y1 = Begin(call, p), z1 = Begin(call, p + next);
        for (var b = call->Blocks; b > 0; b--, w += call->BlockBytes)
            for (var t = call->Terms; t > 0; t--)
            {
                TI s0 = Start(x0), t0 = s0, s1 = Start(x1), t1 = s1;
                for (nint k = 0; k < Int8Panels.Block; k += 4)
                {
                    var (q, r) = (TDot.Weights(w + (k / 4 * Step)), TDot.Weights(w + (k / 4 * Step) + (4 * next)));
                    s0 = TDot.Dot(s0, q, *(int*)(x0 + k));
                    t0 = TDot.Dot(t0, r, *(int*)(x0 + k));
                    s1 = TDot.Dot(s1, q, *(int*)(x1 + k));
                    t1 = TDot.Dot(t1, r, *(int*)(x1 + k));
                }

                var scales = (float*)(w + Int8Panels.Scales);
                var (d, e) = (TDot.Load(scales), TDot.Load(scales + next));
                (y0, z0) = (TDot.Add(s0, d, Scale(x0), y0), TDot.Add(t0, e, Scale(x0), z0));
                (y1, z1) = (TDot.Add(s1, d, Scale(x1), y1), TDot.Add(t1, e, Scale(x1), z1));
                if (call->Offsets)
                {
                    var offsets = (float*)(w + Int8Panels.OffsetsAt);
                    var (m, n) = (TDot.Load(offsets), TDot.Load(offsets + next));
                    (y0, z0) = (TDot.Fma(m, ScaledSum(x0), y0), TDot.Fma(n, ScaledSum(x0), z0));
                    (y1, z1) = (TDot.Fma(m, ScaledSum(x1), y1), TDot.Fma(n, ScaledSum(x1), z1));
                }

                x0 += Int8Rows.Record;
                x1 += Int8Rows.Record;
            }

        TDot.Store(y0, y);
        TDot.Store(z0, y + next);
        TDot.Store(y1, p);
        TDot.Store(z1, p + next);
    }

    /// <summary>1 row by four vectors of outputs: four sums that do not wait for each other.</summary>
    [MethodImpl(Optimize)]
    private static void Rows1(Int8Call* call, byte* w, byte* x, float* y)
    {
        nint next = TDot.Outputs;
        float* p1 = y + next, p2 = p1 + next, p3 = p2 + next;
        TF y0 = Begin(call, y), y1 = Begin(call, p1), y2 = Begin(call, p2), y3 = Begin(call, p3);
        for (var b = call->Blocks; b > 0; b--, w += call->BlockBytes)
            for (var t = call->Terms; t > 0; t--, x += Int8Rows.Record)
            {
                TI s0 = Start(x), s1 = s0, s2 = s0, s3 = s0;
                for (nint k = 0; k < Int8Panels.Block; k += 4)
                {
                    var four = *(int*)(x + k);
                    var q = w + (k / 4 * Step);
                    s0 = TDot.Dot(s0, TDot.Weights(q), four);
                    s1 = TDot.Dot(s1, TDot.Weights(q + (4 * next)), four);
                    s2 = TDot.Dot(s2, TDot.Weights(q + (8 * next)), four);
                    s3 = TDot.Dot(s3, TDot.Weights(q + (12 * next)), four);
                }

                var d = (float*)(w + Int8Panels.Scales);
                y0 = TDot.Add(s0, TDot.Load(d), Scale(x), y0);
                y1 = TDot.Add(s1, TDot.Load(d + next), Scale(x), y1);
                y2 = TDot.Add(s2, TDot.Load(d + (2 * next)), Scale(x), y2);
                y3 = TDot.Add(s3, TDot.Load(d + (3 * next)), Scale(x), y3);
                if (!call->Offsets) continue;
                var m = (float*)(w + Int8Panels.OffsetsAt);
                y0 = TDot.Fma(TDot.Load(m), ScaledSum(x), y0);
                y1 = TDot.Fma(TDot.Load(m + next), ScaledSum(x), y1);
                y2 = TDot.Fma(TDot.Load(m + (2 * next)), ScaledSum(x), y2);
                y3 = TDot.Fma(TDot.Load(m + (3 * next)), ScaledSum(x), y3);
            }

        TDot.Store(y0, y);
        TDot.Store(y1, p1);
        TDot.Store(y2, p2);
        TDot.Store(y3, p3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TF Begin(Int8Call* call, float* y) => call->Accumulate ? TDot.Load(y) : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TI Start(byte* x) => TDot.Begin(*(int*)(x + Int8Rows.Start));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale(byte* x) => *(float*)(x + Int8Rows.Scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ScaledSum(byte* x) => *(float*)(x + Int8Rows.ScaledSum);
}
