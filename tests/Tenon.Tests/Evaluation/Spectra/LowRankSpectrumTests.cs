using Tenon.Evaluation.Spectra;
using Tenon.Tensors.Linalg;

namespace Tenon.Tests.Evaluation.Spectra;

/// <summary>The route through factors gives what the route through dW gives.</summary>
public class LowRankSpectrumTests
{
    [Theory]
    [InlineData(24, 40, 3)]
    [InlineData(40, 24, 3)]
    [InlineData(16, 16, 1)]
    public void Factors_give_what_the_whole_update_gives(int rows, int columns, int rank)
    {
        var (w, b, a) = (Random(rows, columns, 1), Random(rows, rank, 2), Random(rank, columns, 3));
        var whole = UpdateSpectrum.Of(w, b * a);
        var factors = UpdateSpectrum.OfFactors(w, b, a);
        Near(factors.Update, whole.Update);
        Near(factors.RightEnergy, whole.RightEnergy);
        Near(factors.LeftEnergy, whole.LeftEnergy);
        Near(factors.After, whole.After);
        factors.RightTotalShare.ShouldBe(whole.RightTotalShare, 1e-9);
        factors.NormalizedSpectralShift.ShouldBe(whole.NormalizedSpectralShift, 1e-9);
        factors.Update.Count(s => s > 1e-9).ShouldBe(rank);
    }

    [Fact]
    public void Angles_by_iteration_are_those_of_the_whole_decomposition()
    {
        var (w, b, a) = (Random(40, 30, 1), 0.1 * Random(40, 2, 2), Random(2, 30, 3));
        // A spectrum that falls, as weights have.
        var svd = Svd.Of(w);
        w = svd.U.ScaleColumns([.. Enumerable.Range(0, 30).Select(i => 30 * ExactMath.Exp(-0.3 * i))]) * svd.Vt;
        var spectrum = UpdateSpectrum.OfFactors(w, b, a);
        var (left, right, moved) = spectrum.TopAngles(4);
        Near(left, spectrum.LeftAngles(4), 1e-5);
        Near(right, spectrum.RightAngles(4), 1e-5);
        moved.ShouldBeLessThan(1e-5);
    }

    private static void Near(double[] got, double[] expected, double tolerance = 1e-9)
    {
        got.Length.ShouldBe(expected.Length);
        var scale = Math.Max(1, expected.Max());
        for (var i = 0; i < got.Length; i++) got[i].ShouldBe(expected[i], tolerance * scale, $"place {i}");
    }

    private static Matrix Random(int rows, int columns, ulong seed)
    {
        var result = new Matrix(rows, columns);
        var key = new RandomKey(seed);
        for (var i = 0; i < result.Values.Length; i++) result.Values[i] = key.Normal(RandomPurpose.Task, 0, 0, 0, (uint)i);
        return result;
    }
}
