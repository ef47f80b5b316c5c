using Tenon.Evaluation.Spectra;
using Tenon.Runs.Doctor;

namespace Tenon.Tests.Evaluation.Spectra;

/// <summary>Collapse is named by its rules; the figures are those of the runs of docs/studies/collapse.md.</summary>
public class SpectrumCollapseTests
{
    /// <summary>Medians at the first and last checkpoint of real runs on the embedded model, and whether accuracy collapsed.</summary>
    [Theory]
    [InlineData("pissa 1e-3", 0.058, 0.0109, 0.749, 0.772, 0.915, 0.934, 20.8, true, "PiSSA")]
    [InlineData("pissa 3e-3", 0.147, 0.0289, 0.750, 0.749, 0.915, 0.914, 22.7, true, "PiSSA")]
    [InlineData("milora 1e-2", 0.242, 0.0424, 0.299, 0.490, 0.494, 0.660, 19.1, true, "MiLoRA")]
    [InlineData("milora 3e-2", 1.250, 0.6250, 0.379, 0.474, 0.595, 0.709, 16.3, true, "MiLoRA")]
    [InlineData("lora 1e-2", 0.186, 0.0235, 0.145, 0.162, 0.539, 0.554, 12.9, true, "")]
    [InlineData("pissa 3e-4", 0.036, 0.0085, 0.749, 0.798, 0.915, 0.950, 19.4, false, null)]
    [InlineData("milora 1e-3", 0.053, 0.0039, 0.235, 0.332, 0.381, 0.515, 21.8, false, null)]
    [InlineData("lora 1e-3", 0.072, 0.0065, 0.145, 0.169, 0.539, 0.560, 11.9, false, null)]
    [InlineData("dora 1e-3", 0.067, 0.0058, 0.167, 0.175, 0.556, 0.567, 29.7, false, null)]
    [InlineData("full 1e-4", 0.019, 0.0026, 0.491, 0.620, 0.780, 0.858, 50.1, false, null)]
    [InlineData("ia3 1e-2", 0.058, 0.0133, 0.626, 0.564, 0.901, 0.895, 63.6, false, null)]
    [InlineData("pissa 1e-3, seed 7", 0.059, 0.0125, 0.745, 0.769, 0.910, 0.930, 20.7, true, "PiSSA")]
    [InlineData("pissa 3e-4, seed 7", 0.038, 0.0075, 0.769, 0.783, 0.936, 0.943, 19.5, false, null)]
    [InlineData("lora 3e-3, quickstart", 0.200, 0.0315, 0.195, 0.200, 0.557, 0.577, 11.9, false, null)]
    public void Runs_that_collapsed_are_told_from_those_that_did_not(string run, double relative, double shift, double firstHead,
        double lastHead, double firstHalf, double lastHalf, double rank, bool lost, string? manner)
    {
        ModuleSpectrum[] spectra = [At(1, relative / 5, firstHead, firstHalf), At(9, relative, lastHead, lastHalf, shift, rank)];
        var finding = lost ? new Finding(Diagnoses.All.Single(d => d.Name == "accuracy-collapse"), 3, 5, 0, 0.04) : null;
        var named = SpectrumCollapse.Of(spectra, ofRun: true, finding);
        if (manner is null) named.ShouldBeNull(run);
        else if (manner.Length == 0) named!.ShouldNotContain("as ");
        else named!.ShouldContain($"as {manner}'s");

        // By the weights alone nothing healthy is named, and what moved far is.
        (SpectrumCollapse.Of(spectra) is not null).ShouldBe(lost && run != "lora 1e-2", run);
    }

    [Fact]
    public void Weights_alone_tell_what_no_healthy_run_comes_near_to()
    {
        SpectrumCollapse.Of([At(1, relative: 2)])!.ShouldContain("2 times as large as the weight");
        SpectrumCollapse.Of([At(1, shift: 0.4)])!.ShouldContain("shifted by 40 %");
        SpectrumCollapse.Of([At(1, rank: 1.1)])!.ShouldContain("one direction");
        SpectrumCollapse.Of([At(1, rank: double.NaN, half: double.NaN)]).ShouldBeNull();
        SpectrumCollapse.Of([]).ShouldBeNull();
        SpectrumCollapse.Of([At(1) with { UpdateNorm = 0 }]).ShouldBeNull();
        SpectrumCollapse.Rules.Count.ShouldBe(4);
    }

    private static ModuleSpectrum At(int step, double relative = 0.1, double head = 0.1, double half = 0.5, double shift = 0.01,
        double rank = 5) => new()
        {
            Module = "layers.0.q", Step = step, Rows = 8, Columns = 8, UpdateNorm = relative, WeightNorm = 1, StableRank = rank,
            EffectiveRank = rank, Rank = 8, Energy = [head, .. Enumerable.Repeat((1 - head) / 9, 9)], LeftEnergy = new double[10],
            PrincipalHalf = half, Shift = shift, Cosine = 0.9, Sparsity = 0, SameInBf16 = 0,
        };
}
