using System.Globalization;
using Tenon.Evaluation.Comparisons;
using Tenon.Recipes;
using Tenon.Training;

namespace Tenon.Studies;

/// <summary>
/// What a study takes and what it could show, before anything is run: cells, time from a probe on this machine, memory, disk, and the
/// smallest difference that the reported seeds and problems could find.
/// </summary>
internal sealed class StudyForecast
{
    private const double Megabyte = 1e6;
    private readonly Dictionary<string, (TrainingSetup Setup, RunProbe Probe)> _probes = [];
    private readonly ModelShelf _models = new();
    private readonly Study _study;
    private readonly int _jobs;

    private StudyForecast(Study study, int jobs) => (_study, _jobs) = (study, jobs);

    /// <summary>The forecast as lines.</summary>
    public static IEnumerable<string> Lines(Study study, int jobs)
    {
        var forecast = new StudyForecast(study, jobs);
        try
        {
            foreach (var line in forecast.All()) yield return line;
        }
        finally
        {
            foreach (var (setup, _) in forecast._probes.Values) setup.Dispose();
        }
    }

    private IEnumerable<string> All()
    {
        var (results, recipe) = (_study.Results, _study.Recipe);
        var plan = results.Plan;
        var known = results.Cells;
        var done = known.Count(c => c.Result.Status != CellStatus.Missing);
        yield return $"cells        {plan.MostCells} at most: {plan.MostCells - (plan.Rows.Count * recipe.Seeds.Count)} to tune, "
            + $"{plan.Rows.Count * recipe.Seeds.Count} reported ({plan.Rows.Count} rows x {recipe.Seeds.Count} seeds); {done} are done";
        double seconds = 0, disk = 0, memory = 0;
        var unknown = 0;
        foreach (var row in plan.Rows)
        {
            var candidates = plan.Candidates(row);
            var cell = plan.Cell(row, candidates[candidates.Count / 2], recipe.Seeds[0], StudyRole.Report);
            var runs = recipe.Seeds.Count + results.Tuning(row).Count;
            if (Probe(cell, out var refusal) is not { } probe)
            {
                unknown++;
                yield return $"row          {row.Label}: cannot be run here: {refusal!.ReplaceLineEndings(" ")}";
                continue;
            }

            var setup = probe.Setup with { Settings = cell.Settings! };
            var one = TimeEstimate.Seconds(setup, probe.Probe);
            seconds += one * runs;
            disk += runs * Disk(setup, probe.Probe);
            memory = Math.Max(memory, MemoryCheck.Estimate(setup).Skip(1).Sum(p => (double)p.Bytes));
            yield return $"row          {row.Label}: {runs} runs of about {Durations.Text(one)}, "
                + $"{setup.Adapter.TrainableCount:N0} trainable parameters";
        }

        if (_probes.Count == 0) yield break;
        var model = _probes.Values.Max(p => MemoryPlan.ModelBytes(p.Setup));
        yield return $"time         about {Durations.Text(seconds)} for one run after another; with {_jobs} at once on these cores about "
            + $"the same processor time{(unknown > 0 ? $"; {unknown} rows are not in it" : "")}";
        var fit = Math.Clamp((int)((MemoryPlan.AvailableBytes() - model) / Math.Max(1, memory)), 1, _jobs);
        yield return string.Create(CultureInfo.InvariantCulture,
            $"memory       at most {(model + (fit * memory)) / 1e9:F2} GB for {fit} {(fit == 1 ? "run" : "runs")} at once over one base, "
            + $"beside the program")
            + (fit < _jobs ? $"; {_jobs} do not fit together, so runs wait for each other" : "");
        yield return string.Create(CultureInfo.InvariantCulture, $"disk         about {disk / Megabyte:N0} MB");
        foreach (var line in Power()) yield return line;
    }

    // The figures of a comparison with a spread that is usual for problems of one benchmark: docs/evaluation.md says where they come from.
    private IEnumerable<string> Power()
    {
        var recipe = _study.Recipe;
        var setup = _probes.Values.First().Setup;
        foreach (var benchmark in setup.HeldOut)
        {
            var plan = new ComparisonPlan { Problems = benchmark.Problems.Count, Samples = benchmark.Samples, Seeds = recipe.Seeds.Count };
            string Needed(double difference) => plan.SeedsNeeded(difference) is { } seeds ? $"{seeds} seeds" : "more problems";
            yield return string.Create(CultureInfo.InvariantCulture,
                $"power        {benchmark.Name}, {plan.Problems} problems x {plan.Samples} x {plan.Seeds} seeds: the smallest difference "
                + $"that two rows could show is about {100 * plan.SmallestDifference:F1} points; 1 point takes {Needed(0.01)}, "
                + $"2 points {Needed(0.02)}, 5 points {Needed(0.05)}");
        }
    }

    // Rows of one model, data and lengths cost about the same a token: the method's own share is told in docs/studies/methods.md.
    private (TrainingSetup Setup, RunProbe Probe)? Probe(StudyCell cell, out string? refusal)
    {
        refusal = cell.Refusal;
        if (cell.Settings is not { } settings) return null;
        TrainingSetup setup;
        try
        {
            setup = RunBuilder.Build(settings, open: _models.Open) with { RunsAtOnce = _jobs };
        }
        catch (TenonException e)
        {
            refusal = e.Message;
            return null;
        }

        var key = $"{settings.Model} {settings.Precision} {SettingsJson.Write(settings.Data)} {SettingsJson.Write(settings.Rollout)}";
        if (_probes.TryGetValue(key, out var known))
        {
            setup.Dispose();
            return (known.Setup with { Adapter = setup.Adapter }, known.Probe);
        }

        return _probes[key] = (setup, RunProbe.Of(setup));
    }

    private static double Disk(TrainingSetup setup, RunProbe probe)
    {
        var settings = setup.Settings;
        var checkpoints = settings.Checkpoint.Keep == 0 && settings.Checkpoint.Every > 0 ? settings.Steps / settings.Checkpoint.Every
            : settings.Checkpoint.Keep;
        var samples = (double)settings.Steps * settings.Rollout.Prompts * settings.Rollout.Group * (200 + (6 * probe.Length));
        return (Math.Max(1, checkpoints) * setup.Adapter.TrainableCount * 12.0) + samples;
    }
}
