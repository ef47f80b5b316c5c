using Iced.Intel;
using Tenon.Tensors.Panels;
using static Iced.Intel.AssemblerRegisters;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// The machine code of <see cref="Int8Kernels"/>' tile with 512-bit <c>vpdpbusd</c>, which .NET has no name for: some rows by the 32
/// outputs of a panel, sums and outputs in
/// registers. The sums begin at the record's -128 sum q, so that the weights' bias costs nothing.
/// </summary>
internal static class Vnni512Assembly
{
    /// <summary>Rows of the tallest tile: two sums and two outputs of each, scales, offsets and operands fill the 32 registers.</summary>
    public const int MostRows = 6;

    // Registers 0 to 11 hold sums, 12 to 23 outputs.
    private static readonly AssemblerRegisterZMM[] S_zmm =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegisterZMM[] S_weights = [zmm24, zmm25];
    private static readonly AssemblerRegisterZMM[] S_factors = [zmm28, zmm29];

    /// <summary>See <see cref="AssembledKernels.Assemble"/>.</summary>
    public static byte[] Tile(int rows, int terms, bool offsets, int lines)
    {
        var c = new Assembler(64);
        var (accumulate, block) = (c.CreateLabel(), c.CreateLabel());
        c.mov(r10, __qword_ptr[rdi + TileArgs.BlocksAt]);
        c.mov(rsi, __qword_ptr[rdi + TileArgs.RowsAt]);
        c.mov(rdx, __qword_ptr[rdi + TileArgs.RowBytesAt]);
        c.mov(rcx, __qword_ptr[rdi + TileArgs.PanelAt]);
        c.lea(rax, __[rdx + (rdx * 2)]);
        c.lea(r11, __[rdx + (rdx * 4)]);
        c.cmp(__qword_ptr[rdi + TileArgs.AccumulateAt], 0);
        c.jne(accumulate);
        for (var i = 0; i < 2 * rows; i++) c.vpxord(Output(i), Output(i), Output(i));
        c.jmp(block);
        c.Label(ref accumulate);
        TileCode.Outputs(c, rdi, S_zmm.AsSpan(2 * MostRows), rows, load: true, r8);
        c.Label(ref block);
        if (lines > 0) c.mov(r8, __qword_ptr[rdi + TileArgs.AheadAt]);
        for (var i = 0; i < lines; i++) c.prefetcht1(__byte_ptr[rcx + r8 + (64 * i)]);
        for (var t = 0; t < terms; t++) Term(c, rows, t * Int8Rows.Record, offsets);
        c.add(rsi, terms * Int8Rows.Record);
        c.add(rcx, new Int8Panels(offsets).BlockBytes);
        c.dec(r10);
        c.jne(block);

        TileCode.Outputs(c, rdi, S_zmm.AsSpan(2 * MostRows), rows, load: false, r8);
        c.vzeroupper();
        c.ret();
        return TileCode.Bytes(c);
    }

    private static void Term(Assembler c, int rows, int record, bool offsets)
    {
        for (var i = 0; i < rows; i++)
        {
            c.vpbroadcastd(Sum(2 * i), __dword_ptr[Row(i, record + Int8Rows.Start)]);
            c.vmovdqa32(Sum((2 * i) + 1), Sum(2 * i));
        }

        for (var k = 0; k < Int8Panels.Block; k += 4)
        {
            for (var j = 0; j < 2; j++) c.vmovdqu32(S_weights[j], __zmmword_ptr[rcx + (k * PanelFormat.Width) + (64 * j)]);
            for (var i = 0; i < rows; i++)
            {
                c.vpbroadcastd(zmm26, __dword_ptr[Row(i, record + k)]);
                for (var j = 0; j < 2; j++) c.vpdpbusd(Sum((2 * i) + j), S_weights[j], zmm26);
            }
        }

        for (var j = 0; j < 2; j++) c.vmovups(S_factors[j], __zmmword_ptr[rcx + Int8Panels.Scales + (64 * j)]);
        for (var i = 0; i < rows; i++)
        {
            c.vbroadcastss(zmm26, __dword_ptr[Row(i, record + Int8Rows.Scale)]);
            for (var j = 0; j < 2; j++)
            {
                c.vcvtdq2ps(Sum((2 * i) + j), Sum((2 * i) + j));
                c.vmulps(zmm27, S_factors[j], zmm26);
                c.vfmadd231ps(Output((2 * i) + j), Sum((2 * i) + j), zmm27);
            }
        }

        if (!offsets) return;
        for (var j = 0; j < 2; j++) c.vmovups(S_factors[j], __zmmword_ptr[rcx + Int8Panels.OffsetsAt + (64 * j)]);
        for (var i = 0; i < rows; i++)
        {
            c.vbroadcastss(zmm26, __dword_ptr[Row(i, record + Int8Rows.ScaledSum)]);
            for (var j = 0; j < 2; j++) c.vfmadd231ps(Output((2 * i) + j), S_factors[j], zmm26);
        }
    }

    private static AssemblerRegisterZMM Sum(int i) => S_zmm[i];

    private static AssemblerRegisterZMM Output(int i) => S_zmm[(2 * MostRows) + i];

    // The places of the rows lie behind rsi.
    private static AssemblerMemoryOperand Row(int row, int at) => TileCode.Row(rsi, row, at);
}
