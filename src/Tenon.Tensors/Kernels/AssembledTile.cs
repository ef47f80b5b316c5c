using System.Runtime.InteropServices;
using Tenon.Tensors.Memory;
using Tenon.Tensors.Panels;

namespace Tenon.Tensors.Kernels;

/// <summary>Runs a tile, by the processor or in its place.</summary>
internal unsafe delegate void TileRun(TileArgs* args);

/// <summary>An int8 tile of machine code against the plain twin of its arithmetic.</summary>
internal static unsafe class TileCheck
{
    /// <summary>Random blocks, the extremes of integers among them, through the tile and through its plain twin: equal bits?</summary>
    public static bool IsRight(TileRun run, int rows, int terms, bool offsets, int blocks = 5)
    {
        var format = new Int8Panels(offsets);
        var rowBytes = blocks * terms * Int8Rows.Record;
        var (panel, records) = (new byte[blocks * format.BlockBytes], new byte[rows * rowBytes]);
        var state = 12345u;
        uint Next() => state = (state * 1664525) + 1013904223;
        float Number() => ((int)(Next() >> 8) - (1 << 23)) / 8388608f;
        for (var b = 0; b < blocks; b++)
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
                var call = Call(blocks, rowBytes, format, terms, accumulate == 1);
                var args = Args(&call, w, x, y, PanelFormat.Width, 0);
                run(&args);
                twin.Rows(&call, rows, w, x, e, PanelFormat.Width);
            }

            if (!MemoryMarshal.AsBytes(got.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(expected.AsSpan()))) return false;
        }

        return true;
    }

    /// <summary>A product of a single panel.</summary>
    public static Int8Call Call(nint blocks, nint rowBytes, Int8Panels format, int terms, bool accumulate) => new()
    {
        Blocks = blocks, RowBytes = rowBytes, BlockBytes = format.BlockBytes, Terms = terms, Offsets = format.Offsets,
        Accumulate = accumulate,
    };

    /// <summary>What the code of a tile is called with.</summary>
    public static TileArgs Args(Int8Call* call, byte* w, byte* x, float* y, nint yRow, nint ahead) => new()
    {
        Blocks = call->Blocks, Rows = x, RowBytes = call->RowBytes, Panel = w, Output = y, OutputRow = yRow * sizeof(float),
        Accumulate = call->Accumulate ? 1 : 0, Ahead = ahead,
    };
}

/// <summary>
/// Int8 tiles of machine code, assembled when they are first asked for. Each is held against the plain twin on random blocks before it is
/// used; where it differs, or the system allows no such code, the other kernels do its work, with the same bits.
/// </summary>
/// <param name="fallback">What works where a tile cannot be made.</param>
/// <param name="tallest">Rows of the tallest tile.</param>
internal abstract unsafe class AssembledKernels(Int8Kernels fallback, int tallest) : Int8Kernels
{
    /// <summary>Set to 0, this variable of the environment forbids code that is assembled at run time.</summary>
    public const string Switch = "TENON_ASSEMBLE";

    // Lines of the next panel that a tile asks for in each block.
    private static readonly int[] S_lines = [0, 4, 10];

    // By rows, terms, offsets and lines asked for ahead: 0 is not made yet, -1 cannot be made. Two threads may make the same one.
    private readonly nint[] _tiles = new nint[(tallest + 1) * 2 * 2 * S_lines.Length];

    public override int TileRows => tallest;

    /// <summary>True where the calling convention is the one that is assembled for, and nothing forbids it.</summary>
    protected static bool IsAllowed => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
        && Environment.GetEnvironmentVariable(Switch) != "0";

    /// <summary>What works where a tile cannot be made.</summary>
    protected Int8Kernels Fallback { get; } = fallback;

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
            Fallback.Rows(call, rows, w, x, y, yRow);
            return;
        }

        var args = TileCheck.Args(call, w, x, y, yRow, place.Ahead + ahead);
        Run(tile, rows, &args);
    }

    /// <summary>A tile that was found right and worth its while, or 0.</summary>
    internal nint Make(int rows, int terms, bool offsets, int lines)
    {
        var tile = (nint)ExecutableMemory.Create(Assemble(rows, terms, offsets, lines));
        return tile != 0 && TileCheck.IsRight(args => Run(tile, rows, args), rows, terms, offsets) && IsWorthIt(tile, rows, terms, offsets)
            ? tile
            : 0;
    }

    /// <summary>
    /// The code of a tile of <paramref name="rows"/> rows (System V calling convention, one pointer to <see cref="TileArgs"/>) that asks
    /// for a number of <paramref name="lines"/> of the cache in each block.
    /// </summary>
    protected abstract byte[] Assemble(int rows, int terms, bool offsets, int lines);

    /// <summary>Calls a tile.</summary>
    protected virtual void Run(nint tile, int rows, TileArgs* args) => ((delegate* unmanaged<TileArgs*, void>)tile)(args);

    /// <summary>False where a right tile is left to the fallback.</summary>
    protected virtual bool IsWorthIt(nint tile, int rows, int terms, bool offsets) => true;
}
