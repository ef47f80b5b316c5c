using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Spectra;
using Tenon.Runs;

namespace Tenon.Evaluation.Reports;

/// <summary>Spectra of updates as one self-contained HTML file.</summary>
public static class SpectrumReport
{
    /// <summary>Writes the report; returns its path.</summary>
    public static string Write(string name, IReadOnlyList<ModuleSpectrum> spectra, string? collapse, string path) =>
        Page(name, spectra, collapse).Write(path);

    /// <summary>The spectra of a file that <c>tenon spectra --json</c> wrote, and what it says of collapse.</summary>
    public static (IReadOnlyList<ModuleSpectrum> Spectra, string? Collapse) Read(string file)
    {
        var (spectra, collapse) = (new List<ModuleSpectrum>(), (string?)null);
        foreach (var line in SharedFile.ReadLines(file).Where(l => l.Length > 0))
        {
            if (RunJson.Parse(line) is not { } json) continue;
            if (SpectrumLine.Parse(json) is { } spectrum) spectra.Add(spectrum);
            else collapse = RunJson.Text(json["collapse"]) ?? collapse;
        }

        return spectra.Count > 0 ? (spectra, collapse) : throw new TenonException(
            file, "lines that tenon spectra --json wrote", "none", "a run is reported on by its folder", usage: true);
    }

    /// <summary>The report's text.</summary>
    public static string Html(string name, IReadOnlyList<ModuleSpectrum> spectra, string? collapse) =>
        Page(name, spectra, collapse).Render();

    private static ReportPage Page(string name, IReadOnlyList<ModuleSpectrum> spectra, string? collapse)
    {
        var page =
            new ReportPage(name,
            $"{Count(spectra.Select(s => s.Module).Distinct().Count(), "matrix", "matrices")}, "
            + Count(spectra.Select(s => s.Step).Distinct().Count(), "checkpoint", "checkpoints"));
        page.Sentences(SpectrumSummary.Sentences(spectra, collapse));
        page.Charts(Charts(spectra));
        foreach (var table in SpectrumSummary.Tables(spectra)) page.Table(table);
        page.Table(SpectrumSummary.Matrices(spectra));
        page.Heading("When an update counts as collapsed");
        page.Sentences(SpectrumCollapse.Rules);
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
        if (Values(spectra, last) is { } values) yield return values;
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

    /// <summary>The singular values of the matrix whose spectrum moved most; null where values were not asked for.</summary>
    private static ReportChart? Values(IReadOnlyList<ModuleSpectrum> spectra, int? step)
    {
        var most = spectra.Where(s => s.Step == step && s.Details is not null).MaxBy(s => s.Shift);
        if (most is not { Details: { } details }) return null;
        double[] places = [.. Enumerable.Range(1, details.Before.Length).Select(i => (double)i)];
        double[] update = [.. places.Select((_, i) => i < details.Update.Length && details.Update[i] > 0 ? details.Update[i] : double.NaN)];
        return new("Singular values before and after", places,
            [new("W", details.Before), new("W'", details.After), new("dW", update)])
        {
            FromZero = true, Main = true, XLabel = "direction", Sentence = $"{most.Module}, whose spectrum moved most",
        };
    }

    private static string Count(int count, string one, string many) =>
        $"{count.ToString(CultureInfo.InvariantCulture)} {(count == 1 ? one : many)}";

    private static string Step(int? step) => step is { } s ? "step " + s.ToString(CultureInfo.InvariantCulture) : "update";
}
