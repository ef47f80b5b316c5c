using Tenon.Cli;

namespace Tenon.Tests.Cli;

public class UnexpectedFaultTests
{
    [Fact]
    public void A_fault_without_words_names_version_and_call_and_shows_no_stack()
    {
        using var error = new StringWriter();
        UnexpectedFault.Report(Thrown(), ["train", "my recipe.yaml", "--set", "steps=1"], error).ShouldBe(1);
        var text = error.ToString();
        text.ShouldContain($"tenon {UnexpectedFault.Version}");
        text.ShouldContain("tenon train 'my recipe.yaml' --set steps=1");
        text.ShouldContain("InvalidOperationException: inner");
        text.ShouldContain("Hint:");
        text.ShouldNotContain("   at ");
    }

    [Fact]
    public void What_a_parallel_loop_wrapped_is_taken_out()
    {
        var own = new TenonException("own");
        UnexpectedFault.Cause(new AggregateException(new AggregateException(own))).ShouldBe(own);
        UnexpectedFault.Cause(new AggregateException(new IOException("a"), own)).ShouldBe(own);
        UnexpectedFault.Cause(new System.Reflection.TargetInvocationException(own)).ShouldBe(own);
    }

    [Fact]
    public void Help_tells_how_the_place_of_a_fault_is_shown() => Call.Tenon("--help").Out.ShouldContain("TENON_TRACE=1");

    private static Exception Thrown()
    {
        try
        {
            Parallel.For(0, 2, _ => throw new InvalidOperationException("inner"));
            return null!;
        }
        catch (AggregateException e)
        {
            return e;
        }
    }
}
