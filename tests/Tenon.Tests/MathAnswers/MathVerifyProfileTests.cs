using Tenon.MathAnswers;

namespace Tenon.Tests.MathAnswers;

/// <summary>The profile of comparison keeps Math-Verify's verdicts, odd ones too.</summary>
public sealed class MathVerifyProfileTests
{
    private static readonly MathVerifier Verifier = new(RuleProfile.MathVerify);

    [Theory]
    [InlineData("$5m$", "$5$")]
    [InlineData("$101_2$", "$101_3$")]
    [InlineData("$0.0000001$", "$0.0000002$")]
    [InlineData("$x$", "$X$")]
    [InlineData("42", "So we get 41, then 42")]
    [InlineData("$28\\%$", "$28$")]
    [InlineData("$\\sqrt{2}$", "$1.414214$")]
    [InlineData("$x>5$", "$(5,\\infty)$")]
    [InlineData("$1$, $2$ and $3$", "$\\{3,2,1\\}$")]
    public void What_it_accepts(string gold, string answer) => Verifier.Verify(gold, answer).Correct.ShouldBe(true);

    [Theory]
    [InlineData("$1200$", "$1.2e3$")]
    [InlineData("$10\\,000$", "$10000$")]
    [InlineData("$-1$", "$i^2$")]
    [InlineData("$\\frac12$", "$\\sin 30^\\circ$")]
    [InlineData("x+1", "x+1")]
    [InlineData("42", "\\boxed{7} ... \\boxed{42}")]
    [InlineData("$(5,\\infty)$", "$x>5$")]
    [InlineData("$2x>10$", "$x>5$")]
    public void What_it_rejects(string gold, string answer) => Verifier.Verify(gold, answer).Correct.ShouldBe(false);

    [Fact]
    public void The_verdict_carries_the_profile() => Verifier.Verify("5", "5").Rules.ShouldBe("math-verify-0.9-1");
}
