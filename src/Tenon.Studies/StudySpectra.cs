using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Evaluation.Spectra;
using Tenon.Models;
using Tenon.Models.Weights;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tensors.Threads;

namespace Tenon.Studies;

/// <summary>What a row's final updates have in common.</summary>
/// <param name="Runs">Runs that were looked at.</param>
/// <param name="Means">Means over them by measure.</param>
/// <param name="Energy">Mean shares of the update by tenths of the base's directions.</param>
internal sealed record SpectraMean(int Runs, IReadOnlyDictionary<string, double> Means, double[] Energy);

/// <summary>
/// Where the final updates of the reported runs lie in their base's spectrum, by the measures of <c>tenon spectra</c>: medians over a
/// run's weights, kept as <c>spectra/CELL.json</c>, so that each run is looked at once. They are taken after the last cell, whole
/// decompositions of the base only once for all runs.
/// </summary>
internal static class StudySpectra
{
    /// <summary>Parameters of the largest base whose updates are looked at without <c>spectra: true</c>: a minute of two cores.</summary>
    public const long LargestByItself = 50_000_000;

    /// <summary>The shares of the update by tenths of the base's directions, in a record.</summary>
    public const string Energy = "energy";

    /// <summary>A record's figures.</summary>
    public static IReadOnlyList<string> Measures { get; } =
        ["relative", "shift", "first_tenth", "principal_half", "stable_rank", "effective_rank", "sparsity"];

    /// <summary>Takes what is missing; false where <paramref name="stop"/> came first.</summary>
    /// <param name="study">The study.</param>
    /// <param name="cores">Threads; the figures do not depend on them.</param>
    /// <param name="moved">Hears how many are done of how many.</param>
    /// <param name="remark">Hears why a run is passed over.</param>
    /// <param name="stop">Asks for an end.</param>
    public static bool Take(Study study, int cores, Action<int, int> moved, Action<string> remark, CancellationToken stop)
    {
        if (study.Recipe.Spectra == false) return true;
        var cells = study.Results.Rows.SelectMany(study.Results.Reported).Select(c => c.Cell).DistinctBy(cell => cell.Id)
            .Where(cell => study.Files.SpectrumOf(cell) is null).ToList();
        var done = 0;
        using var pool = new WorkerPool(cores);
        WorkerPool.UseHere(pool);
        try
        {
            foreach (var group in cells.GroupBy(cell => new RunHome([study.Home]).PathOf(cell.Settings!.Model)))
            {
                if (!IsWanted(study.Recipe, group.Key)) continue;
                var (model, _) = LanguageModel.OpenWeights(group.Key, Precision.F32, 1);
                var known = SvdCache.InMemory();
                foreach (var cell in group)
                {
                    if (stop.IsCancellationRequested) return false;
                    if (RecordOf(model, study.Files.RunOf(cell), known) is { } record) study.Files.WriteSpectrum(cell, record);
                    else remark($"{cell.Id} has no checkpoint that its final update could be read from");
                    moved(++done, cells.Count);
                }
            }

            return true;
        }
        finally
        {
            WorkerPool.UseHere(null);
        }
    }

    /// <summary>The means of a row's records over its seeds; null where there is none (<see cref="StudyResults.SpectraOf"/>).</summary>
    public static SpectraMean? Mean(StudyResults results, StudyRow row)
    {
        var records = results.Reported(row).Select(c => results.SpectrumOf(c.Cell)).OfType<JsonObject>().ToList();
        if (records.Count == 0) return null;
        return new SpectraMean(records.Count, Measures.ToDictionary(key => key, key => records.Average(r => RunJson.Number(r[key]))),
            [.. Enumerable.Range(0, 10).Select(i => records.Average(r => r[Energy] is JsonArray { Count: 10 } shares
                ? RunJson.Number(shares[i]) : double.NaN))]);
    }

    /// <summary>What a reader must know of the figures, or of why there are none.</summary>
    public static IEnumerable<string> Sentences(StudyResults results)
    {
        if (results.Rows.Any(row => results.SpectraOf(row) is not null))
        {
            yield return "Medians over the changed weights of a run's last checkpoint, means over seeds: |dW| / |W|, the shift of the "
                + "singular values, the shares of the update in the first tenth and the first half of the base's directions, its ranks, "
                + "and the entries of at most 1e-5 (docs/spectra.md).";
        }
        else if (results.Plan.Recipe.Spectra is null)
        {
            yield return $"Not taken: by itself a study looks at updates of bases of up to {LargestByItself / 1_000_000} million "
                + "parameters; spectra: true in its recipe asks for larger ones.";
        }
    }

    private static bool IsWanted(StudyRecipe recipe, string model)
    {
        if (recipe.Spectra == true) return true;
        using var source = ModelSource.Open(model);
        return source.Weights.Tensors.Values.Sum(t => t.Count) <= LargestByItself;
    }

    private static JsonObject? RecordOf(CausalModel model, string run, SvdCache known)
    {
        using var folder = RunFolder.Read(run);
        if (folder.NewestCheckpoint().Step is not { } step) return null;
        using var adapter = PeftFolder.Load(model, folder.CheckpointFolder(step));
        var settings = new SpectraSettings { Angles = 0 };
        var spectra = SpectrumSubject.Spectra(AdapterSpectra.Subjects([(step, adapter)], settings), settings, known).ToList();
        var medians = spectra.Count == 0 ? [] : SpectrumSummary.ToJson(spectra, null)["summary"]!.AsObject();
        var record = new JsonObject { ["step"] = step, ["matrices"] = spectra.Count };
        foreach (var key in Measures) record[key] = Rounded(RunJson.Number(medians[key]));
        var moved = spectra.Exists(s => s.UpdateNorm > 0);
        record[Energy] = moved ? new JsonArray([.. SpectrumSummary.MeanEnergy(spectra).Select(Rounded)]) : null;
        return record;
    }

    // Machines with other vectors differ in the last digits of a decomposition, and equal studies are to have equal files.
    private static JsonNode? Rounded(double x) =>
        RunJson.Finite(double.Parse(x.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
}
