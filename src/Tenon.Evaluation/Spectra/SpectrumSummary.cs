using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Reports;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// Spectra of all matrices, gathered by kind of matrix, by layer and by step; and whether the update looks like one that collapsed.
/// </summary>
public static class SpectrumSummary
{
    /// <summary>The rule by which collapse is named, one sentence a sign; medians are over matrices of the last step.</summary>
    public static IReadOnlyList<string> Rules { get; } =
    [
        $"the median |dW| / |W| is above {Largest}: the update is larger than what it was to adapt",
        $"more than {Percent(HeadShare)} of the median update's energy lies in the first tenth of the base's directions while its "
            + $"spectrum shifts by more " +
            $"than {LargestShift}: what PiSSA's updates do where it collapsed",
        $"the median share of the first half of the directions rose from below {Percent(TailStart)} at the first step to above "
            + $"{Percent(TailEnd)} at the last: " +
            "an update that began among the minor directions, as MiLoRA's, was pulled into the principal ones",
        $"the median effective rank of dW is below {LeastRank} although the update has room for {RoomForRank} or more",
    ];

    private const double Largest = 1;
    private const double HeadShare = 0.5;
    private const double LargestShift = 0.2;
    private const double TailStart = 0.3;
    private const double TailEnd = 0.5;
    private const double LeastRank = 1.5;
    private const int RoomForRank = 4;

    /// <summary>Why the update counts as collapsed, by <see cref="Rules"/>; null where no sign is there.</summary>
    public static string? Collapse(IReadOnlyList<ModuleSpectrum> spectra)
    {
        var moved = spectra.Where(s => s.UpdateNorm > 0).ToList();
        if (moved.Count == 0) return null;
        var (first, last) = (moved.Min(s => s.Step), moved.Max(s => s.Step));
        var now = moved.Where(s => s.Step == last).ToList();
        var then = moved.Where(s => s.Step == first).ToList();
        var relative = Median(now, s => s.Relative);
        if (relative > Largest) return Say($"the update is {relative:0.0} times as large as the weight");
        var (head, shift) = (Median(now, s => s.Energy[0]), Median(now, s => s.Shift));
        if (head > HeadShare && shift > LargestShift)
            return $"the update rewrites the base's principal directions: {Percent(head)} of its energy in the first tenth, "
                + Say($"spectrum shifted by {shift:0.00} (as PiSSA)");
        var (start, end) = (Median(then, s => s.PrincipalHalf), Median(now, s => s.PrincipalHalf));
        if (first != last && start < TailStart && end > TailEnd)
            return $"the update left the minor directions for the principal ones: {Percent(start)} to {Percent(end)} "
                + "in the first half (as MiLoRA)";
        var rank = Median(now, s => s.EffectiveRank);
        return rank < LeastRank && Median(now, s => s.Rank) >= RoomForRank
            ? Say($"the update has shrunk to one direction: effective rank {rank:0.00}")
            : null;
    }

    /// <summary>The last line of <c>--json</c>.</summary>
    public static JsonObject ToJson(IReadOnlyList<ModuleSpectrum> spectra) => new()
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
        ["collapse"] = Collapse(spectra),
        ["rules"] = new JsonArray([.. Rules.Select(r => (JsonNode?)JsonValue.Create(r))]),
    };

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
            new ResultTable("by matrix", [.. new[] { "matrix", "step" }, .. Columns, .. Enumerable.Range(1, 10).Select(i => $"tenth {i}")]);
        foreach (var s in spectra) table.Add([s.Module, Text(s.Step ?? 0), .. Cells([s]), .. s.Energy.Select(e => ResultCell.Percent(e))]);
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

    private static double Median(IReadOnlyList<ModuleSpectrum> group, Func<ModuleSpectrum, double> value)
    {
        double[] sorted = [.. group.Select(value).Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static JsonNode? Finite(double x) => double.IsFinite(x) ? x : null;

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double share) => (100 * share).ToString("0", CultureInfo.InvariantCulture) + " %";
}
