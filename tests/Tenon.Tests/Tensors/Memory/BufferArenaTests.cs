using Tenon.Tensors.Memory;

namespace Tenon.Tests.Tensors.Memory;

public sealed unsafe class BufferArenaTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Parts_in_use_never_share_a_byte_and_what_is_given_back_is_handed_out_again(int seed)
    {
        var random = new System.Random(seed);
        var arena = new BufferArena();
        var held = new List<(TensorMemory Memory, nint Bytes, byte Mark)>();
        for (var round = 0; round < 20_000; round++)
        {
            if (held.Count == 0 || random.Next(100) < (round / 2000 % 2 == 0 ? 55 : 45))
            {
                var bytes = (nint)Math.Exp(random.NextDouble() * 13);
                var memory = arena.Take(bytes);
                ((nint)memory.Pointer % 64).ShouldBe(0);
                memory.Bytes.ShouldBeGreaterThanOrEqualTo(bytes + 64);
                var mark = (byte)random.Next(1, 256);
                new Span<byte>(memory.Pointer, (int)bytes).Fill(mark);
                held.Add((memory, bytes, mark));
            }
            else
            {
                var at = random.Next(held.Count);
                var (memory, bytes, mark) = held[at];
                new Span<byte>(memory.Pointer, (int)bytes).IndexOfAnyExcept(mark).ShouldBe(-1, $"round {round}");
                arena.Give(memory);
                held[at] = held[^1];
                held.RemoveAt(held.Count - 1);
            }
        }

        foreach (var (memory, _, _) in held) arena.Give(memory);
        arena.Trim();
        arena.Bytes.ShouldBe(0, "all parts join again, so that every chunk can be given back");
    }

    [Fact]
    public void A_pass_that_comes_again_in_other_lengths_asks_the_system_for_nothing()
    {
        var arena = new BufferArena();
        Pass(arena, 1.0);
        var bytes = arena.Bytes;
        foreach (var length in new[] { 0.93, 0.5, 0.99, 0.2, 0.71, 1.0 }) Pass(arena, length);
        arena.Bytes.ShouldBe(bytes);
    }

    [Fact]
    public void What_no_pass_has_needed_since_the_last_look_is_given_back()
    {
        var arena = new BufferArena();
        var small = arena.Take(1000);
        var large = arena.Take(100 << 20);
        arena.Give(large);
        arena.DropUnused();
        arena.Bytes.ShouldBeGreaterThan(100 << 20, "it was in use since the look before");
        arena.DropUnused();
        arena.Bytes.ShouldBeLessThan(1 << 20);
        arena.Give(small);
    }

    [Fact]
    public void An_idle_chunk_that_is_too_small_makes_room_for_a_larger_one()
    {
        var arena = new BufferArena();
        for (var megabytes = 70; megabytes < 120; megabytes += 10) arena.Give(arena.Take((nint)megabytes << 20));
        arena.Bytes.ShouldBeLessThan(130 << 20);
    }

    // What a pass over a model does: tensors of a few widths for each layer, given back in reverse.
    private static void Pass(BufferArena arena, double length)
    {
        var rows = (nint)(512 * length);
        var held = new Stack<TensorMemory>();
        for (var layer = 0; layer < 8; layer++)
            foreach (var columns in new nint[] { 128, 128, 384, 128, 512, 512, 128 }) held.Push(arena.Take(rows * columns * sizeof(float)));
        while (held.TryPop(out var memory)) arena.Give(memory);
    }
}
