using System.Globalization;
using Tenon.Adapters;
using Tenon.Models.Weights;

namespace Tenon.Studies;

/// <summary>
/// The cells of a study in a fixed order, as far as they are known: which tuning runs there are hangs on what earlier ones gave (with
/// halving), and which value is reported on what all of them gave.
/// </summary>
internal sealed class StudyPlan
{
    private readonly Dictionary<string, double> _defaults = [];
    private readonly Dictionary<(string Row, string Tuned, long Seed, StudyRole Role), StudyCell> _cells = [];
    private readonly ParameterBudget _budget;

    public StudyPlan(StudyRecipe recipe)
    {
        Recipe = recipe;
        Rows = [.. recipe.Grids.SelectMany(RowsOf)];
        _budget = new ParameterBudget(this);
    }

    public StudyRecipe Recipe { get; }

    public IReadOnlyList<StudyRow> Rows { get; }

    /// <summary>The most cells that there can be: without halving, all of them.</summary>
    public int MostCells => Rows.Sum(row => TuneRungs(row).Sum(rung => rung.Most) + Recipe.Seeds.Count);

    /// <summary>All cells that are known now; a cell that two rows share stands there once for each.</summary>
    public IReadOnlyList<StudyCell> Cells(Func<StudyCell, CellResult?> resultOf) =>
        [.. Rows.SelectMany(row => TuneCells(row, resultOf)), .. Rows.SelectMany(row => ReportCells(row, resultOf))];

    /// <summary>The tuning runs of a row, those of later rungs once the earlier ones are done.</summary>
    public IReadOnlyList<StudyCell> TuneCells(StudyRow row, Func<StudyCell, CellResult?> resultOf)
    {
        var cells = new List<StudyCell>();
        var left = Candidates(row);
        foreach (var seed in TunedOf(row).Count == 0 ? [] : Recipe.TuneSeeds)
        {
            var rung = left.Select(candidate => Cell(row, candidate, seed, StudyRole.Tune)).ToList();
            cells.AddRange(rung);
            if (!Recipe.Halving) continue;
            if (rung.Any(cell => resultOf(cell) is null)) break;
            left = [.. Ranked(row, left, cells, resultOf).Take((left.Count + 1) / 2)];
        }

        return cells;
    }

    /// <summary>The reported runs of a row: none before its tuning is done, or where no value could be run to the end.</summary>
    public IReadOnlyList<StudyCell> ReportCells(StudyRow row, Func<StudyCell, CellResult?> resultOf) =>
        Chosen(row, resultOf) is { } tuned ? [.. Recipe.Seeds.Select(seed => Cell(row, tuned, seed, StudyRole.Report))] : [];

    /// <summary>The values that a row is reported with; null before its tuning is done, or where every value failed.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Chosen(StudyRow row, Func<StudyCell, CellResult?> resultOf)
    {
        var candidates = Candidates(row);
        if (TunedOf(row).Count == 0) return candidates[0];
        var cells = TuneCells(row, resultOf);
        if (cells.Any(cell => resultOf(cell) is null)) return null;
        var best = Ranked(row, candidates, cells, resultOf)[0];
        return double.IsNegativeInfinity(Score(row, best, cells, resultOf).Mean) ? null : best;
    }

    /// <summary>The values that a row's tuned keys may take, every combination, in the order of the recipe.</summary>
    public IReadOnlyList<IReadOnlyList<KeyValuePair<string, string>>> Candidates(StudyRow row)
    {
        IReadOnlyList<IReadOnlyList<KeyValuePair<string, string>>> all = [[]];
        foreach (var key in TunedOf(row))
        {
            string[] values = key.Values is { } given ? [.. given.Select(v => v.Json)]
                : [.. key.Factors.Select(factor => Rounded((key.Around ?? DefaultRate(row)) * factor))];
            all = [.. from before in all from value in values
                select (IReadOnlyList<KeyValuePair<string, string>>)[.. before, KeyValuePair.Create(key.Key, value)]];
        }

        return all;
    }

    /// <summary>A cell; made once.</summary>
    public StudyCell Cell(StudyRow row, IReadOnlyList<KeyValuePair<string, string>> tuned, long seed, StudyRole role)
    {
        var key = (row.Label, string.Join(' ', tuned), seed, role);
        lock (_cells)
        {
            if (_cells.TryGetValue(key, out var cell)) return cell;
            return _cells[key] = StudyCell.Of(Recipe, row, tuned, seed, role, _budget.Overrides(row));
        }
    }

    /// <summary>The row that a row is compared with; null where there is none.</summary>
    public StudyRow? ReferenceOf(StudyRow row)
    {
        var wanted = row.Values.Select(v => Recipe.CompareWith.TryGetValue(v.Key, out var label) ? label : v.Value.Label).ToList();
        var fixedKeys = row.Values.Count(v => Recipe.CompareWith.ContainsKey(v.Key));
        return fixedKeys == 0 ? null
            : Rows.FirstOrDefault(r => r.Grid == row.Grid && r.Values.Select(v => v.Value.Label).SequenceEqual(wanted));
    }

    /// <summary>The order of candidates by mean accuracy over their tuning runs; the smaller value first among equals.</summary>
    private List<IReadOnlyList<KeyValuePair<string, string>>> Ranked(StudyRow row,
        IReadOnlyList<IReadOnlyList<KeyValuePair<string, string>>> candidates, IReadOnlyList<StudyCell> cells,
        Func<StudyCell, CellResult?> resultOf) =>
        [.. candidates.Select((candidate, i) => (candidate, i, Score: Score(row, candidate, cells, resultOf)))
            .OrderBy(c => double.IsNegativeInfinity(c.Score.Mean)).ThenByDescending(c => c.Score.Runs).ThenByDescending(c => c.Score.Mean)
            .ThenBy(c => c.i).Select(c => c.candidate)];

    // Those that ran on more seeds have won the rungs before. A run that diverged or was refused rules its value out.
    private (int Runs, double Mean) Score(StudyRow row, IReadOnlyList<KeyValuePair<string, string>> candidate,
        IReadOnlyList<StudyCell> cells,
        Func<StudyCell, CellResult?> resultOf)
    {
        var ids = Recipe.TuneSeeds.Select(seed => Cell(row, candidate, seed, StudyRole.Tune).Id).ToHashSet();
        var results = cells.Where(cell => ids.Contains(cell.Id)).Select(resultOf).OfType<CellResult>().ToList();
        var failed = results.Count == 0 || results.Any(r => r.Status != CellStatus.Done || r.Accuracy.Count == 0);
        return (results.Count, failed ? double.NegativeInfinity : results.Average(r => r.Accuracy.Values.Average()));
    }

    // A grid that varies a key by itself (an ablation of the rate) is not tuned in it.
    private List<TunedKey> TunedOf(StudyRow row) => [.. Recipe.Tuned.Where(key => row.Values.All(v => v.Key != key.Key))];

    private IEnumerable<(long Seed, int Most)> TuneRungs(StudyRow row)
    {
        if (TunedOf(row).Count == 0) yield break;
        var left = Candidates(row).Count;
        foreach (var seed in Recipe.TuneSeeds)
        {
            yield return (seed, left);
            if (Recipe.Halving) left = (left + 1) / 2;
        }
    }

    private double DefaultRate(StudyRow row)
    {
        lock (_defaults)
        {
            if (_defaults.TryGetValue(row.Label, out var rate)) return rate;
            var settings = StudyCell.Of(Recipe, row, [], 0, StudyRole.Report).Settings;
            if (settings is null) return _defaults[row.Label] = 1e-3;
            using var source = ModelSource.Open(settings.Model);
            return _defaults[row.Label] = AdapterMethod.Of(settings.Adapter.Method).DefaultRate(source.Config);
        }
    }

    // Three digits: 3.2e-4, not 3.2000000000000003e-4.
    private static string Rounded(double value) =>
        double.Parse(value.ToString("E2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
        .ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);

    private static IEnumerable<StudyRow> RowsOf(StudyGrid grid)
    {
        IEnumerable<IReadOnlyList<KeyValuePair<string, StudyValue>>> rows = [[]];
        foreach (var axis in grid.Axes)
            rows = [.. from before in rows from value in axis.Values
                select (IReadOnlyList<KeyValuePair<string, StudyValue>>)[.. before, KeyValuePair.Create(axis.Key, value)]];
        return rows.Select(values => new StudyRow(grid.Name, values));
    }
}
