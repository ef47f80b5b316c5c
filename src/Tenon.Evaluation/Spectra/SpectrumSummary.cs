using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Reports;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// Spectra of all weights, gathered by kind of matrix, by layer and by step.
/// </summary>
public static class SpectrumSummary
{
    /// <summary>The last line of <c>--json</c>.</summary>
    public static JsonObject ToJson(IReadOnlyList<ModuleSpectrum> spectra, string? collapse) => new()
    {
        ["summary"] = new JsonObject
        {
            ["matrices"] = spectra.Select(s => s.Module).Distinct().Count(),
            ["steps"] =
            new JsonArray(
            [.. spectra.Select(s => s.Step).Distinct().Select(s => (JsonNode?)(s is { } step ? JsonValue.Create(step) : null))]),
            ["relative"] = Finite(Median(Last(spectra), s => s.Relative)),
            ["shift"] = Finite(Median(Last(spectra), s => s.Shift)),
            ["principal_half"] = Finite(Median(Last(spectra), s => s.PrincipalHalf)),
            ["first_tenth"] = Finite(Median(Last(spectra), s => s.Energy[0])),
            ["stable_rank"] = Finite(Median(Last(spectra), s => s.StableRank)),
            ["effective_rank"] = Finite(Median(Last(spectra), s => s.EffectiveRank)),
            ["sparsity"] = Finite(Median(Last(spectra), s => s.Sparsity)),
        },
        ["collapse"] = collapse,
        ["rules"] = new JsonArray([.. SpectrumCollapse.Rules.Select(r => (JsonNode?)JsonValue.Create(r))]),
    };

    /// <summary>Whether it collapsed, and what is not known of the spectra.</summary>
    public static IEnumerable<string> Sentences(IReadOnlyList<ModuleSpectrum> spectra, string? collapse)
    {
        yield return collapse is null ? "No sign of collapse." : $"Collapse: {collapse}.";
        if (spectra.Count(s => s.Known < s.Directions) is > 0 and var partial)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"Of {partial} lines only the first directions are known; a true singular value lies within "
                + $"{spectra.Max(s => s.LargestBefore == 0 ? 0 : s.ValueError / s.LargestBefore):0.0e0} of the largest of each, and at "
                + $"most {spectra.Max(s => s.LargestBefore == 0 ? 0 : s.RangeError / s.LargestBefore):0.00} of it is left out.");
    }

    /// <summary>Tables of medians: by step where there are several, by kind of matrix and by layer at the last step.</summary>
    public static IEnumerable<ResultTable> Tables(IReadOnlyList<ModuleSpectrum> spectra)
    {
        if (spectra.Select(s => s.Step).Distinct().Count() > 1)
            yield return Table("by step (medians over matrices)", "step", spectra.GroupBy(s => Text(s.Step ?? 0)));
        yield return Table("by kind of matrix (medians over layers)", "matrix", Last(spectra).GroupBy(s => Kind(s.Module)));
        if (Last(spectra).GroupBy(s => Layer(s.Module)).ToList() is { Count: > 1 } layers)
            yield return Table("by layer (medians over its matrices)", "layer",
                layers.OrderBy(g => g.Key).Select(g => (g.Key < 0 ? "-" : Text(g.Key), g.ToList())));
    }

    /// <summary>One row a matrix, all numbers: what <c>--csv</c> writes beside the medians.</summary>
    public static ResultTable Matrices(IReadOnlyList<ModuleSpectrum> spectra)
    {
        var table =
            new ResultTable("by matrix", ["matrix", "step", .. Columns, "largest before", "largest after",
                .. Enumerable.Range(1, 10).Select(i => $"tenth {i}")]);
        foreach (var s in spectra)
            table.Add([s.Module, Text(s.Step ?? 0), .. Cells([s]), ResultCell.Three(s.LargestBefore), ResultCell.Three(s.LargestAfter),
                .. s.Energy.Select(e => ResultCell.Percent(e))]);
        return table;
    }

    /// <summary>Mean shares over tenths of the base's directions of the matrices of one step.</summary>
    public static double[] MeanEnergy(IEnumerable<ModuleSpectrum> spectra)
    {
        var all = spectra.Where(s => s.UpdateNorm > 0).ToList();
        return [.. Enumerable.Range(0, 10).Select(i => all.Count == 0 ? 0 : all.Average(s => s.Energy[i]))];
    }

    /// <summary>The last part of a path: q_proj.</summary>
    public static string Kind(string module) => module[(module.LastIndexOf('.') + 1)..];

    /// <summary>The number in a path; -1 where there is none.</summary>
    public static int Layer(string module) =>
        module.Split('.').Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1)
        .FirstOrDefault(n => n >= 0, -1);

    private static readonly string[] Columns =
        ["|dW|/|W|", "shift", "first tenth", "first half", "stable rank", "effective rank", "largest angle", "|dW|<1e-5", "same in bf16"];

    private static ResultTable Table(string title, string heading, IEnumerable<IGrouping<string, ModuleSpectrum>> groups) =>
        Table(title, heading, groups.Select(g => (g.Key, g.ToList())));

    private static ResultTable Table(string title, string heading, IEnumerable<(string Name, List<ModuleSpectrum> Group)> groups)
    {
        var table = new ResultTable(title, [heading, .. Columns]);
        foreach (var (name, group) in groups) table.Add([name, .. Cells(group)]);
        return table.WithoutEmptyColumns();
    }

    private static ResultCell[] Cells(IReadOnlyList<ModuleSpectrum> group) =>
    [
        ResultCell.Three(Median(group, s => s.Relative)), ResultCell.Three(Median(group, s => s.Shift)),
            ResultCell.Percent(Median(group, s => s.Energy[0])),
        ResultCell.Percent(Median(group, s => s.PrincipalHalf)), ResultCell.Three(Median(group, s => s.StableRank)),
        ResultCell.Three(Median(group, s => s.EffectiveRank)), ResultCell.Three(Median(group, s => s.LargestAngle)),
        ResultCell.Percent(Median(group, s => s.Sparsity)), ResultCell.Percent(Median(group, s => s.SameInBf16)),
    ];

    private static List<ModuleSpectrum> Last(IReadOnlyList<ModuleSpectrum> spectra)
    {
        var last = spectra.Max(s => s.Step);
        return [.. spectra.Where(s => s.Step == last)];
    }

    private static double Median(IReadOnlyList<ModuleSpectrum> group, Func<ModuleSpectrum, double> value) =>
        SpectrumCollapse.Median(group, value);

    private static JsonNode? Finite(double x) => double.IsFinite(x) ? x : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
