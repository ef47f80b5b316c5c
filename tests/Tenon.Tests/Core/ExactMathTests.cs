using System.Globalization;
using Tenon.Tensors.Kernels;

namespace Tenon.Tests.Tensors;

public class ExactMathTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, Func<double, double, double>> Functions = new()
    {
        ["exp"] = (x, _) => ExactMath.Exp(x),
        ["expm1"] = (x, _) => ExactMath.Expm1(x),
        ["log"] = (x, _) => ExactMath.Log(x),
        ["log1p"] = (x, _) => ExactMath.Log1p(x),
        ["log2"] = (x, _) => ExactMath.Log2(x),
        ["sin"] = (x, _) => ExactMath.Sin(x),
        ["cos"] = (x, _) => ExactMath.Cos(x),
        ["tanh"] = (x, _) => ExactMath.Tanh(x),
        ["sigmoid"] = (x, _) => ExactMath.Sigmoid(x),
        ["pow"] = ExactMath.Pow,
    };

    [Fact]
    public void Results_are_within_the_stated_units_of_the_exact_value()
    {
        // Units in the last place of the result.
        Dictionary<string, double> bounds = new()
        {
            ["exp"] = 0.8, ["expm1"] = 0.8, ["log"] = 0.8, ["log1p"] = 0.8, ["log2"] = 0.8,
            ["sin"] = 0.8, ["cos"] = 0.8, ["tanh"] = 1.3, ["sigmoid"] = 1.4, ["pow"] = 1.1,
        };
        var worst = Functions.Keys.ToDictionary(k => k, _ => (Units: 0.0, X: 0.0, Y: 0.0));
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "exact-math", "values.csv")))
        {
            var cells = line.Split(',');
            double Cell(int i) => double.Parse(cells[i], CultureInfo.InvariantCulture);
            var (x, y, high, low) = (Cell(1), Cell(2), Cell(3), Cell(4));
            var got = Functions[cells[0]](x, y);
            var unit = Math.BitIncrement(Math.Abs(high)) - Math.Abs(high);
            var units = high == got ? Math.Abs(low) / unit : Math.Abs((got - high) - low) / unit;
            if (!(units <= worst[cells[0]].Units)) worst[cells[0]] = (units, x, y);
        }

        foreach (var (name, w) in worst) output.WriteLine($"{name}: {w.Units:F3} at {w.X:R} {w.Y:R}");
        foreach (var (name, w) in worst) w.Units.ShouldBeLessThan(bounds[name], $"{name} at {w.X:R} {w.Y:R}");
    }

    [Fact]
    public void The_ends_of_the_line_are_as_ieee_says()
    {
        const double Inf = double.PositiveInfinity;
        ExactMath.Exp(-Inf).ShouldBe(0);
        ExactMath.Exp(Inf).ShouldBe(Inf);
        ExactMath.Exp(710.0).ShouldBe(Inf);
        ExactMath.Exp(-745.0).ShouldBe(double.Epsilon);
        ExactMath.Exp(0.0).ShouldBe(1);
        ExactMath.Log(0.0).ShouldBe(-Inf);
        ExactMath.Log(-1.0).ShouldBe(double.NaN);
        ExactMath.Log(Inf).ShouldBe(Inf);
        ExactMath.Log(1.0).ShouldBe(0);
        ExactMath.Log2(1024).ShouldBe(10);
        ExactMath.Log1p(-1).ShouldBe(-Inf);
        ExactMath.Log1p(0).ShouldBe(0);
        ExactMath.Sin(0.0).ShouldBe(0);
        ExactMath.Cos(0.0).ShouldBe(1);
        ExactMath.Sin(Inf).ShouldBe(double.NaN);
        ExactMath.Tanh(400.0).ShouldBe(1);
        ExactMath.Tanh(-Inf).ShouldBe(-1);
        ExactMath.Sigmoid(-1000.0).ShouldBe(0);
        ExactMath.Sigmoid(1000.0).ShouldBe(1);
        ExactMath.Sigmoid(0.0).ShouldBe(0.5);
        foreach (var f in Functions.Values) f(double.NaN, 1).ShouldBe(double.NaN);
    }

    [Fact]
    public void Pow_has_the_special_cases_of_ieee()
    {
        double[] special =
            [0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1e300, -1e300, double.PositiveInfinity, double.NegativeInfinity, double.NaN,
            9007199254740993];
        foreach (var x in special)
        {
            foreach (var y in special)
            {
                var expected = Math.Pow(x, y);
                var got = ExactMath.Pow(x, y);
                var same = got.Equals(expected) || Math.Abs(got - expected) <= Math.Abs(expected) * 3e-16;
                (same && (double.IsNaN(got) || double.IsNegative(got) == double.IsNegative(expected))).ShouldBeTrue(
                    $"{x}^{y} is {got}, expected {expected}");
            }
        }
    }

    [Fact]
    public void The_scalar_exponential_is_a_lane_of_the_vector_one()
    {
        foreach (var x in Kernels.Samples.WithAwkward(600, 3, 90f))
        {
            var lanes = SimdScalar.Broadcast(x);
            var e = VectorMath<SimdScalar, Lanes16>.Exp(lanes)[5];
            (BitConverter.SingleToInt32Bits(ExactMath.Exp(x)) == BitConverter.SingleToInt32Bits(e)
                || float.IsNaN(x)).ShouldBeTrue($"{x:R}");
        }
    }
}
