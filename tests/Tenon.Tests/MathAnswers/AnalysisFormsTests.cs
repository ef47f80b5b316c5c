using Tenon.MathAnswers;

namespace Tenon.Tests.MathAnswers;

/// <summary>
/// Limits, integrals, derivatives, cases and sets by conditions: equal to themselves in other notation, to their value where they have one,
/// and to nothing else.
/// </summary>
public sealed class AnalysisFormsTests
{
    private static readonly MathVerifier Verifier = new();

    [Theory]
    [InlineData(@"\int_0^1 x\,dx", @"\frac{1}{2}")]
    [InlineData(@"\int_0^1 x dx", @"\int_0^1 t\,\mathrm{d}t")]
    [InlineData(@"\int_{0}^{1} x^2 \, dx", @"\int_0^1 x^2 dx")]
    [InlineData(@"\int_0^{\infty} e^{-x} dx", "1")]
    [InlineData(@"\int_{-\infty}^{\infty} e^{-x^2} dx", @"\sqrt{\pi}")]
    [InlineData(@"\int_0^1 \frac{1}{\sqrt{x}} dx", "2")]
    [InlineData(@"\frac{\pi}{4}", @"\int_0^1 \frac{1}{1+x^2}\,dx")]
    [InlineData(@"2\int_0^1 x\,dx + 1", "2")]
    [InlineData(@"\int_0^1\int_0^1 xy\,dx\,dy", @"\int_0^1\int_0^1 y x dx dy")]
    [InlineData(@"\int_0^x t\,dt", @"\frac{x^2}{2}")]
    [InlineData(@"\int x^2 dx", @"\int x^{2}\,dx")]
    [InlineData(@"\lim_{x\to 0} \frac{\sin x}{x}", "1")]
    [InlineData(@"\lim_{x \to \infty} \left(1+\frac{1}{x}\right)^x", "e")]
    [InlineData(@"\lim_{x \rightarrow 2} \frac{x^2-4}{x-2}", "4")]
    [InlineData(@"\lim_{h\to 0} \frac{(x+h)^2-x^2}{h}", "2x")]
    [InlineData(@"\lim_{x\to 0^+} \frac{|x|}{x}", "1")]
    [InlineData(@"\lim_{x\to 0^{-}} \frac{|x|}{x}", "-1")]
    [InlineData(@"\lim_{n\to\infty} a_n", @"\lim_{n \to \infty} a_{n}")]
    [InlineData(@"\frac{d}{dx}x^2", "2x")]
    [InlineData(@"\cos x", @"\frac{d}{dx} \sin x")]
    [InlineData(@"f(x) = \begin{cases} x^2 & \text{if } x \geq 0 \\ -x & \text{if } x < 0 \end{cases}",
    @"\begin{cases} -x, & x<0 \\ x \cdot x, & 0 \le x \end{cases}")]
    [InlineData(@"\begin{cases} 1 & x = 0 \\ 0 & \text{otherwise} \end{cases}", @"\begin{cases} 0 & \text{else} \\ 1 & x=0 \end{cases}")]
    [InlineData(@"\left\{ \begin{array}{cl} 1 & \text{if } x>3 \\ 0 & \text{if } x \le 3 \end{array} \right.",
    @"\begin{cases} 1, & x > 3 \\ 0, & x \leq 3 \end{cases}")]
    [InlineData(@"\{x \mid x > 2\}", @"(2,\infty)")]
    [InlineData(@"\{x \in \mathbb{R} : -1 < x \le 3\}", "(-1,3]")]
    [InlineData(@"\{ n \in \mathbb{Z} \mid n^2 < 10 \}", @"\{ m \in \mathbb{Z} : m^2 < 10 \}")]
    [InlineData(@"\{2k \mid k \in \mathbb{Z}\}", @"\{ 2k : k \in \mathbb{Z} \}")]
    [InlineData(@"\{(x,y) \mid x + y = 1\}", @"\{(x,y) : x+y=1\}")]
    public void What_is_the_same_is_accepted(string gold, string answer)
    {
        Verifier.Verify(gold, answer).Correct.ShouldBe(true);
        Verifier.Verify(gold, $"Hence $\\boxed{{{answer}}}$.").Correct.ShouldBe(true);
    }

    [Theory]
    [InlineData(@"\int_0^1 x\,dx", @"\frac{1}{3}")]
    [InlineData(@"\int_0^1 x\,dx", @"\int_0^2 x\,dx")]
    [InlineData(@"\int_{-1}^1 \frac{1}{x}\,dx", "0")]
    [InlineData(@"\int_0^1 \frac{1}{x}\,dx", "1000")]
    [InlineData(@"\int x^2 dx", @"\int x^3 dx")]
    [InlineData(@"\lim_{x\to 0} \frac{\sin x}{x}", "0")]
    [InlineData(@"\lim_{x\to 0} \frac{|x|}{x}", "1")]
    [InlineData(@"\lim_{x\to 0} \frac{1}{x}", "0")]
    [InlineData(@"\lim_{x\to 0} \sin\frac{1}{x}", "0")]
    [InlineData(@"\lim_{n\to\infty} a_n", @"\lim_{n\to\infty} b_n")]
    [InlineData(@"\frac{d}{dx}x^2", "x")]
    [InlineData(@"\begin{cases} 1 & x = 0 \\ 0 & \text{otherwise} \end{cases}",
    @"\begin{cases} 0 & x = 0 \\ 1 & \text{otherwise} \end{cases}")]
    [InlineData(@"\begin{cases} 1 & x \text{ is even} \\ 0 & x \text{ is odd} \end{cases}",
    @"\begin{cases} 1 & x \text{ is odd} \\ 0 & x \text{ is even} \end{cases}")]
    [InlineData(@"\begin{cases} 1 & x = 0 \\ 0 & x \ne 0 \end{cases}", "1")]
    [InlineData(@"\{x \mid x > 2\}", @"[2,\infty)")]
    [InlineData(@"\{ n \in \mathbb{Z} \mid n^2 < 10 \}", @"\{ n \in \mathbb{Z} \mid n^2 < 12 \}")]
    [InlineData(@"\{2k \mid k \in \mathbb{Z}\}", @"\{3k \mid k \in \mathbb{Z}\}")]
    public void What_differs_is_rejected(string gold, string answer) => Verifier.Verify(gold, answer).Correct.ShouldBe(false);

    [Theory]
    [InlineData(@"\{|x|, |y|\}", @"\{|y|, |x|\}")]
    [InlineData(@"\{1, 2, 3\}", @"\{3, 2, 1\}")]
    [InlineData("3:4", "6:8")]
    [InlineData(@"\frac{d x}{d t}=k x-a", @"\frac{dx}{dt}=kx-a")]
    [InlineData(@"\frac{d}{2}", "d/2")]
    public void What_was_read_before_is_read_as_before(string gold, string answer) => Verifier.Verify(gold, answer).Correct.ShouldBe(true);
}
