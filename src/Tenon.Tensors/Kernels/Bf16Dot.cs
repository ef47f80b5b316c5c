using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tenon.Tensors.Memory;
using Tenon.Tensors.Panels;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Products in bfloat16, two terms an instruction: for each pair of terms (k, k + 1), ascending, y = fma(w[k + 1], x[k + 1], y), then
/// y = fma(w[k], x[k], y), with one accumulator an output that starts from 0 or from y. Subnormal numbers count as zeros where they are
/// read and where a sum rounds to one; roundings are to nearest, ties to even. That is what the processor's instruction computes
/// (AVX512_BF16, <c>vdpbf16ps</c>); each tile is held against <see cref="Twin"/> before it is used. Rows never meet, so no tile, part or
/// thread changes a bit.
/// </summary>
internal static unsafe class Bf16Dot
{
    /// <summary>Rows of the tallest tile.</summary>
    public const int MostRows = Bf16Assembly.MostRows;

    // By rows; then the same that ask for memory ahead.
    private static readonly nint[] S_tiles = MakeAll();

    /// <summary>
    /// True where every tile could be made and was found right; else bfloat16 weights are widened and multiplied in float32.
    /// </summary>
    public static bool IsSupported { get; } = S_tiles.Length > 0;

    /// <summary>Bytes of a rounded row: two each, pairs whole, and a line of the cache more, so that rows lie in different sets.</summary>
    public static nint RowBytes(nint terms) => ((terms + 31) / 32 * 64) + 64;

    /// <summary>Rounds a row to nearest even; an odd last term gets a zero.</summary>
    public static void Round(float* x, nint n, byte* target)
    {
        var rounded = Scratch.Floats(ScratchUse.Panel, n);
        RowKernels.RoundToBf16(x, rounded, n);
        var bits = (uint*)rounded;
        var words = (ushort*)target;
        nint i = 0;
        for (; Avx512F.IsSupported && i + 16 <= n; i += 16)
            Avx512F.ConvertToVector256UInt16(Vector512.Load(bits + i) >>> 16).Store(words + i);
        for (; i < n; i++) words[i] = (ushort)(bits[i] >> 16);
        if (n % 2 == 1) words[n] = 0;
    }

    /// <summary>Any number of rows by the 32 outputs of a block of pairs.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="pairs">Pairs of terms.</param>
    /// <param name="x">Rounded rows.</param>
    /// <param name="rowBytes">Bytes from a row to the next.</param>
    /// <param name="w">[pairs][32][2] bfloat16.</param>
    /// <param name="y">Results, 32 of each row.</param>
    /// <param name="yRow">Floats from a row of results to the next.</param>
    /// <param name="accumulate">True where sums go on from y.</param>
    /// <param name="ahead">Bytes from the block to memory that the first tiles ask for, a line of the cache each; 0 for none.</param>
    public static void Multiply(
        nint rows, nint pairs, byte* x, nint rowBytes, byte* w, float* y, nint yRow, bool accumulate, nint ahead = 0)
    {
        // Tiles as even as can be: 13 rows are 7 and 6, where 12 and 1 would read the weights for a single row.
        var tiles = (rows + MostRows - 1) / MostRows;
        for (nint t = 0; t < tiles; t++)
        {
            var first = rows * t / tiles;
            var asks = ahead != 0 && t < PanelFormat.Width * sizeof(float) / 64;
            var tile = (rows * (t + 1) / tiles) - first + (asks ? MostRows : 0);
            Run(S_tiles[tile], pairs, x + (first * rowBytes), rowBytes, w, y + (first * yRow), yRow, accumulate, ahead + (64 * t));
        }
    }

    /// <summary>The same without the instruction: what it is to compute.</summary>
    public static void Twin(nint rows, nint pairs, byte* x, nint rowBytes, byte* w, float* y, nint yRow, bool accumulate)
    {
        for (nint r = 0; r < rows; r++)
            for (nint o = 0; o < PanelFormat.Width; o++)
            {
                var sum = accumulate ? y[(r * yRow) + o] : 0f;
                for (nint p = 0; p < pairs; p++)
                {
                    var weights = ((ushort*)w) + (2 * ((p * PanelFormat.Width) + o));
                    var terms = (ushort*)(x + (r * rowBytes)) + (2 * p);
                    sum = Step(weights[1], terms[1], sum);
                    sum = Step(weights[0], terms[0], sum);
                }

                y[(r * yRow) + o] = sum;
            }
    }

    /// <summary>A tile that was found right, or 0.</summary>
    internal static nint Make(int rows, bool asks)
    {
        var code = ExecutableMemory.Create(Bf16Assembly.Tile(rows, asks));
        return code != null && IsRight((nint)code, rows) ? (nint)code : 0;
    }

    private static nint[] MakeAll()
    {
        if (!Cpu.HasAvx512Bf16 || !OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64
            || Environment.GetEnvironmentVariable(Vnni512Kernels.Switch) == "0")
            return [];
        var tiles = new nint[1 + (2 * MostRows)];
        for (var i = 1; i < tiles.Length; i++)
            if ((tiles[i] = Make(((i - 1) % MostRows) + 1, asks: i > MostRows)) == 0) return [];
        return tiles;
    }

    private static void Run(nint tile, nint pairs, byte* x, nint rowBytes, byte* w, float* y, nint yRow, bool accumulate,
        nint ahead)
    {
        var args = new TileArgs
        {
            Blocks = pairs, Rows = x, RowBytes = rowBytes, Panel = w, Output = y, OutputRow = yRow * sizeof(float),
            Accumulate = accumulate ? 1 : 0, Ahead = ahead,
        };
        ((delegate* unmanaged<TileArgs*, void>)tile)(&args);
    }

    private static float Step(ushort w, ushort x, float sum) => Flushed(MathF.FusedMultiplyAdd(Wide(w), Wide(x), Flushed(sum)));

    private static float Wide(ushort value) => Flushed(BitConverter.Int32BitsToSingle(value << 16));

    private static float Flushed(float value) => float.IsSubnormal(value) ? MathF.CopySign(0f, value) : value;

    // Numbers of all sizes, subnormal ones and sums that cancel among them, through the tile and through its twin.
    private static bool IsRight(nint tile, int rows)
    {
        foreach (var (pairs, low, high) in ((int, int, int)[])[(1, 1, 254), (6, 120, 130), (9, 60, 68), (40, 123, 128)])
        {
            var state = (uint)(12345 + pairs);
            uint Next() => (state = (state * 1664525) + 1013904223) >> 8;
            ushort Number() => (ushort)(((Next() & 1) << 15) | ((uint)(low + (Next() % (high - low))) << 7) | (Next() & 127));
            var rowBytes = (int)RowBytes(2 * pairs);
            var (x, w) = (new byte[rows * rowBytes], new byte[pairs * PanelFormat.Width * sizeof(float)]);
            foreach (ref var v in MemoryMarshal.Cast<byte, ushort>(x.AsSpan())) v = Number();
            foreach (ref var v in MemoryMarshal.Cast<byte, ushort>(w.AsSpan())) v = Number();
            for (var accumulate = 0; accumulate < 2; accumulate++)
            {
                var (got, expected) = (new float[rows * PanelFormat.Width], new float[rows * PanelFormat.Width]);
                for (var i = 0; i < got.Length; i++) got[i] = expected[i] = BitConverter.Int32BitsToSingle(Number() << 16);
                fixed (byte* px = x, pw = w)
                fixed (float* y = got, e = expected)
                {
                    Run(tile, pairs, px, rowBytes, pw, y, PanelFormat.Width, accumulate == 1, ahead: 0);
                    Twin(rows, pairs, px, rowBytes, pw, e, PanelFormat.Width, accumulate == 1);
                }

                for (var i = 0; i < got.Length; i++)
                    if (!got[i].Equals(expected[i]) || float.IsNegative(got[i]) != float.IsNegative(expected[i])) return false;
            }
        }

        return true;
    }
}
