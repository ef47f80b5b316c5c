using Tenon.Adapters.Methods;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tests.Tensors.Ops;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>DoRA's layer alone: magnitudes of zero and rows of zeros, where the scaled sum does not tell the unscaled one.</summary>
public class DoraTests
{
    private static readonly Parameter X = GradientCheck.Random("x", 5, 12);

    [Theory]
    [InlineData(0.7f)]
    [InlineData(0f)]
    public void Gradient_of_the_magnitudes_is_the_derivative(float third)
    {
        var layer = Layer(third);
        GradientCheck.Run(t => layer.Forward(t, X), [layer.Magnitude, X]);
    }

    [Fact]
    public void A_magnitude_of_zero_changes_nothing_for_the_others()
    {
        var (small, zero) = (Gradients(Layer(1e-25f)), Gradients(Layer(0)));
        for (var p = 0; p < small.Count; p++)
            for (var i = 0; i < small[p].Length; i++) zero[p][i].ShouldBe(small[p][i], 1e-5 * small[p].Max(Math.Abs));
    }

    [Fact]
    public void A_row_of_zeros_stays_one()
    {
        var layer = Layer(1, zeroRow: true);
        layer.ResetMagnitudes();
        var y = layer.Forward(new Tape(), X).ToArray();
        y.ShouldAllBe(v => float.IsFinite(v));
        Enumerable.Range(0, 5).ShouldAllBe(t => y[t * 7 + 2] == 0);
        layer.EffectiveWeight(layer.Layer.Weight.ToArray()).ShouldAllBe(v => float.IsFinite(v));
        Gradients(layer).ShouldAllBe(g => g.All(float.IsFinite));
    }

    private static DoraLayer Layer(float third, bool zeroRow = false)
    {
        var weight = GradientCheck.Random("weight", 7, 12).ToArray();
        if (zeroRow) Array.Clear(weight, 2 * 12, 12);
        var frozen =
            FrozenMatrix.Pack("w", 7, 12, WeightStorage.F32, (row, rows) => weight.AsSpan((int)row * 12, rows.Length).CopyTo(rows), null);
        var layer = new DoraLayer(new Linear("layer", frozen, null), 3, 0.5f);
        layer.A.Set(GradientCheck.Random("A", 3, 12).Value);
        layer.B.Set(GradientCheck.Random("B", 7, 3).Value);
        if (zeroRow) layer.B.Update(b => b.Slice(2 * 3, 3).Clear());
        layer.Magnitude.Update(m => m[2] = third);
        return layer;
    }

    private static List<float[]> Gradients(DoraLayer layer)
    {
        X.ZeroGrad();
        var tape = new Tape { Recording = true };
        var y = layer.Forward(tape, X);
        y.Grad = tape.Input(GradientCheck.Random("dy", 5, 7).Value, 5, 7);
        tape.Backward();
        return [.. new[] { layer.A, layer.B, X }.Select(p => p.GradientOrZero().ToArray())];
    }
}
