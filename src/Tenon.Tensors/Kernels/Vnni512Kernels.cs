using System.Runtime.InteropServices;
using Tenon.Tensors.Memory;
using Tenon.Tensors.Panels;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Tiles of up to 6 rows with 512-bit <c>vpdpbusd</c>, assembled when they are first asked for. Each is held against the plain twin on
/// random blocks before it is used;
/// where it differs, or the system allows no such code, the other kernels do its work, with the same bits.
/// </summary>
/// <param name="fallback">What works where a tile cannot be made.</param>
internal sealed unsafe class Vnni512Kernels(Int8Kernels fallback) : Int8Kernels
{
    /// <summary>Set to 0, this variable of the environment forbids code that is assembled at run time.</summary>
    public const string Switch = "TENON_ASSEMBLE";

    // By rows, terms, offsets and lines asked for ahead: 0 is not made yet, -1 cannot be made. Two threads may make the same one.
    private readonly nint[] _tiles = new nint[(Vnni512Assembly.MostRows + 1) * 2 * 2 * S_lines.Length];

    // Lines of the next panel that a tile asks for in each block.
    private static readonly int[] S_lines = [0, 4, 10];

    public override string Name => "avx512-vnni";

    public override int TileRows => Vnni512Assembly.MostRows;

    /// <summary>
    /// True where the processor has the instruction, the calling convention is the one that is assembled for, and nothing forbids it.
    /// </summary>
    public static bool IsSupported { get; } =
        Cpu.HasAvx512Vnni && OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
        && Environment.GetEnvironmentVariable(Switch) != "0";

    internal override void Tile(Int8Call* call, int rows, byte* w, byte* x, float* y, nint yRow, TilePlace place = default)
    {
        // The tiles of this panel share out the lines of the next one; the last of many, and a single one, ask for none.
        var lines = place.Count switch { < 2 => 0, < 5 => 2, _ => 1 };
        var ahead = (nint)place.Number * S_lines[lines] * 64;
        if (ahead >= call->BlockBytes) lines = 0;
        ref var tile = ref _tiles[(((((rows * 2) + call->Terms - 1) * 2) + (call->Offsets ? 1 : 0)) * S_lines.Length) + lines];
        if (tile == 0) tile = Make(rows, call->Terms, call->Offsets, S_lines[lines]) is var made && made == 0 ? -1 : made;
        if (tile == -1)
        {
            for (var row = 0; row < rows; row += fallback.TileRows)
                fallback.Tile(call, Math.Min(fallback.TileRows, rows - row), w, x + (row * call->RowBytes), y + (row * yRow), yRow);
            return;
        }

        Run(tile, call, w, x, y, yRow, place.Ahead + ahead);
    }

    private static void Run(nint tile, Int8Call* call, byte* w, byte* x, float* y, nint yRow, nint ahead)
    {
        var args = new Vnni512Args
        {
            Blocks = call->Blocks, Rows = x, RowBytes = call->RowBytes, Panel = w, Output = y, OutputRow = yRow * sizeof(float),
            Accumulate = call->Accumulate ? 1 : 0, Ahead = ahead,
        };
        ((delegate* unmanaged<Vnni512Args*, void>)tile)(&args);
    }

    /// <summary>A tile that was found right, or 0.</summary>
    internal static nint Make(int rows, int terms, bool offsets, int lines)
    {
        var code = ExecutableMemory.Create(Vnni512Assembly.Tile(rows, terms, offsets, lines));
        return code != null && IsRight((nint)code, rows, terms, offsets) ? (nint)code : 0;
    }

    /// <summary>Random blocks, the extremes of integers among them, through the tile and through its plain twin.</summary>
    private static bool IsRight(nint tile, int rows, int terms, bool offsets)
    {
        const int Blocks = 5;
        var format = new Int8Panels(offsets);
        var rowBytes = Blocks * terms * Int8Rows.Record;
        var (panel, records) = (new byte[Blocks * format.BlockBytes], new byte[rows * rowBytes]);
        var state = 12345u;
        uint Next() => state = (state * 1664525) + 1013904223;
        float Number() => ((int)(Next() >> 8) - (1 << 23)) / 8388608f;
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel.AsSpan(b * format.BlockBytes, format.BlockBytes);
            for (var i = 0; i < Int8Panels.Scales; i++) block[i] = b == 0 ? (byte)(i % 2 * 255) : (byte)(Next() >> 24);
            foreach (ref var v in MemoryMarshal.Cast<byte, float>(block[Int8Panels.Scales..])) v = Number();
        }

        for (var r = 0; r < records.Length; r += Int8Rows.Record)
        {
            var sum = 0;
            for (var i = 0; i < Int8Panels.Block; i++)
            {
                var q = (int)(Next() >> 24) % 255 - 127;
                records[r + i] = (byte)(sbyte)q;
                sum += q;
            }

            var a = Number();
            MemoryMarshal.Write(records.AsSpan(r + Int8Rows.Scale), a);
            MemoryMarshal.Write(records.AsSpan(r + Int8Rows.Start), -Int8Panels.Bias * sum);
            MemoryMarshal.Write(records.AsSpan(r + Int8Rows.ScaledSum), a * sum);
        }

        var twin = new Int8Kernels<ScalarDot, int, int, float>("scalar");
        for (var accumulate = 0; accumulate < 2; accumulate++)
        {
            var (got, expected) = (new float[rows * PanelFormat.Width], new float[rows * PanelFormat.Width]);
            for (var i = 0; i < got.Length; i++) got[i] = expected[i] = Number();
            fixed (byte* w = panel, x = records)
            fixed (float* y = got, e = expected)
            {
                var call =
                    new Int8Call
                    {
                        Blocks = Blocks, RowBytes = rowBytes, BlockBytes = format.BlockBytes, Terms = terms, Offsets = offsets,
                        Accumulate = accumulate == 1
                    };
                Run(tile, &call, w, x, y, PanelFormat.Width, 0);
                for (var row = 0; row < rows; row += twin.TileRows)
                    twin.Tile(&call, Math.Min(twin.TileRows, rows - row), w, x + (row * rowBytes), e + (row * PanelFormat.Width),
                        PanelFormat.Width);
            }

            if (!MemoryMarshal.AsBytes(got.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(expected.AsSpan()))) return false;
        }

        return true;
    }
}
