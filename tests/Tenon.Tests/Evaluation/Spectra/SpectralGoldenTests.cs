using System.Globalization;
using System.Text.Json;
using Tenon.Evaluation.Spectra;
using Tenon.Tests.Tensors.Linalg;

namespace Tenon.Tests.Evaluation.Spectra;

/// <summary>Every measure of an update's spectrum against numpy's and scipy's, to 1e-9; counts exactly.</summary>
public class SpectralGoldenTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_measure_equals_the_reference(bool all)
    {
        using var golden = new GoldenMatrices(LinalgGoldenTests.Folder(all));
        var worst = new Worst();
        foreach (var line in golden.Lines("spectral.jsonl"))
        {
            var id = line.GetProperty("id").GetString()!;
            var spectrum = UpdateSpectrum.Of(golden[line, "w"], golden[line, "dw"]);
            Many("singular_values_w", spectrum.Before);
            Many("singular_values_w2", spectrum.After);
            Many("singular_values_dw", spectrum.Update);
            Many("e_right", spectrum.RightEnergy);
            Many("f_left", spectrum.LeftEnergy);
            Many("ratio_right", spectrum.Ratio(spectrum.RightEnergy));
            Many("ratio_left", spectrum.Ratio(spectrum.LeftEnergy));
            Many("bins_right", SpectrumMeasures.Tenths(spectrum.RightEnergy));
            Many("bins_left", SpectrumMeasures.Tenths(spectrum.LeftEnergy));
            Many("bins_weight", SpectrumMeasures.Tenths(spectrum.Mass));
            One("nss", spectrum.NormalizedSpectralShift);
            One("e_total_share", spectrum.RightTotalShare);
            One("f_total_share", spectrum.LeftTotalShare);
            One("principal_half_right", SpectrumMeasures.PrincipalHalf(spectrum.RightEnergy));
            One("principal_half_left", SpectrumMeasures.PrincipalHalf(spectrum.LeftEnergy));
            One("principal_half_weight", SpectrumMeasures.PrincipalHalf(spectrum.Mass));
            One("effective_rank_dw", SpectrumMeasures.EffectiveRank(spectrum.Update));
            One("effective_rank_w", SpectrumMeasures.EffectiveRank(spectrum.Before));
            One("stable_rank_dw", SpectrumMeasures.StableRank(spectrum.Update));
            One("stable_rank_w", SpectrumMeasures.StableRank(spectrum.Before));
            One("relative_frobenius", spectrum.RelativeFrobenius);
            One("cosine", spectrum.Cosine);
            Capture("capture_right", spectrum.RightEnergy);
            Capture("capture_left", spectrum.LeftEnergy);
            foreach (var k in line.GetProperty("explained_dw").EnumerateObject())
                worst.See("explained_dw", id, Math.Abs(SpectrumMeasures.Explained(spectrum.Update, Number(k.Name)) - k.Value.GetDouble()),
                    1e-9);
            foreach (var k in line.GetProperty("principal_angles").EnumerateObject())
            {
                worst.See("principal angles, left", $"{id} {k.Name}", spectrum.LeftAngles(Number(k.Name)),
                    Doubles(k.Value.GetProperty("left")), 1e-9);
                worst.See("principal angles, right", $"{id} {k.Name}", spectrum.RightAngles(Number(k.Name)),
                    Doubles(k.Value.GetProperty("right")), 1e-9);
            }

            foreach (var k in line.GetProperty("top_subspace_share").EnumerateObject())
            {
                var (both, left, right) = spectrum.TopShare(Number(k.Name));
                worst.See("top_subspace_share", $"{id} {k.Name}", both, k.Value.GetProperty("two_sided"));
                worst.See("top_subspace_share", $"{id} {k.Name}", left, k.Value.GetProperty("left"));
                worst.See("top_subspace_share", $"{id} {k.Name}", right, k.Value.GetProperty("right"));
            }

            var sparsity = line.GetProperty("sparsity");
            foreach (var (key, got) in
                new[] { ("zero", spectrum.Sparsity.Zero), ("abs_1e5", spectrum.Sparsity.Below1e5),
                ("rel_1e5", spectrum.Sparsity.Below1e5OfWeight), ("rel_1e3_of_larger", spectrum.Sparsity.Below1e3OfLarger),
                ("bf16_unchanged", spectrum.Sparsity.SameInBf16) })
                worst.See("sparsity", $"{id} {key}", got == sparsity.GetProperty(key).GetDouble() ? 0 : 1, 1e-300);

            void One(string key, double got) => worst.See(key, id, got, line.GetProperty(key));

            void Many(string key, double[] got)
            {
                var expected = Doubles(line.GetProperty(key));
                worst.See(key, id, got, expected, 1e-9 * expected.Max());
            }

            void Capture(string key, double[] shares)
            {
                foreach (var q in line.GetProperty(key).EnumerateObject())
                {
                    var (k, share) = SpectrumMeasures.Capture(spectrum.Mass, shares, double.Parse(q.Name, CultureInfo.InvariantCulture));
                    worst.See($"{key}: k", $"{id} {q.Name}", Math.Abs(k - q.Value.GetProperty("k").GetInt32()), 0.5);
                    worst.See(key, $"{id} {q.Name}", share, q.Value.GetProperty("share"));
                }
            }
        }

        worst.Report("spectral.jsonl");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(x => x.GetDouble())];
}

file static class WorstExtensions
{
    public static void See(this Worst worst, string kind, string where, double got, JsonElement expected) =>
        worst.See(kind, where, Math.Abs(got - expected.GetDouble()), 1e-12 + 1e-9 * Math.Abs(expected.GetDouble()));
}
