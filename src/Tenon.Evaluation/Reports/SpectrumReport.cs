using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Spectra;

namespace Tenon.Evaluation.Reports;

/// <summary>Spectra of updates as one self-contained HTML file.</summary>
public static class SpectrumReport
{
    /// <summary>Writes the report; returns its path.</summary>
    public static string Write(string name, IReadOnlyList<ModuleSpectrum> spectra, string path) => Page(name, spectra).Write(path);

    /// <summary>The report's text.</summary>
    public static string Html(string name, IReadOnlyList<ModuleSpectrum> spectra) => Page(name, spectra).Render();

    private static ReportPage Page(string name, IReadOnlyList<ModuleSpectrum> spectra)
    {
        var page =
            new ReportPage(name,
            $"{spectra.Select(s => s.Module).Distinct().Count()} matrices, {spectra.Select(s => s.Step).Distinct().Count()} checkpoints");
        var collapse = SpectrumSummary.Collapse(spectra);
        page.Sentences([collapse is null ? "No sign of collapse." : $"Collapse: {collapse}."]);
        page.Charts(Charts(spectra));
        foreach (var table in SpectrumSummary.Tables(spectra)) page.Table(table);
        page.Table(SpectrumSummary.Matrices(spectra));
        page.Heading("When an update counts as collapsed");
        page.Sentences(SpectrumSummary.Rules);
        page.Data["spectra"] = new JsonArray([.. spectra.Select(s => (JsonNode?)s.ToJson())]);
        return page;
    }

    /// <summary>Its charts.</summary>
    public static IEnumerable<ReportChart> Charts(IReadOnlyList<ModuleSpectrum> spectra)
    {
        double[] tenths = [.. Enumerable.Range(1, 10).Select(i => (double)i)];
        yield return new("Energy of the update over the base's directions", tenths,
            [.. spectra.GroupBy(s => s.Step).Select(g => new ReportSeries(Step(g.Key), SpectrumSummary.MeanEnergy(g)))])
        {
            Share = true, FromZero = true, Main = true, XLabel = "tenth",
            Sentence = "by tenth, largest singular values first; even would be 10 % each",
        };
        var last = spectra.Max(s => s.Step);
        var layers = spectra.Where(s => s.Step == last && SpectrumSummary.Layer(s.Module) >= 0).ToList();
        double[] places = [.. layers.Select(s => (double)SpectrumSummary.Layer(s.Module)).Distinct().Order()];
        if (places.Length < 2) yield break;
        foreach (var (title, value, share) in new (string, Func<ModuleSpectrum, double>, bool)[]
        {
            ("|dW| / |W| by layer", s => s.Relative, false), ("share of the first half of the directions", s => s.PrincipalHalf, true),
            ("effective rank of the update", s => s.EffectiveRank, false), ("shift of the spectrum", s => s.Shift, false),
            ("largest principal angle (radians)", s => s.LargestAngle, false),
            ("entries that bfloat16 does not tell apart", s => s.SameInBf16, true),
        })
        {
            var kinds = layers.GroupBy(s => SpectrumSummary.Kind(s.Module)).Select(g => new ReportSeries(
                g.Key,
                [.. places.Select(p => g.Where(s => SpectrumSummary.Layer(s.Module) == (int)p).Select(value).DefaultIfEmpty(double.NaN)
                .First())]));
            yield return new(title, places, [.. kinds]) { Share = share, FromZero = true, XLabel = "layer" };
        }
    }

    private static string Step(int? step) => step is { } s ? "step " + s.ToString(CultureInfo.InvariantCulture) : "update";
}
