using System.Globalization;
using Tenon.Runs.Doctor;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// Whether an update looks like one that collapsed, and in whose manner. Of a run its accuracy decides, because no measure of the weights
/// tells every collapsed run from every healthy one on the embedded model (docs/studies/collapse.md); of weights alone only what no healthy
/// run there has reached counts. Medians are over the matrices of the last step; norms count where there is nothing else.
/// </summary>
public static class SpectrumCollapse
{
    private const double Largest = 1;
    private const double LargestShift = 0.04;
    private const double LargestHeadShift = 0.01;
    private const double HeadShare = 0.7;
    private const double Rise = 0.1;
    private const double TailEnd = 0.5;
    private const double LeastRank = 1.5;
    private const int RoomForRank = 4;
    private const string Accuracy = "accuracy-collapse";

    /// <summary>The rules, one sentence each.</summary>
    public static IReadOnlyList<string> Rules { get; } =
    [
        "of a run, an update counts as collapsed where the run's accuracy did: below a fifth of its best mean of five steps, for three "
            + "steps (tenon doctor's accuracy-collapse)",
        "of weights alone, where the median |dW| / |W| is above "
            + $"{Text(Largest)}, where the median spectrum shifts by more than {Percent(LargestShift)}, or by more than "
            + $"{Percent(LargestHeadShift)} for an update of which at least {Percent(HeadShare)} lies in the first tenth of the base's "
            + $"directions, or where the median effective rank of dW is below {Text(LeastRank)} although the update has room for "
            + $"{RoomForRank} or more",
        $"it is as PiSSA's where at least {Percent(HeadShare)} of the median update lies in the first tenth of the base's directions, at "
            + "the first step and at the last",
        $"it is as MiLoRA's where the median share of the first half of the directions rose by {Percent(Rise)} of all or more between the "
            + $"first step and the last, to above {Percent(TailEnd)}: an update that was pulled into the principal directions",
    ];

    /// <summary>What a run's accuracy says; null where it did not collapse.</summary>
    public static Finding? Lost(RunFacts run) => Diagnoses.Of(run).FirstOrDefault(f => f.Diagnosis.Name == Accuracy);

    /// <summary>
    /// Why the update counts as collapsed, by <see cref="Rules"/>; null where it does not. <paramref name="ofRun"/> says that the spectra
    /// are a run's, whose accuracy <paramref name="lost"/> tells.
    /// </summary>
    public static string? Of(IReadOnlyList<ModuleSpectrum> spectra, bool ofRun = false, Finding? lost = null)
    {
        var moved = spectra.Where(s => s.UpdateNorm > 0 && !s.IsNorm).ToList();
        if (moved.Count == 0) moved = [.. spectra.Where(s => s.UpdateNorm > 0)];
        if (moved.Count == 0) return null;
        var now = moved.Where(s => s.Step == moved.Max(m => m.Step)).ToList();
        var then = moved.Where(s => s.Step == moved.Min(m => m.Step)).ToList();
        var sign = ofRun ? OfAccuracy(lost) : OfWeights(now);
        return sign is null ? null : sign + Manner(then, now);
    }

    private static string? OfAccuracy(Finding? lost) => lost is null ? null : string.Create(CultureInfo.InvariantCulture,
        $"accuracy fell to {100 * lost.Value:0.#} %, below {100 * lost.Threshold:0.#} %, at steps {lost.First} to {lost.Last}");

    private static string? OfWeights(List<ModuleSpectrum> now)
    {
        var relative = Median(now, s => s.Relative);
        if (relative > Largest) return $"the update is {Text(relative)} times as large as the weight";
        var shift = Median(now, s => s.Shift);
        if (shift > (Median(now, s => s.Energy[0]) >= HeadShare ? LargestHeadShift : LargestShift)) return $"the weights' spectrum shifted by {Percent(shift)}";
        var rank = Median(now, s => s.EffectiveRank);
        return rank < LeastRank && Median(now, s => s.Rank ?? double.NaN) >= RoomForRank
            ? $"the update has shrunk to one direction, effective rank {Text(rank)}" : null;
    }

    private static string Manner(List<ModuleSpectrum> then, List<ModuleSpectrum> now)
    {
        var (first, last) = (Median(then, s => s.Energy[0]), Median(now, s => s.Energy[0]));
        if (first >= HeadShare && last >= HeadShare)
            return $"; {Percent(last)} of it rewrites the first tenth of the base's directions, as PiSSA's does";
        var (start, end) = (Median(then, s => s.PrincipalHalf), Median(now, s => s.PrincipalHalf));
        return end - start >= Rise && end > TailEnd
            ? $"; it was pulled into the principal directions, {Percent(start)} to {Percent(end)} in their first half, as MiLoRA's is" : "";
    }

    /// <summary>The median over spectra; NaN where one is not known or there are none.</summary>
    internal static double Median(IReadOnlyList<ModuleSpectrum> group, Func<ModuleSpectrum, double> value)
    {
        double[] sorted = [.. group.Select(value).Order()];
        if (sorted.Length == 0 || double.IsNaN(sorted[0])) return double.NaN;
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Text(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Percent(double share) => (100 * share).ToString("0.#", CultureInfo.InvariantCulture) + " %";
}
