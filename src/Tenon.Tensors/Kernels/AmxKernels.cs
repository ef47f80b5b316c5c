using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tenon.Tensors.Panels;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Tiles of up to 12 rows with the processor's own tiles of bytes (AMX). A tile that is right is timed once beside the fallback's on blocks
/// in the first cache and used where it is the faster one: bits are the same, and what few rows gain differs among processors.
/// </summary>
/// <param name="fallback">What works where a tile cannot be made or is slower.</param>
internal sealed unsafe class AmxKernels(Int8Kernels fallback) : AssembledKernels(fallback, AmxAssembly.MostRows)
{
    /// <summary>Set to 0, this variable of the environment leaves the processor's tiles alone, and only them.</summary>
    public const string TileSwitch = "TENON_AMX";

    private const int CallOfPermission = 158;
    private const int RequestPermission = 0x1023;
    private const int TileData = 18;
    private const int Line = 64;

    // The shapes of the tiles by the number of rows; they stay for the life of the process.
    private readonly byte* _shapes = AllShapes();

    public override string Name => "amx-int8";

    /// <summary>
    /// True where the processor has the instructions, the system lets this process use the tiles' registers (which are asked for here) and
    /// code may be assembled.
    /// </summary>
    public static bool IsSupported { get; } = Cpu.HasAmxInt8 && IsAllowed && Environment.GetEnvironmentVariable(TileSwitch) != "0"
        && MayUseTiles();

    protected override byte[] Assemble(int rows, int terms, bool offsets, int lines) => AmxAssembly.Tile(rows, terms, offsets, lines);

    [SkipLocalsInit]
    protected override void Run(nint tile, int rows, TileArgs* args)
    {
        var sums = stackalloc byte[AmxAssembly.SumsBytes + Line];
        args->Sums = (byte*)(((nint)sums + Line - 1) / Line * Line);
        args->Shapes = _shapes + (rows * AmxAssembly.ShapesBytes);
        base.Run(tile, rows, args);
    }

    protected override bool IsWorthIt(nint tile, int rows, int terms, bool offsets)
    {
        const int Blocks = 18;
        const int Tries = 40;
        var format = new Int8Panels(offsets);
        var rowBytes = Blocks * terms * Int8Rows.Record;
        var (panel, records) = (new byte[Blocks * format.BlockBytes], new byte[rows * rowBytes]);
        var outputs = new float[rows * PanelFormat.Width];
        var (own, other) = (long.MaxValue, long.MaxValue);
        fixed (byte* w = panel, x = records)
        fixed (float* y = outputs)
        {
            var call = TileCheck.Call(Blocks, rowBytes, format, terms, accumulate: false);
            for (var i = 0; i < Tries; i++)
            {
                var start = Stopwatch.GetTimestamp();
                var args = TileCheck.Args(&call, w, x, y, PanelFormat.Width, 0);
                Run(tile, rows, &args);
                var middle = Stopwatch.GetTimestamp();
                Fallback.Rows(&call, rows, w, x, y, PanelFormat.Width);
                other = Math.Min(other, Stopwatch.GetTimestamp() - middle);
                own = Math.Min(own, middle - start);
            }
        }

        return own <= other;
    }

    private static byte* AllShapes()
    {
        var all = (byte*)NativeMemory.Alloc((AmxAssembly.MostRows + 1) * AmxAssembly.ShapesBytes);
        for (var rows = 0; rows <= AmxAssembly.MostRows; rows++)
            AmxAssembly.Shapes(rows).CopyTo(new Span<byte>(all + (rows * AmxAssembly.ShapesBytes), AmxAssembly.ShapesBytes));
        return all;
    }

    /// <summary>
    /// Linux gives the tiles' 8 KB of registers to processes that ask (Documentation/arch/x86/xstate.rst), and refuses where a thread's
    /// stack for signals is too small for them.
    /// </summary>
    private static bool MayUseTiles() => Call(CallOfPermission, RequestPermission, TileData) == 0;

    [DllImport("libc", EntryPoint = "syscall")]
    private static extern nint Call(nint number, nint request, nint feature);
}
