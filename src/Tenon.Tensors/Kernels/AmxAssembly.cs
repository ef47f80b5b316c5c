using Iced.Intel;
using Tenon.Tensors.Panels;
using static Iced.Intel.AssemblerRegisters;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// The machine code of <see cref="Int8Kernels"/>' tile with AMX: the integer sums of some rows by the 32 outputs of a panel are two
/// <c>tdpbsud</c> of 32 inputs each (signed activations by weights + 128, as a panel keeps them), go through memory into vectors, get the
/// record's -128 sum q and are added to the outputs as with 512-bit vectors. The tiles of a block are multiplied while the sums of the one
/// before it are added. Instructions: Intel's Software Developer's Manual, volume 2.
/// </summary>
internal static class AmxAssembly
{
    /// <summary>Rows of the tallest tile: their outputs fill 24 of the 32 vector registers.</summary>
    public const int MostRows = 12;

    /// <summary>Bytes of a row of integer sums: 32 of them, and of four inputs of a panel's 32 outputs alike.</summary>
    public const int SumsRow = 4 * PanelFormat.Width;

    /// <summary>Bytes of the sums of two blocks.</summary>
    public const int SumsBytes = 2 * MostRows * SumsRow;

    /// <summary>Bytes of the description of the tiles' shapes.</summary>
    public const int ShapesBytes = 64;

    private static readonly AssemblerRegisterZMM[] S_outputs =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11,
        zmm12, zmm13, zmm14, zmm15, zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23,
    ];

    private static readonly AssemblerRegisterZMM[] S_factors = [zmm24, zmm25];
    private static readonly AssemblerRegisterZMM[] S_offsets = [zmm26, zmm27];
    private static readonly AssemblerRegisterZMM[] S_sums = [zmm28, zmm29];
    private static readonly AssemblerRegisterZMM[] S_products = [zmm30, zmm31];
    private static readonly AssemblerRegisterTMM[] S_weights = [tmm1, tmm2];
    private static readonly AssemblerRegisterTMM[] S_tiles = [tmm3, tmm4];

    /// <summary>
    /// The shapes of the tiles for a number of rows: tmm0 the rows' bytes, tmm1 and tmm2 weights, tmm3 and tmm4 sums.
    /// </summary>
    public static byte[] Shapes(int rows)
    {
        var shapes = new byte[ShapesBytes];
        shapes[0] = 1;
        for (var tile = 0; tile < 5; tile++)
        {
            shapes[16 + (2 * tile)] = tile == 0 ? (byte)Int8Panels.Block : (byte)64;
            shapes[48 + tile] = tile is 1 or 2 ? (byte)(Int8Panels.Block / 4) : (byte)rows;
        }

        return shapes;
    }

    /// <summary>See <see cref="AssembledKernels.Assemble"/>.</summary>
    public static byte[] Tile(int rows, int terms, bool offsets, int lines)
    {
        var c = new Assembler(64);
        var (accumulate, begin, block, last) = (c.CreateLabel(), c.CreateLabel(), c.CreateLabel(), c.CreateLabel());
        c.push(rbx);
        c.push(rbp);
        c.push(r12);
        c.mov(rbx, rdi);
        c.mov(r12, __qword_ptr[rbx + TileArgs.ShapesAt]);
        c.ldtilecfg(__[r12]);
        c.mov(r10, __qword_ptr[rbx + TileArgs.BlocksAt]);
        c.mov(rsi, __qword_ptr[rbx + TileArgs.RowsAt]);
        c.mov(rdx, __qword_ptr[rbx + TileArgs.RowBytesAt]);
        c.mov(rcx, __qword_ptr[rbx + TileArgs.PanelAt]);
        c.mov(rbp, __qword_ptr[rbx + TileArgs.SumsAt]);
        c.lea(r8, __[rbp + (rows * SumsRow)]);
        c.lea(rax, __[rdx + (rdx * 2)]);
        c.lea(r11, __[rdx + (rdx * 4)]);
        c.lea(rdi, __[rsi + (rax * 2)]);
        c.cmp(__qword_ptr[rbx + TileArgs.AccumulateAt], 0);
        c.jne(accumulate);
        for (var i = 0; i < 2 * rows; i++) c.vpxord(S_outputs[i], S_outputs[i], S_outputs[i]);
        c.jmp(begin);
        c.Label(ref accumulate);
        TileCode.Outputs(c, rbx, S_outputs, rows, load: true, r12);
        c.Label(ref begin);
        c.mov(r9d, SumsRow);
        Multiply(c, 0, 0);
        c.xchg(r8, rbp);

        var next = new Int8Panels(offsets).BlockBytes;
        c.Label(ref block);
        if (lines > 0) c.mov(r12, __qword_ptr[rbx + TileArgs.AheadAt]);
        for (var i = 0; i < lines; i++) c.prefetcht1(__byte_ptr[rcx + r12 + (64 * i)]);
        for (var t = 0; t < terms; t++)
        {
            // r8 holds this term's sums; those of the next go to rbp.
            if (t + 1 < terms) Multiply(c, (t + 1) * Int8Rows.Record, null);
            else
            {
                c.cmp(r10, 1);
                c.je(last);
                Multiply(c, terms * Int8Rows.Record, next);
                c.Label(ref last);
            }

            Add(c, rows, t * Int8Rows.Record, offsets);
            c.xchg(r8, rbp);
        }

        c.add(rsi, terms * Int8Rows.Record);
        c.add(rdi, terms * Int8Rows.Record);
        c.add(rcx, next);
        c.dec(r10);
        c.jne(block);

        TileCode.Outputs(c, rbx, S_outputs, rows, load: false, r12);
        c.tilerelease();
        c.vzeroupper();
        c.pop(r12);
        c.pop(rbp);
        c.pop(rbx);
        c.ret();
        return TileCode.Bytes(c);
    }

    /// <summary>The sums of a record into the memory at rbp; its weights are loaded unless the tiles hold them.</summary>
    private static void Multiply(Assembler c, int record, int? weights)
    {
        c.tileloadd(tmm0, __[rsi + rdx + record]);
        for (var j = 0; j < 2; j++)
        {
            if (weights is { } at) c.tileloadd(S_weights[j], __[rcx + r9 + (at + (64 * j))]);
            c.tilezero(S_tiles[j]);
            c.tdpbsud(S_tiles[j], tmm0, S_weights[j]);
            c.tilestored(__[rbp + r9 + (64 * j)], S_tiles[j]);
        }
    }

    /// <summary>Adds the sums at r8 to the outputs.</summary>
    private static void Add(Assembler c, int rows, int record, bool offsets)
    {
        for (var j = 0; j < 2; j++)
        {
            c.vmovups(S_factors[j], __zmmword_ptr[rcx + Int8Panels.Scales + (64 * j)]);
            if (offsets) c.vmovups(S_offsets[j], __zmmword_ptr[rcx + Int8Panels.OffsetsAt + (64 * j)]);
        }

        for (var i = 0; i < rows; i++)
            for (var j = 0; j < 2; j++)
            {
                var output = S_outputs[(2 * i) + j];
                c.vmovdqu32(S_sums[j], __zmmword_ptr[r8 + ((i * SumsRow) + (64 * j))]);
                c.vpaddd(S_sums[j], S_sums[j], __dword_bcst[Row(i, record + Int8Rows.Start)]);
                c.vcvtdq2ps(S_sums[j], S_sums[j]);
                c.vmulps(S_products[j], S_factors[j], __dword_bcst[Row(i, record + Int8Rows.Scale)]);
                c.vfmadd231ps(output, S_sums[j], S_products[j]);
                if (offsets) c.vfmadd231ps(output, S_offsets[j], __dword_bcst[Row(i, record + Int8Rows.ScaledSum)]);
            }
    }

    // The places of the first six rows lie behind rsi, those of the others behind rdi.
    private static AssemblerMemoryOperand Row(int row, int at) =>
        TileCode.Row(row < TileCode.RowsOfBase ? rsi : rdi, row % TileCode.RowsOfBase, at);
}
