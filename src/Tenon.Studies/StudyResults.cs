using System.Text.Json.Nodes;
using Tenon.Evaluation.Comparisons;
using Tenon.Runs;

namespace Tenon.Studies;

/// <summary>A row's figures on one benchmark beside those of the row it is compared with.</summary>
/// <param name="Row">The row.</param>
/// <param name="Benchmark"><c>NAME@K</c>.</param>
/// <param name="Tuned">The values it was reported with.</param>
/// <param name="Figures">Mean, interval, difference, verdict; null where no reported run came to its end.</param>
/// <param name="Done">Reported runs that came to their end.</param>
/// <param name="Failed">Reported runs that did not.</param>
public sealed record StudyFigure(
    StudyRow Row, string Benchmark, IReadOnlyDictionary<string, string> Tuned, ComparisonRow? Figures, int Done, int Failed);

/// <summary>A benchmark's comparison of rows that belong together: those with one row to be compared with.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Benchmark"><c>NAME@K</c>.</param>
/// <param name="Comparison">The statistics.</param>
public sealed record StudyComparison(string Name, string Benchmark, Comparison Comparison);

/// <summary>What has come of a study: read from its folder, always in the same order.</summary>
public sealed class StudyResults
{
    private readonly StudyFolder _folder;
    private readonly Dictionary<StudyRow, SpectraMean?> _spectra = [];

    internal StudyResults(StudyPlan plan, StudyFolder folder) => (Plan, _folder) = (plan, folder);

    internal StudyPlan Plan { get; }

    /// <summary>All cells that are known now, with what became of them.</summary>
    public IReadOnlyList<(StudyCell Cell, CellResult Result)> Cells =>
        [.. Plan.Cells(_folder.ResultOf).Select(cell => (cell, _folder.ResultOf(cell) ?? new CellResult(CellStatus.Missing)))];

    /// <summary>Cells that are known and not done.</summary>
    public int Missing => Cells.Count(c => c.Result.Status == CellStatus.Missing);

    /// <summary>The most cells that there can be.</summary>
    public int Most => Plan.MostCells;

    /// <summary>The run folder of a cell.</summary>
    public string RunOf(StudyCell cell) => _folder.RunOf(cell);

    internal JsonObject? SpectrumOf(StudyCell cell) => _folder.SpectrumOf(cell);

    /// <summary>The means of a row's spectra, read once; null where there is none.</summary>
    internal SpectraMean? SpectraOf(StudyRow row) =>
        _spectra.TryGetValue(row, out var known) ? known : _spectra[row] = StudySpectra.Mean(this, row);

    /// <summary>The rows of the study.</summary>
    public IReadOnlyList<StudyRow> Rows => Plan.Rows;

    /// <summary>The values that a row is reported with; null before its tuning is done, or where every value failed.</summary>
    public IReadOnlyDictionary<string, string>? ChosenOf(StudyRow row) => Plan.Chosen(row, _folder.ResultOf)?.ToDictionary();

    /// <summary>The reported runs of a row that came to their end.</summary>
    public IReadOnlyList<(StudyCell Cell, CellResult Result)> Reported(StudyRow row) =>
        [.. Plan.ReportCells(row, _folder.ResultOf).Select(cell => (Cell: cell, Result: _folder.ResultOf(cell)))
            .Where(c => c.Result?.Status == CellStatus.Done).Select(c => (c.Cell, c.Result!))];

    /// <summary>The tuning runs of a row, with what became of them.</summary>
    public IReadOnlyList<(StudyCell Cell, CellResult Result)> Tuning(StudyRow row) =>
        [.. Plan.TuneCells(row, _folder.ResultOf).Select(cell => (cell, _folder.ResultOf(cell) ?? new CellResult(CellStatus.Missing)))];

    /// <summary>The comparisons by group of rows and benchmark; a group needs one row with a finished run.</summary>
    public IReadOnlyList<StudyComparison> Comparisons()
    {
        var result = new List<StudyComparison>();
        foreach (var group in Groups())
        {
            var steps =
                new EqualSteps(Plan.Recipe.Equal,
                [.. group.Rows.SelectMany(Reported).Select(c => (RunOf(c.Cell), c.Cell.Settings!.Steps))]);
            foreach (var benchmark in Plan.Recipe.Benchmarks)
            {
                Entrant[] entrants = [.. group.Rows.Select(row => EntrantOf(row, benchmark, steps)).Where(e => e.Runs.Count > 0)];
                if (entrants.Length == 0) continue;
                var against = group.Reference?.Label is { } label && entrants.Any(e => e.Name == label) ? label : null;
                result.Add(new(group.Name, benchmark, Comparison.Of(benchmark, entrants, against)));
            }
        }

        return result;
    }

    /// <summary>Every row on every benchmark.</summary>
    public IReadOnlyList<StudyFigure> Figures(IReadOnlyList<StudyComparison> comparisons) =>
        [.. from benchmark in Plan.Recipe.Benchmarks from row in Plan.Rows select Figure(row, benchmark, comparisons)];

    /// <summary>All of it as <c>study.json</c> has it.</summary>
    public JsonObject ToJson() => ToJson(Comparisons());

    internal JsonObject ToJson(IReadOnlyList<StudyComparison> comparisons)
    {
        return new JsonObject
        {
            ["cells"] = new JsonArray([.. Cells.Select(c => (JsonNode?)CellJson(c.Cell, c.Result))]),
            ["table"] = new JsonArray([.. Figures(comparisons).Select(f => (JsonNode?)FigureJson(f))]),
            ["tied"] = new JsonArray([.. comparisons.SelectMany(c => c.Comparison.Tied.Select(set =>
                (JsonNode?)new JsonArray([.. set.Select(name => (JsonNode?)JsonValue.Create(name))])))]),
            ["spectra"] = new JsonArray([.. Plan.Rows.Select(SpectrumJson).OfType<JsonNode>()]),
        };
    }

    /// <summary>Rows with one and the same row to be compared with; without <c>compare-with</c> each grid is a group.</summary>
    internal IReadOnlyList<(string Name, StudyRow? Reference, IReadOnlyList<StudyRow> Rows)> Groups()
    {
        return [.. Plan.Rows.Select(row => (Row: row, Reference: Plan.ReferenceOf(row)))
            .GroupBy(r => (r.Row.Grid, Reference: r.Reference?.Label ?? ""))
            .Select(g =>
            (Name(g.First().Row, g.First().Reference), g.First().Reference, (IReadOnlyList<StudyRow>)[.. g.Select(r => r.Row)]))];

        // A group is called by the values that its rows have in common.
        string Name(StudyRow row, StudyRow? reference)
        {
            var common = reference is null ? []
                : row.Values.Where(v => !Plan.Recipe.CompareWith.ContainsKey(v.Key)).Select(v => v.Value.Label);
            return string.Join(", ", common.Prepend(row.Grid).Where(word => word.Length > 0));
        }
    }

    /// <summary>What a row is called among those of its group: the values that they do not share.</summary>
    internal string LabelInGroup(StudyRow row) => Plan.ReferenceOf(row) is null
        ? row.Label : string.Join(", ", row.Values.Where(v => Plan.Recipe.CompareWith.ContainsKey(v.Key)).Select(v => v.Value.Label));

    private Entrant EntrantOf(StudyRow row, string benchmark, EqualSteps steps)
    {
        var runs = new List<IReadOnlyList<ProblemScores>>();
        var facts = new List<CellResult>();
        foreach (var (cell, result) in Reported(row))
        {
            var stored = StoredEvaluations.Read(RunOf(cell), steps.Of(RunOf(cell)))
                .FirstOrDefault(e => benchmark.StartsWith(e.Benchmark + "@", StringComparison.Ordinal));
            if (stored is null) continue;
            runs.Add(stored.Problems);
            facts.Add(result);
        }

        return new Entrant(row.Label, runs)
        {
            Facts = facts.Count == 0 ? new Dictionary<string, double?>() : new Dictionary<string, double?>
            {
                ["trainable"] = facts[0].Trainable, ["tokens"] = facts.Average(f => f.Tokens), ["seconds"] = facts.Average(f => f.Seconds),
            },
        };
    }

    private StudyFigure Figure(StudyRow row, string benchmark, IReadOnlyList<StudyComparison> comparisons)
    {
        var cells = Plan.ReportCells(row, _folder.ResultOf).Select(_folder.ResultOf).OfType<CellResult>().ToList();
        var found = comparisons.Where(c => c.Benchmark == benchmark).SelectMany(c => c.Comparison.Rows)
            .FirstOrDefault(r => r.Name == row.Label);
        return new(row, benchmark, ChosenOf(row) ?? new Dictionary<string, string>(), found, cells.Count(c => c.Status == CellStatus.Done),
            cells.Count(c => c.Status is CellStatus.Diverged or CellStatus.Refused));
    }

    private JsonObject CellJson(StudyCell cell, CellResult result)
    {
        var json = new JsonObject
        {
            ["id"] = cell.Id, ["axes"] = Axes(cell.Row), ["grid"] = cell.Row.Grid, ["tuned"] = Words(cell.Tuned), ["seed"] = cell.Seed,
            ["role"] = cell.Role == StudyRole.Tune ? "tune"
            : "report", ["status"] = CellResult.Word(result.Status), ["run"] = $"runs/{cell.Id}",
        };
        // Of two equal studies only times differ: a process's memory knows what else it did.
        foreach (var (key, value) in result.ToJson())
            if (key is not ("status" or "memory_gb")) json[key] = value?.DeepClone();
        if (cell.Role == StudyRole.Report && SpectrumOf(cell) is { } spectrum) json["spectrum"] = spectrum;
        return json;
    }

    private JsonObject? SpectrumJson(StudyRow row)
    {
        if (SpectraOf(row) is not { } found) return null;
        var json = new JsonObject { ["axes"] = Axes(row), ["grid"] = row.Grid, ["name"] = row.Label, ["runs"] = found.Runs };
        foreach (var key in StudySpectra.Measures) json[key] = RunJson.Finite(found.Means[key]);
        json[StudySpectra.Energy] = new JsonArray([.. found.Energy.Select(RunJson.Finite)]);
        return json;
    }

    private static JsonObject FigureJson(StudyFigure figure)
    {
        var (mean, difference) = (figure.Figures?.Mean, figure.Figures?.Difference);
        return new JsonObject
        {
            ["axes"] = Axes(figure.Row), ["grid"] = figure.Row.Grid, ["name"] = figure.Row.Label, ["tuned"] = Words(figure.Tuned),
            ["learning_rate"] = figure.Tuned.TryGetValue("optimizer.learning-rate", out var rate) && double.TryParse(rate,
                System.Globalization.CultureInfo.InvariantCulture, out var x) ? JsonValue.Create(x) : null,
            ["benchmark"] = figure.Benchmark, ["runs"] = figure.Done, ["failed"] = figure.Failed,
            ["mean"] = RunJson.Finite(mean?.Mean ?? double.NaN), ["low"] = RunJson.Finite(mean?.Low ?? double.NaN),
            ["high"] = RunJson.Finite(mean?.High ?? double.NaN), ["difference"] = RunJson.Finite(difference?.Mean ?? double.NaN),
            ["difference_low"] = RunJson.Finite(difference?.Low ?? double.NaN),
            ["difference_high"] = RunJson.Finite(difference?.High ?? double.NaN),
            ["p_adjusted"] = RunJson.Finite(figure.Figures?.AdjustedP ?? double.NaN), ["verdict"] = figure.Figures?.Verdict,
        };
    }

    private static JsonObject Axes(StudyRow row) =>
        new(row.Values.Select(v => KeyValuePair.Create(v.Key, JsonNode.Parse(v.Value.Json))));

    private static JsonObject Words(IReadOnlyDictionary<string, string> values) =>
        new(values.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)JsonValue.Create(v.Value))));
}

/// <summary>The step up to which each run counts, by the study's budget.</summary>
internal sealed class EqualSteps
{
    private readonly Dictionary<string, int> _steps = [];

    public EqualSteps(StudyBudget budget, IReadOnlyList<(string Run, int Steps)> runs)
    {
        foreach (var (run, steps) in runs) _steps[run] = steps;
        if (budget is not (StudyBudget.Tokens or StudyBudget.Time) || runs.Count == 0) return;
        var metric = budget == StudyBudget.Tokens ? StepMetric.TokensSampled : StepMetric.Time;
        var spent = runs.Select(r => r.Run).Distinct().ToDictionary(run => run, run => Spent(run, metric));
        var least = spent.Values.Min(s => s.Count == 0 ? 0 : s[^1]);
        foreach (var (run, steps) in runs)
            _steps[run] = StoredEvaluations.Steps(run).Where(s => s == 0 || (s <= spent[run].Count && spent[run][s - 1] <= least))
                .DefaultIfEmpty(steps).Max();
    }

    public int Of(string run) => _steps[run];

    private static List<double> Spent(string run, Metric metric)
    {
        var (sum, all) = (0.0, new List<double>());
        foreach (var step in RunReader.Open(run).Steps) all.Add(sum += step.Has(metric) ? step[metric] : 0);
        return all;
    }
}
