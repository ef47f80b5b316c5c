using Tenon.Rewards;
using Tenon.Rewards.Outcome;

namespace Tenon.Tests.Rewards.Outcome;

public class NumberRewardTests
{
    [Theory]
    [InlineData("9", "\\boxed{9}", "numeric-equal")]
    [InlineData("9", "\\boxed{9.0}", "numeric-equal")]
    [InlineData("9", "first \\boxed{8}, no: it is \\boxed{ $9$ }.", "numeric-equal")]
    [InlineData("9", "\\boxed{\\boxed{9}}", "numeric-equal")]
    [InlineData("9", "<think>\\boxed{8}</think>\\boxed{9}", "numeric-equal")]
    [InlineData("1234567", "\\boxed{1,234,567}", "numeric-equal")]
    [InlineData("-3/4", "\\boxed{-\\frac{3}{4}}", "numeric-equal")]
    [InlineData("3/4", "\\boxed{0.75}", "numeric-equal")]
    [InlineData("9", "\\boxed{8+1}", "no-plain-number")]
    [InlineData("9", "\\boxed{9/1}", "not-evaluated")]
    [InlineData("3/4", "\\boxed{6/8}", "no-plain-number")]
    [InlineData("9", "\\boxed{9}, \\boxed{10}", "several-answers")]
    [InlineData("9", "\\boxed{10} or $\\boxed{9}$", "several-answers")]
    [InlineData("9", "\\boxed{9}\\boxed{9}", "numeric-equal")]
    [InlineData("9", "9", "no-answer")]
    [InlineData("9", "\\boxed{9", "unclosed-box")]
    [InlineData("9", "</think><think>\\boxed{9}", "unclosed-think")]
    [InlineData("9", "\\boxed{9 apples}", "no-plain-number")]
    [InlineData("1234", "\\boxed{12,34}", "no-plain-number")]
    [InlineData("0", "\\boxed{}", "no-plain-number")]
    [InlineData("0", "\\boxed{.}", "no-plain-number")]
    [InlineData("0", "\\boxed{-}", "no-plain-number")]
    [InlineData("0", "\\boxed{0/0}", "no-plain-number")]
    [InlineData("9", "\\boxed{8}", "numeric-different")]
    public void Decides(string gold, string completion, string reason)
    {
        var verdict = new NumberReward().Judge(new Problem("1", "8+1=?", gold), new Completion(completion, 1, false, 64));
        verdict.Reason.ShouldBe(reason);
        verdict.Correct.ShouldBe(reason == "numeric-equal");
        verdict.Score.ShouldBe(verdict.Correct == true ? 1 : 0);
    }

    [Fact]
    public void A_gold_that_is_no_number_is_a_skip() =>
        new NumberReward().Judge(new Problem("1", "?", "x"), new Completion("\\boxed{x}", 1, false, 64)).Skipped.ShouldBe("gold-no-number");
}
