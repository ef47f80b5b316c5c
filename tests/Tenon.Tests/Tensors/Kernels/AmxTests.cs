using Iced.Intel;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Panels;

namespace Tenon.Tests.Tensors.Kernels;

/// <summary>
/// The int8 tiles for processors with AMX, executed by <see cref="TileProcessor"/> anywhere and by the processor where it has them.
/// </summary>
public unsafe class AmxTests
{
    public static TheoryData<int, bool, int> Kinds =>
        new(from terms in (int[])[1, 2] from offsets in (bool[])[false, true] from lines in (int[])[0, 4] select (terms, offsets, lines));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Tiles_give_the_bits_of_the_plain_twin(int terms, bool offsets, int lines)
    {
        for (var rows = 1; rows <= AmxAssembly.MostRows; rows++)
        {
            var code = AmxAssembly.Tile(rows, terms, offsets, lines);
            foreach (var blocks in (int[])[1, 2, 5])
            {
                var processor = new TileProcessor();
                var tile = rows;
                TileCheck.IsRight(args => Run(processor, code, tile, args), rows, terms, offsets, blocks)
                    .ShouldBeTrue($"{rows} rows, {terms} terms, {blocks} blocks, offsets {offsets}");
                // Two calls of the check, two tiles of outputs for each record.
                processor.Executed[Mnemonic.Tdpbsud].ShouldBe(2 * 2 * blocks * terms);
                processor.Executed.GetValueOrDefault(Mnemonic.Prefetcht1).ShouldBe(2 * blocks * lines);
            }

            if (AmxKernels.IsSupported)
                TileCheck.IsRight(new AmxRun(code, rows).Call, rows, terms, offsets).ShouldBeTrue($"by the processor: {rows} rows");
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void The_check_finds_a_wrong_sum(int error)
    {
        var code = AmxAssembly.Tile(3, 1, false, 0);
        TileCheck.IsRight(
            args =>
            {
                Run(new TileProcessor(), code, 3, args);
                args->Output[70] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(args->Output[70]) + error);
            },
            3, 1, false).ShouldBeFalse();
    }

    [Fact]
    public void The_tiles_of_512_bit_vectors_give_the_same_in_the_same_processor()
    {
        for (var rows = 1; rows <= Vnni512Assembly.MostRows; rows++)
            foreach (var (terms, offsets) in ((int, bool)[])[(1, false), (2, true)])
            {
                var code = Vnni512Assembly.Tile(rows, terms, offsets, 4);
                TileCheck.IsRight(args => new TileProcessor().Run(code, args), rows, terms, offsets)
                    .ShouldBeTrue($"{rows} rows, {terms} terms");
            }
    }

    [Fact]
    public void Shapes_are_those_of_the_products()
    {
        var shapes = AmxAssembly.Shapes(7);
        shapes.Length.ShouldBe(64);
        shapes[16..26].ShouldBe(new byte[] { Int8Panels.Block, 0, 64, 0, 64, 0, 64, 0, 64, 0 });
        shapes[48..56].ShouldBe(new byte[] { 7, 8, 8, 7, 7, 0, 0, 0 });
    }

    [Fact]
    public void It_is_the_best_where_the_processor_and_the_system_have_it() =>
        (Int8Kernels.Best is AmxKernels).ShouldBe(AmxKernels.IsSupported);

    private static void Run(TileProcessor processor, byte[] code, int rows, TileArgs* args)
    {
        var sums = stackalloc byte[AmxAssembly.SumsBytes];
        new Span<byte>(sums, AmxAssembly.SumsBytes).Fill(0xA5);
        fixed (byte* shapes = AmxAssembly.Shapes(rows))
        {
            args->Sums = sums;
            args->Shapes = shapes;
            processor.Run(code, args);
        }
    }

    /// <summary>A tile in memory that may run.</summary>
    private sealed class AmxRun(byte[] code, int rows)
    {
        private readonly nint _code = (nint)Tenon.Tensors.Memory.ExecutableMemory.Create(code);

        public void Call(TileArgs* args)
        {
            var sums = stackalloc byte[AmxAssembly.SumsBytes];
            fixed (byte* shapes = AmxAssembly.Shapes(rows))
            {
                args->Sums = sums;
                args->Shapes = shapes;
                ((delegate* unmanaged<TileArgs*, void>)_code)(args);
            }
        }
    }
}
