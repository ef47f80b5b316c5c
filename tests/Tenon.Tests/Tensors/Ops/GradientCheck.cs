using Tenon.Tensors;

namespace Tenon.Tests.Tensors.Ops;

/// <summary>
/// The one finite-difference check that every op passes: the loss is a fixed random combination of the op's result, summed in float64; each
/// input's gradient is compared
/// with central differences of float32 forward passes. Tolerance: 2e-2 of the largest gradient entry at a step of 1e-2 on values of order
/// one, unless a case says otherwise.
/// </summary>
internal static class GradientCheck
{
    private static readonly RandomKey Key = new(99);

    public static Parameter Random(string name, int rows, int columns, double scale = 1, double shift = 0)
    {
        var p = Parameter.Create(name, rows, columns);
        uint seed = 0;
        foreach (var c in name) seed = seed * 31 + c;
        p.Update(values =>
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)(shift + scale * Key.Normal(RandomPurpose.ModelInit, 0, seed, 0, (uint)i));
        });
        return p;
    }

    public static void Run(Func<Tape, Tensor> op, Parameter[] inputs, double tolerance = 2e-2, float step = 1e-2f)
    {
        foreach (var p in inputs) p.ZeroGrad();
        var tape = new Tape { Recording = true };
        var y = op(tape);
        var weights = new float[y.Length];
        for (var i = 0; i < weights.Length; i++) weights[i] = (float)Key.Normal(RandomPurpose.ModelInit, 1, 0, 0, (uint)i);
        y.Grad = tape.Input(weights, y.Rows, y.Columns);
        tape.Backward();

        foreach (var p in inputs)
        {
            var analytic = p.GradientOrZero().ToArray();
            var numeric = new double[analytic.Length];
            for (var i = 0; i < numeric.Length; i++)
            {
                var at = i;
                var original = p.Value[at];
                p.Update(v => v[at] = original + step);
                var up = Loss(op, weights);
                p.Update(v => v[at] = original - step);
                var down = Loss(op, weights);
                p.Update(v => v[at] = original);
                numeric[i] = (up - down) / ((original + step) - (double)(original - step));
            }

            var scale = Math.Max(1e-3, numeric.Max(Math.Abs));
            for (var i = 0; i < numeric.Length; i++)
                (Math.Abs(numeric[i] - analytic[i]) / scale).ShouldBeLessThan(tolerance,
                    $"{p.Name}[{i}]: numeric {numeric[i]}, analytic {analytic[i]}");
        }
    }

    private static double Loss(Func<Tape, Tensor> op, float[] weights)
    {
        var values = op(new Tape()).ToArray();
        var sum = 0.0;
        for (var i = 0; i < values.Length; i++) sum += (double)values[i] * weights[i];
        return sum;
    }
}
