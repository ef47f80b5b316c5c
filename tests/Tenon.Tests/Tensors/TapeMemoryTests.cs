using Tenon.Tensors;

namespace Tenon.Tests.Tensors;

/// <summary>What a tape keeps for the next batch.</summary>
public class TapeMemoryTests
{
    [Fact]
    public void Batches_of_all_lengths_live_in_the_memory_of_the_longest()
    {
        var tape = new Tape();
        Batch(1000);
        var held = tape.HeldBytes;
        foreach (var rows in new[] { 900, 100, 990, 1, 512, 1000 }) Batch(rows);
        tape.HeldBytes.ShouldBe(held);

        void Batch(int rows)
        {
            tape.Reset();
            for (var layer = 0; layer < 6; layer++) _ = (tape.New(rows, 32), tape.New(rows, 96), tape.New(rows, 32));
        }
    }

    [Fact]
    public void What_no_batch_has_needed_for_a_while_is_given_back()
    {
        var tape = new Tape();
        tape.New(100_000, 32);
        for (var i = 0; i < 600; i++)
        {
            tape.Reset();
            tape.New(100, 32);
        }

        tape.HeldBytes.ShouldBeLessThan(1 << 20, "the large buffer was kept");
    }
}
