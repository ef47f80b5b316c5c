namespace Tenon.Tests.Cli;

/// <summary>Every call that <c>--help</c> shows is run, on the embedded model and small files.</summary>
[Trait("Speed", "slow")]
public sealed class ExampleRunTests(ExampleStage stage) : IClassFixture<ExampleStage>
{
    [Theory, MemberData(nameof(VerbExampleTests.Examples), MemberType = typeof(VerbExampleTests))]
    public void An_example_of_a_verb_runs(string example)
    {
        if (stage.CallOf(example, VerbExampleTests.Words(example)) is not { } given) return;
        var call = Call.With(given.Input, given.Words);
        call.Exit.ShouldBe(0, $"{example}\n{string.Join(' ', given.Words)}\n{call.Error}");
    }

    [Fact]
    public void What_cannot_be_run_is_an_example_still() =>
        ExampleStage.NotRun.Keys.Except(VerbExampleTests.Examples().Select(row => row.Data)).ShouldBeEmpty();
}
