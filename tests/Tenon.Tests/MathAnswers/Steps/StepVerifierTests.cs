using Tenon.MathAnswers.Steps;

namespace Tenon.Tests.MathAnswers.Steps;

public sealed class StepVerifierTests
{
    private static readonly StepVerifier Verifier = new();

    [Theory]
    [InlineData("12 + 7 = 19")]
    [InlineData("Mary added 7 stickers/page * 6 pages= 42 stickers to the 6 other pages.")]
    [InlineData("He will earn 2*7 = $14, leaving $100-$94 = $6 more.")]
    [InlineData("5 x 4 = 20 and 3 × 4 = 12 and 20 ÷ 5 = 4 and 9 − 4 = 5")]
    [InlineData("The team has 287 x 4 = 1,148 points.")]
    [InlineData("48/2 = <<48/2=24>>24 clips")]
    [InlineData("20% of 50 = 10 and 1/2 of 30 = 15")]
    [InlineData("2 1/2 * 4 = 10")]
    [InlineData("√16 = 4, 5! = 120 and 3² = 9")]
    [InlineData("2(3 + 4) = 14")]
    [InlineData("31 / 3 = 10.33")]
    [InlineData("60/200 * 100 = 30%")]
    [InlineData(@"$\frac{1}{2} + \frac{1}{3} = \frac{5}{6}$")]
    [InlineData(@"\[ \sqrt{8} = 2\sqrt{2} \]")]
    [InlineData(@"\(2^{10} = 1024\)")]
    [InlineData(@"\begin{align*} 3 + 4 \cdot 2 &= 3 + 8 \\ &= 11 \end{align*}")]
    [InlineData(@"$(x+1)^2 = x^2 + 2x + 1$")]
    [InlineData(@"$\frac{x^2-1}{x-1} = x+1$")]
    [InlineData(@"$3^4 \equiv 81 \equiv 1 \pmod{10}$")]
    [InlineData(@"$\sum_{k=1}^{10} k = 55$")]
    [InlineData(@"$\binom{5}{2} = 10$")]
    [InlineData(@"$\sin 30^\circ = \frac12$")]
    [InlineData("2x + 3 = 7\n2x = 4\nx = 2")]
    [InlineData(@"$2x+3=7 \implies 2x=4 \implies x=2$")]
    [InlineData(@"$x^2 - 5x + 6 = 0 \Rightarrow (x-2)(x-3) = 0 \Rightarrow x = 3$")]
    [InlineData("Let x = 3. Then 2x + 1 = 2(3) + 1 = 7.")]
    [InlineData("3 + 4 * 2\n= 3 + 8\n= 11")]
    public void What_is_right_is_checked_and_right(string solution)
    {
        var report = Verifier.Check(solution);
        report.Wrong.ShouldBe(0, report.FirstWrong?.ToString());
        report.Right.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("12 + 7 = 18", "19", "18", "arithmetic")]
    [InlineData("Together they saw 30+20 = 40 alligators.", "50", "40", "arithmetic")]
    [InlineData("30 birds + 20 bugs = 51 items", "50", "51", "arithmetic")]
    [InlineData("She makes 9 * 2 = $17 every day.", "18", "17", "arithmetic")]
    [InlineData(@"$\frac{1}{2} + \frac{1}{3} = \frac{2}{5}$", "5/6", "2/5", "arithmetic")]
    [InlineData(@"\[ 12 \cdot 13 = 146 \]", "156", "146", "arithmetic")]
    [InlineData(@"$\sqrt{8} = 3\sqrt{2}$", "2.828427125", "4.242640687", "arithmetic")]
    [InlineData("2x + 3 = 7\n2x = 5", "2", "5/2", "solution")]
    [InlineData(@"$10b = 180$, so $b = 180$", "18", "180", "solution")]
    [InlineData(@"$3^4 \equiv 81 \equiv 2 \pmod{10}$", "81", "2", "congruence")]
    [InlineData(@"$7 \cdot 8 < 50$", "56", "50", "order")]
    public void A_wrong_step_is_named_with_both_values(string solution, string left, string right, string reason)
    {
        var wrong = Verifier.Check(solution).FirstWrong.ShouldNotBeNull();
        wrong.LeftValue.ShouldBe(left);
        wrong.RightValue.ShouldBe(right);
        wrong.Reason.ShouldBe(reason);
    }

    [Theory]
    [InlineData(@"$(x+1)^2 = (x+1)(x+1) = x^2 + x + 1$")]
    [InlineData(@"Expanding, $3(x+2) + 4 = 3x + 9$.")]
    public void A_rewriting_that_is_off_by_one_term_is_a_wrong_identity(string solution) =>
    Verifier.Check(solution).FirstWrong.ShouldNotBeNull().Reason.ShouldBe("identity");

    // Each of these was a false alarm of a first draft, or is a known trap.
    [Theory]
    [InlineData("x = 5")]
    [InlineData("Let x = 3. Later x = 7.")]
    [InlineData("x = 2 or x = 3, from x^2 - 5x + 6 = 0")]
    [InlineData("1 dozen = 12, 3 feet = 36 inches, $2.50 = 250 cents")]
    [InlineData("2 hours * 60 = 7200 seconds")]
    [InlineData("5 minutes x 60 seconds per minute = 300 + 58 seconds = 358 seconds")]
    [InlineData("twice 3 + 4 = 14")]
    [InlineData("3 boxes of 6 + 4 = 22")]
    [InlineData("28 / 1/5 = 140")]
    [InlineData("5 + 3 * 2 = 16")]
    [InlineData("17/3 = 5 full boxes")]
    [InlineData("0.33 * 300 = 100")]
    [InlineData("1/4 = 25 students, so the class has 100")]
    [InlineData("100 - 20% = 80")]
    [InlineData("12:30 + 1:15 = 1:45")]
    [InlineData("0900-0130 = 0730")]
    [InlineData("Weeks 3-4 from weeks 1-2 = 96 - 70")]
    [InlineData("2 days = 7+2 = 9 miles")]
    [InlineData("Suppose 2 + 2 = 5.")]
    [InlineData("Is 7 * 8 = 54? No.")]
    [InlineData("2 + 2 = 5 is wrong.")]
    [InlineData("17 = 5 * 3 (mod 2)")]
    [InlineData("11 - 4 = 7 = 3 mod 4")]
    [InlineData("= 5 feet 6 inches, 2 * 33 = 5 feet 6 inches")]
    [InlineData("15 j = 45j - 900\n-30j = -900")]
    [InlineData("Week 1 + Week 2 = 35 + 35 = 70")]
    [InlineData("3 + 5 = 8 - not 9, I think")]
    [InlineData("5 * 3 = $15,000")]
    [InlineData("600 miles / 50 miles per hour = 12 hours * 60 minutes per hour = 720 minutes")]
    [InlineData("```python\ntotal = 3 * 4 == 13\n2 + 2 = 5\n```")]
    [InlineData(@"$x^2 = 9 \implies x = \pm 3$")]
    [InlineData(@"$x^2 = 2x + 3$")]
    [InlineData(@"$y = 2x + 1 = 7$")]
    [InlineData(@"$1 + 2 + \dots + 10 = 54$")]
    [InlineData(@"$\cos 60 = 1/2$")]
    [InlineData(@"$e = 5 \cdot 3$ and $i = 2 + 1$")]
    [InlineData(@"$5 \text{ m} \cdot 3 = 1500 \text{ cm}$")]
    [InlineData(@"$10^{-12} \cdot 7.24 \cdot 10^{49} = 7 \cdot 10^{37}$")]
    [InlineData(@"$101_2 + 1 = 110$")]
    [InlineData(@"$\log 8 = 3 \log 2 + 0$")]
    [InlineData(@"There are $7 \times 8\times 8\times 8\times 8=28,\!672$ of them, $5(\$1,\!000) = \$5,\!000$.")]
    [InlineData("$$\\begin{aligned}\n100x &= 27.272727\\ldots \\\\\n- x &= 0.272727\\ldots\n\\end{aligned}$$")]
    [InlineData("\\begin{align*}\n&(3136-2005) \\\\\n+ &(2916-2005)\\\\\n= &\\boxed{2042}.\n\\end{align*}")]
    [InlineData(@"So either $2y - 5 = 3$ or $-y + 5 = 3$.")]
    [InlineData(@"Then $x+3 = 6$ or $x+3 = -6$, so $x = 3$ or $x = -9$.")]
    [InlineData(@"$3x = 1.5(10) = 15$ and $100 = a-1.25(20)$, so $a = 125$.")]
    [InlineData("$\\cfrac{5}{4}\\div\\cfrac{4}{5}=\\cfrac{5}{4}\\cdot\n\\cfrac{5}{4}=\\boxed{\\cfrac{25}{16}}$.")]
    [InlineData("Then $a^2 = -4,$ which has no real solutions.\n\nTherefore, $a = 2.$")]
    [InlineData(@"\[y^3 - y^2 + 24y - 144 = 0.\] To find the roots, note that for $y=0$ the left side is negative.")]
    [InlineData(@"$3 : 5 = 3\cdot 6 : 5\cdot 6 = 18 : 30$")]
    [InlineData(@"$\frac{x}{2} = 3$ so $x = 6$ or, for the other part, $x = 7$")]
    [InlineData(@"$2x + y = 7$, $x = 1$")]
    [InlineData(@"$\pi = 3.14$, $\frac{22}{7} \approx 3.14$")]
    [InlineData("price $5 and $6 total = $11, so 5+6 = $11")]
    public void What_is_no_fault_is_never_wrong(string solution)
    {
        var report = Verifier.Check(solution);
        report.Wrong.ShouldBe(0, report.FirstWrong?.ToString());
    }

    [Fact]
    public void The_first_wrong_step_has_its_line_and_text()
    {
        var report = Verifier.Check("First 2 + 3 = 5.\n\nThen\n\\[\n5 \\cdot 4 = 20\n\\]\nso 20 - 3 = 18 and 18 + 1 = 20.");
        var wrong = report.FirstWrong.ShouldNotBeNull();
        (wrong.Line, wrong.Text).ShouldBe((7, "20 - 3 = 18"));
        (report.Checked, report.Right, report.Wrong, report.RightBeforeError).ShouldBe((4, 2, 2, 2));
        report.Share.ShouldBe(0.5);
    }

    [Fact]
    public void Rows_of_a_display_have_their_own_lines()
    {
        var report = Verifier.Check("We solve\n\\begin{align*}\n2x + 3 &= 7 \\\\\n2x &= 4 \\\\\nx &= 3.\n\\end{align*}");
        report.FirstWrong.ShouldNotBeNull().Line.ShouldBe(5);
    }

    [Fact]
    public void Repeated_and_trivial_claims_count_once()
    {
        var report = Verifier.Check("1 + 1 = 2. 1 + 1 = 2. 1 + 1 = 2. 5 = 5. 7 = 7. x = x.");
        (report.Checked, report.Right).ShouldBe((1, 1));
    }
}
