using Iced.Intel;
using Tenon.Tensors.Panels;
using static Iced.Intel.AssemblerRegisters;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// The machine code of <see cref="Bf16Dot"/>'s tile with 512-bit <c>vdpbf16ps</c>, which .NET has no name for: some rows by the 32 outputs
/// of a panel, all sums in registers, a line of 32 pairs of weights at a time.
/// </summary>
internal static class Bf16Assembly
{
    /// <summary>Rows of the tallest tile: two sums of each, two vectors of weights and a pair of a row fill the registers.</summary>
    public const int MostRows = 12;

    // Lines of weights that one turn of the loop takes.
    private const int Unrolled = 4;
    private const int Line = PanelFormat.Width * sizeof(float);

    private static readonly AssemblerRegisterZMM[] S_sums =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23,
    ];

    /// <summary>
    /// The code of a tile of <paramref name="rows"/> rows (System V calling convention, one pointer to <see cref="TileArgs"/>), which
    /// <paramref name="asks"/> for a line of the cache with each line of weights or does not.
    /// </summary>
    public static byte[] Tile(int rows, bool asks)
    {
        var c = new Assembler(64);
        var (accumulate, begin, many, few, one, end) =
            (c.CreateLabel(), c.CreateLabel(), c.CreateLabel(), c.CreateLabel(), c.CreateLabel(), c.CreateLabel());
        c.mov(rsi, __qword_ptr[rdi + TileArgs.RowsAt]);
        c.mov(rdx, __qword_ptr[rdi + TileArgs.RowBytesAt]);
        c.mov(rcx, __qword_ptr[rdi + TileArgs.PanelAt]);
        c.lea(rax, __[rdx + (rdx * 2)]);
        c.lea(r8, __[rsi + (rdx * 4)]);
        c.lea(r11, __[r8 + (rdx * 4)]);
        c.cmp(__qword_ptr[rdi + TileArgs.AccumulateAt], 0);
        c.jne(accumulate);
        for (var i = 0; i < 2 * rows; i++) c.vpxord(S_sums[i], S_sums[i], S_sums[i]);
        c.jmp(begin);
        c.Label(ref accumulate);
        TileCode.Outputs(c, rdi, S_sums, rows, load: true, r10);
        c.Label(ref begin);
        c.mov(r10, __qword_ptr[rdi + TileArgs.BlocksAt]);
        if (asks) c.mov(r9, __qword_ptr[rdi + TileArgs.AheadAt]);
        c.sub(r10, Unrolled);
        c.jl(few);
        c.Label(ref many);
        for (var u = 0; u < Unrolled; u++) Lines(c, rows, u, asks);
        Next(c, rows, Unrolled);
        c.sub(r10, Unrolled);
        c.jge(many);
        c.Label(ref few);
        c.add(r10, Unrolled);
        c.je(end);
        c.Label(ref one);
        Lines(c, rows, 0, asks);
        Next(c, rows, 1);
        c.dec(r10);
        c.jne(one);
        c.Label(ref end);
        TileCode.Outputs(c, rdi, S_sums, rows, load: false, r10);
        c.vzeroupper();
        c.ret();
        return TileCode.Bytes(c);
    }

    private static void Lines(Assembler c, int rows, int line, bool asks)
    {
        if (asks) c.prefetcht1(__byte_ptr[rcx + r9 + (Line * line)]);
        c.vmovups(zmm24, __zmmword_ptr[rcx + (Line * line)]);
        c.vmovups(zmm25, __zmmword_ptr[rcx + (Line * line) + 64]);
        for (var i = 0; i < rows; i++)
        {
            c.vpbroadcastd(zmm26, __dword_ptr[Row(i, sizeof(float) * line)]);
            c.vdpbf16ps(S_sums[2 * i], zmm24, zmm26);
            c.vdpbf16ps(S_sums[(2 * i) + 1], zmm25, zmm26);
        }
    }

    private static void Next(Assembler c, int rows, int lines)
    {
        c.add(rcx, Line * lines);
        c.add(rsi, sizeof(float) * lines);
        if (rows > 4) c.add(r8, sizeof(float) * lines);
        if (rows > 8) c.add(r11, sizeof(float) * lines);
    }

    // A place in a row: rax holds three row lengths, r8 the fifth row, r11 the ninth.
    private static AssemblerMemoryOperand Row(int row, int at)
    {
        var four = (row / 4) switch { 0 => rsi, 1 => r8, _ => r11 };
        return (row % 4) switch
        {
            0 => __[four + at],
            1 => __[four + rdx + at],
            2 => __[four + (rdx * 2) + at],
            _ => __[four + rax + at],
        };
    }
}
