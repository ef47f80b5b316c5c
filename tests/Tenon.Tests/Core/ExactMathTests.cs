using System.Globalization;
using System.Numerics;
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
        ["atan"] = (x, _) => ExactMath.Atan(x),
        ["atan2"] = ExactMath.Atan2,
        ["asin"] = (x, _) => ExactMath.Asin(x),
        ["acos"] = (x, _) => ExactMath.Acos(x),
        ["sinh"] = (x, _) => ExactMath.Sinh(x),
        ["cosh"] = (x, _) => ExactMath.Cosh(x),
        ["asinh"] = (x, _) => ExactMath.Asinh(x),
        ["acosh"] = (x, _) => ExactMath.Acosh(x),
        ["atanh"] = (x, _) => ExactMath.Atanh(x),
        ["log10"] = (x, _) => ExactMath.Log10(x),
    };

    [Fact]
    public void Results_are_within_the_stated_units_of_the_exact_value()
    {
        // Units in the last place of the result.
        Dictionary<string, double> bounds = new()
        {
            ["exp"] = 0.8, ["expm1"] = 0.8, ["log"] = 0.8, ["log1p"] = 0.8, ["log2"] = 0.8,
            ["sin"] = 0.8, ["cos"] = 0.8, ["tanh"] = 1.3, ["sigmoid"] = 1.4, ["pow"] = 1.1,
            ["atan"] = 0.9, ["atan2"] = 1.2, ["asin"] = 0.9, ["acos"] = 0.9, ["sinh"] = 1.2, ["cosh"] = 1.2, ["log10"] = 1.5,
            ["asinh"] = 1.2, ["acosh"] = 1.2, ["atanh"] = 1.2,
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
    public void Inverse_functions_have_the_ends_of_ieee()
    {
        const double Inf = double.PositiveInfinity;
        ExactMath.Atan(Inf).ShouldBe(Math.PI / 2);
        ExactMath.Asin(1.5).ShouldBe(double.NaN);
        ExactMath.Acos(-1.0).ShouldBe(Math.PI);
        ExactMath.Acos(1.0).ShouldBe(0);
        foreach (var y in (double[])[0.0, -0.0, 1, -1, Inf, -Inf])
            foreach (var x in (double[])[0.0, -0.0, 1, -1, Inf, -Inf])
                ExactMath.Atan2(y, x).ShouldBe(Math.Atan2(y, x), 1e-15, $"{y}, {x}");
        ExactMath.Cosh(-Inf).ShouldBe(Inf);
        ExactMath.Sinh(-Inf).ShouldBe(-Inf);
        ExactMath.PowerOfTen(-3).ShouldBe(0.001);
        ExactMath.PowerOfTen(400).ShouldBe(Inf);
        for (var n = -300; n <= 300; n++) ExactMath.Log10(ExactMath.PowerOfTen(n)).ShouldBe(n);
    }

    [Fact]
    public void Functions_of_complex_numbers_are_those_of_the_platform_but_for_rounding()
    {
        var functions = new (string Name, Func<Complex, Complex> Ours, Func<Complex, Complex> Theirs)[]
        {
            ("exp", ExactComplex.Exp, Complex.Exp), ("log", ExactComplex.Log, Complex.Log), ("sin", ExactComplex.Sin, Complex.Sin),
            ("cos", ExactComplex.Cos, Complex.Cos), ("sinh", ExactComplex.Sinh, Complex.Sinh), ("cosh", ExactComplex.Cosh, Complex.Cosh),
            ("asin", ExactComplex.Asin, Complex.Asin), ("acos", ExactComplex.Acos, Complex.Acos), ("atan", ExactComplex.Atan, Complex.Atan),
        };
        double[] parts = [-20, -3.5, -2, -1, -0.75, -0.1, 0, 1e-8, 0.3, 0.999, 1, 1.25, 2, 7, 20];
        foreach (var z in parts.SelectMany(x => parts.Select(y => new Complex(x, y))).Where(z => z != Complex.Zero))
            foreach (var (name, ours, theirs) in functions)
            {
                if (name == "atan" && z.Real == 0 && Math.Abs(z.Imaginary) == 1) continue;
                var (got, expected) = (ours(z), theirs(z));
                Complex.Abs(got - expected).ShouldBeLessThan(4e-15 * Math.Max(1, Complex.Abs(expected)), $"{name}({z}): {got}, {expected}");
            }
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
