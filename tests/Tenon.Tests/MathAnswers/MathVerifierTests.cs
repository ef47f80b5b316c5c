using Tenon.MathAnswers;

namespace Tenon.Tests.MathAnswers;

public sealed class MathVerifierTests
{
    private static readonly MathVerifier Verifier = new();

    [Theory]
    [InlineData("1000", "1,000")]
    [InlineData("1000", @"1{,}000")]
    [InlineData("1000", @"1\,000")]
    [InlineData("11111111100", @"11,\! 111,\! 111,\! 100")]
    [InlineData("5e-3", @"5 \times 10^{-3}")]
    [InlineData("4.5e33", @"4.5 \cdot 10^{33}")]
    [InlineData("0.5", @"50\%")]
    [InlineData(@"\frac{4}{3}", "4/3")]
    [InlineData(@"\frac43", "1.333333")]
    [InlineData(@"1\frac{4}{5}", "1.8")]
    [InlineData(@"\frac13", @"0.\overline{3}")]
    [InlineData("9", "8+1")]
    [InlineData(@"2\sqrt{2}", @"\sqrt{8}")]
    [InlineData(@"\sqrt{3+2\sqrt{2}}", @"1+\sqrt{2}")]
    [InlineData(@"\frac{1}{2}", @"\sin 30^\circ")]
    [InlineData("-1", @"e^{i\pi}")]
    [InlineData("2^{1000}", @"4^{500}")]
    [InlineData(@"\binom{99}{49}", @"\frac{99!}{49!\,50!}")]
    [InlineData(@"\frac{x+2}{7}", @"\frac{x}{7}+\frac{2}{7}")]
    [InlineData(@"\tan^2(y)+1", @"\sec^2(y)")]
    [InlineData(@"n!", @"n\cdot(n-1)!")]
    [InlineData("1,2,3", "3,2,1")]
    [InlineData(@"1\pm\sqrt{2}", @"\{1-\sqrt2, 1+\sqrt2\}")]
    [InlineData("(1,2]", @"1 < x \le 2")]
    [InlineData("[0,1]\\cup[1,2]", "[0,2]")]
    [InlineData(@"x \ne 2", @"(-\infty,2)\cup(2,\infty)")]
    [InlineData(@"x^2/4+y^2/3=1", @"x^2/16+y^2/12=1/4")]
    [InlineData("x>1", "-2x<-2")]
    [InlineData(@"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)")]
    [InlineData("5", "x+y=5")]
    [InlineData("x=1,y=2", "(1,2)")]
    [InlineData("52_8", "52")]
    [InlineData("5", "101_2")]
    [InlineData(@"\text{(C)}", "C")]
    [InlineData(@"\text{even}", "Even")]
    [InlineData(@"90^\circ", @"\frac{\pi}{2}")]
    [InlineData(@"5\text{ m}", @"500\text{ cm}")]
    [InlineData("3:4:5", "6:8:10")]
    [InlineData(@"C\log x", @"C\ln x")]
    [InlineData(@"\log 100", "2")]
    [InlineData(@"\sum_{k=1}^{n} k", @"\frac{n(n+1)}{2}")]
    [InlineData("1200000", @"1.2 \text{ million}")]
    [InlineData(@"\frac{1}{1+\frac{1}{2}}", @"\frac{2}{3}")]
    [InlineData("((((((((((((((((((((5))))))))))))))))))))", "5")]
    public void A_right_answer_is_accepted_in_every_notation(string gold, string answer)
    {
        Verdict(gold, answer).ShouldBe(true);
        Verdict(gold, $"So the result is $\\boxed{{{answer}}}$.").ShouldBe(true);
    }

    [Theory]
    [InlineData("9", "8")]
    [InlineData("4.5e33", "33e4.5")]
    [InlineData(@"\frac{4}{9}", "0.444")]
    [InlineData("3.14", @"\pi")]
    [InlineData("0.0000001", "0.0000002")]
    [InlineData(@"\frac{1}{2^{99}}", @"\frac{1}{2^{98}}")]
    [InlineData(@"\frac{2^{2005}+1}{3 \cdot 2^{2006}}", @"\frac{1}{3 \cdot 2^{2006}}")]
    [InlineData("(1,2)", "(2,1)")]
    [InlineData("(1,2)", "[1,2]")]
    [InlineData("1,2,3", "1,2")]
    [InlineData("x", @"\sqrt{x^2}")]
    [InlineData(@"\ln(ab)", @"\ln a+\ln b")]
    [InlineData("101_2", "101_3")]
    [InlineData("5", "2a=5")]
    [InlineData("x^2+y^2=-1", "x^2+y^2=-2")]
    [InlineData("0=1", "0=2")]
    [InlineData(@"\text{even}", @"\text{odd}")]
    [InlineData(@"5\text{ m}", @"5\text{ cm}")]
    [InlineData("12:00", "1:00")]
    [InlineData("28", "0.28")]
    [InlineData(@"\frac{1}{23}", @"\frac{12}{3}")]
    [InlineData(@"\int_1^{23} x", @"\int_{12}^3 x")]
    [InlineData(@"\lim \frac{1}{23}", @"\lim \frac{12}{3}")]
    [InlineData("d^2=R^2-2Rr", "d^2=r^2-2rR")]
    [InlineData("1, 2", "12")]
    [InlineData("x^{12}", "x^1 2")]
    [InlineData("1 2 3", "123")]
    [InlineData("9999999999,999999999999", "9999999999")]
    [InlineData("I(0)", "0")]
    public void A_wrong_answer_is_rejected(string gold, string answer) => Verdict(gold, answer).ShouldBe(false);

    [Fact]
    public void An_empty_gold_is_skipped_and_nothing_else_is()
    {
        Verifier.Verify(" ", "5").Skipped.ShouldBe("empty-gold");
        Verifier.Verify("5", "").Correct.ShouldBe(false);
        Verifier.Verify(@"\weird{{{", @"\weird{{{").Correct.ShouldBe(true);
    }

    [Fact]
    public void The_verdict_says_what_was_found_and_how_it_was_read()
    {
        var verdict = Verifier.Verify(@"\frac12", @"Thus \boxed{0.5}.");
        verdict.ShouldSatisfyAllConditions(
            v => v.Extracted.ShouldBe("0.5"), v => v.ExtractionRule.ShouldBe("boxed"), v => v.GoldParsed.ShouldBe("1/2"),
            v => v.AnswerParsed.ShouldBe("1/2"), v => v.Reason.ShouldBe("numeric-equal"), v => v.Rules.ShouldBe(RuleProfile.Tenon.Id));
    }

    [Fact]
    public void Options_of_a_line_are_obeyed()
    {
        Verifier.Verify("3.14", @"\pi", new VerifyOptions { Tolerance = 0.01 }).Correct.ShouldBe(true);
        Verifier.Verify("1", "2", new VerifyOptions { OtherGolds = ["3", "2"] }).Correct.ShouldBe(true);
        Verifier.Verify("5", @"\boxed{500\text{ cm}}", new VerifyOptions { Unit = "m" }).Correct.ShouldBe(true);
        Verifier.Verify("5", @"\boxed{5\text{ kg}}", new VerifyOptions { Unit = "m" }).Correct.ShouldBe(false);
        Verifier.Verify("9", @"\boxed{8+1}", new VerifyOptions { RequireValue = true }).Reason.ShouldBe("not-a-value");
        Verifier.Verify("9", "5 + 4 = 9", new VerifyOptions { RequireValue = true }).Correct.ShouldBe(false);
        Verifier.Verify("9", @"\boxed{9}", new VerifyOptions { RequireValue = true }).Correct.ShouldBe(true);
    }

    private static bool? Verdict(string gold, string answer) => Verifier.Verify(gold, answer).Correct;
}
