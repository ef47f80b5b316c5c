using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// What an assembled tile is called with; the code reads the fields by their places. What it does not need is not set.
/// </summary>
internal unsafe struct TileArgs
{
    /// <summary>Places of the fields.</summary>
    public const int BlocksAt = 0, RowsAt = 8, RowBytesAt = 16, PanelAt = 24, OutputAt = 32, OutputRowAt = 40, AccumulateAt = 48,
        AheadAt = 56, SumsAt = 64, ShapesAt = 72;

    /// <summary>Blocks of a panel, or pairs of terms.</summary>
    public nint Blocks;

    public byte* Rows;
    public nint RowBytes;
    public byte* Panel;
    public float* Output;

    /// <summary>Bytes from an output row to the next.</summary>
    public nint OutputRow;

    public nint Accumulate;

    /// <summary>Bytes from a block, or a line of weights, to what is asked for while it is multiplied.</summary>
    public nint Ahead;

    /// <summary>Room for a tile's integer sums, where they do not stay in vector registers.</summary>
    public byte* Sums;

    /// <summary>The 64 bytes that tell the processor its tiles' shapes, where it has tiles.</summary>
    public byte* Shapes;
}

/// <summary>Pieces that the assembled tiles share: two 512-bit vectors of outputs a row.</summary>
internal static class TileCode
{
    /// <summary>Rows that <see cref="Row"/> reaches from one register.</summary>
    public const int RowsOfBase = 6;

    /// <summary>The machine code.</summary>
    public static byte[] Bytes(Assembler c)
    {
        using var code = new MemoryStream();
        c.Assemble(new StreamCodeWriter(code), 0);
        return code.ToArray();
    }

    /// <summary>
    /// Loads the outputs of all rows into <paramref name="vectors"/>, or stores them; <paramref name="args"/> points to the
    /// <see cref="TileArgs"/>, <paramref name="at"/> and r9 are used up.
    /// </summary>
    public static void Outputs(Assembler c, AssemblerRegister64 args, ReadOnlySpan<AssemblerRegisterZMM> vectors, int rows, bool load,
        AssemblerRegister64 at)
    {
        c.mov(at, __qword_ptr[args + TileArgs.OutputAt]);
        c.mov(r9, __qword_ptr[args + TileArgs.OutputRowAt]);
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < 2; j++)
            {
                if (load) c.vmovups(vectors[(2 * i) + j], __zmmword_ptr[at + (64 * j)]);
                else c.vmovups(__zmmword_ptr[at + (64 * j)], vectors[(2 * i) + j]);
            }

            c.add(at, r9);
        }
    }

    /// <summary>
    /// A place in one of the six rows from <paramref name="first"/> on: rdx holds the length of a row, rax three of them, r11 five.
    /// </summary>
    public static AssemblerMemoryOperand Row(AssemblerRegister64 first, int row, int at) => row switch
    {
        0 => __[first + at],
        1 => __[first + rdx + at],
        2 => __[first + (rdx * 2) + at],
        3 => __[first + rax + at],
        4 => __[first + (rdx * 4) + at],
        _ => __[first + r11 + at],
    };
}
