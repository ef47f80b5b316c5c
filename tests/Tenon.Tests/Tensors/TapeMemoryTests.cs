using Tenon.Tensors;

namespace Tenon.Tests.Tensors;

/// <summary>What a tape keeps for the next batch.</summary>
public unsafe class TapeMemoryTests
{
    [Fact]
    public void A_shorter_batch_lives_in_the_buffers_of_a_longer_one()
    {
        var tape = new Tape();
        var longer = (nint)tape.New(1000, 32).Data;
        tape.Reset();
        ((nint)tape.New(900, 32).Data).ShouldBe(longer);
        // Much less than the buffer holds is no reason to take it.
        tape.Reset();
        ((nint)tape.New(100, 32).Data).ShouldNotBe(longer);
        ((nint)tape.New(990, 32).Data).ShouldBe(longer);
    }

    [Fact]
    public void What_no_batch_has_needed_for_a_while_is_given_back()
    {
        var tape = new Tape();
        var once = tape.New(4000, 32).Buffer;
        for (var i = 0; i < 600; i++)
        {
            tape.Reset();
            tape.New(100, 32);
        }

        (once.Pointer == null).ShouldBeTrue("the large buffer was kept");
    }
}
