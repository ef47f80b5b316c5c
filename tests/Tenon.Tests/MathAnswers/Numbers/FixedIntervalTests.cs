using System.Numerics;
using Tenon.MathAnswers;
using Tenon.MathAnswers.Numbers;

namespace Tenon.Tests.MathAnswers.Numbers;

public sealed class FixedIntervalTests
{
    [Theory]
    [InlineData("pi", "3141592653589793238462643383279502884197169399375105")]
    [InlineData("e", "2718281828459045235360287471352662497757247093699959")]
    [InlineData("ln2", "693147180559945309417232121458176568075500134360255")]
    [InlineData("sqrt2", "1414213562373095048801688724209698078569671875376948")]
    [InlineData("sin1", "841470984807896506652502321630298999622563060798371")]
    [InlineData("cos1", "540302305868139717400936607442976603732310420617922")]
    [InlineData("exp10", "22026465794806716516957900645284244366353512618556781074")]
    [InlineData("atan2", "1107148717794090503017065460178537040070047645401432")]
    public void Every_function_holds_its_known_digits(string name, string digits)
    {
        var one = FixedInterval.Of(Rational.One);
        var two = one + one;
        var value = name switch
        {
            "pi" => FixedInterval.Pi,
            "e" => FixedInterval.E,
            "ln2" => FixedInterval.Log(two)!.Value,
            "sqrt2" => FixedInterval.Sqrt(two)!.Value,
            "sin1" => FixedInterval.Sine(one, false)!.Value,
            "cos1" => FixedInterval.Sine(one, true)!.Value,
            "exp10" => FixedInterval.Exp(FixedInterval.Of(10))!.Value,
            _ => FixedInterval.Atan(two),
        };
        const int decimals = 51;
        var scale = BigInteger.Pow(10, decimals);
        var (low, high) = ((value.Low * scale) >> FixedInterval.Bits, ((value.High * scale) >> FixedInterval.Bits) + 1);
        var known = BigInteger.Parse(digits);
        // The known digits are cut, not rounded, after 51 decimals; the interval is far narrower than the last digits shown.
        (known >= low - 2 && known <= high + 2).ShouldBeTrue($"{low} {known} {high}");
        (value.High - value.Low).GetBitLength().ShouldBeLessThan(80);
    }

    [Theory]
    [InlineData(@"640320^3+744", @"e^{\pi\sqrt{163}}")]
    [InlineData(@"\sqrt{2}+\sqrt{3}", @"\sqrt{2}+\sqrt{3}+10^{-30}")]
    [InlineData(@"x", @"x+10^{-30}")]
    public void Nearly_equal_is_not_equal(string gold, string answer) => new MathVerifier().Verify(gold, answer).Correct.ShouldBe(false);

    [Theory]
    [InlineData(@"\frac{\pi}{4}", @"4\arctan\frac15-\arctan\frac{1}{239}")]
    [InlineData(@"\sqrt{5+2\sqrt{6}}", @"\sqrt2+\sqrt3")]
    [InlineData(@"\ln 8", @"3\ln 2")]
    [InlineData(@"\cos\frac{\pi}{5}", @"\frac{1+\sqrt5}{4}")]
    [InlineData(@"2^{\log_2 7}", "7")]
    [InlineData(@"\sqrt[3]{2+\sqrt{5}}+\sqrt[3]{2-\sqrt{5}}", "1")]
    public void Equal_is_equal(string gold, string answer) => new MathVerifier().Verify(gold, answer).Correct.ShouldBe(true);
}
