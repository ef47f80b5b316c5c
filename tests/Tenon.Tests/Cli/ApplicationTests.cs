using Tenon.Cli;

namespace Tenon.Tests.Cli;

public class ApplicationTests
{
    [Fact]
    public void Version_is_one_line_on_standard_output()
    {
        var call = Call.Tenon("--version");
        call.Exit.ShouldBe(0);
        call.Out.Trim().ShouldMatch(@"^\d+\.\d+\.\d+");
        call.Error.ShouldBeEmpty();
    }

    [Fact]
    public void Help_lists_every_verb()
    {
        var call = Call.Tenon("--help");
        call.Exit.ShouldBe(0);
        foreach (var verb in Application.Verbs()) call.Out.ShouldContain(verb.Name);
    }

    [Fact]
    public void Every_verb_explains_itself_with_an_example()
    {
        foreach (var verb in Application.Verbs())
        {
            var call = Call.Tenon(verb.Name, "--help");
            call.Exit.ShouldBe(0);
            verb.Examples.ShouldNotBeEmpty(verb.Name);
            call.Out.ShouldContain("tenon " + verb.Name);
        }
    }

    [Fact]
    public void Unknown_verb_and_no_verb_are_wrong_calls()
    {
        Call.Tenon().ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("no verb given"));
        Call.Tenon("wobble", "--help")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("unknown verb 'wobble'"));
    }

    [Theory]
    [InlineData("trian", "train")]
    [InlineData("tokenise", "tokenize")]
    [InlineData("bnech", "bench")]
    [InlineData("generat", "generate")]
    [InlineData("xyzzy", null)]
    public void Nearest_name_is_the_one_meant(string word, string? meant) =>
        Nearest.Of(word, ["train", "tokenize", "bench", "generate", "eval", "render"]).ShouldBe(meant);
}
