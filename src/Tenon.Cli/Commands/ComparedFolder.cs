using System.Globalization;
using Tenon.Evaluation.Comparisons;
using Tenon.Runs;

namespace Tenon.Cli.Commands;

/// <summary>A row of a comparison as the call names it.</summary>
/// <param name="Name">The row's name.</param>
/// <param name="Evaluations">Each run's evaluations, one a benchmark.</param>
internal sealed record ComparedFolder(string Name, IReadOnlyList<IReadOnlyList<StoredEvaluation>> Evaluations)
{
    /// <summary>Each run's evaluations of every step up to the one that is compared.</summary>
    public IReadOnlyList<IReadOnlyList<StoredEvaluation>> History { get; init; } = Evaluations;

    /// <summary>The folders that are runs, those whose evaluation before training is compared left out.</summary>
    public IReadOnlyList<string> Runs { get; init; } = [];

    /// <summary>The evaluation of a benchmark in each run.</summary>
    public IReadOnlyList<StoredEvaluation> Of(string benchmark) => [.. Evaluations.Select(run => run.First(e => e.Benchmark == benchmark))];

    /// <summary>The scores of a benchmark in each run; facts are means over runs where all of them say something, and
    /// avg@k at the cost of the cheapest of all rows.</summary>
    public Entrant Scores(string benchmark, IReadOnlyList<ComparedFolder> all)
    {
        var runs = Of(benchmark);
        var facts = runs[0].Facts.Keys.ToDictionary(key => key, key => runs.All(e => e.Facts.GetValueOrDefault(key) is not null)
            ? runs.Average(e => e.Facts[key])
            : null);
        foreach (var cost in EqualBudget.Names)
        {
            if (EqualBudget.Of(all.SelectMany(e => e.Of(benchmark)), cost) is not { } budget) continue;
            facts["at_equal_" + cost] =
                EqualBudget.Mean([.. runs.Select((e, r) => EqualBudget.Within(History[r], e, cost, budget))]);
        }

        return new(Name, [.. runs.Select(e => e.Problems)]) { Facts = facts };
    }

    /// <summary>The word of the call that names it.</summary>
    public string Word { get; init; } = Name;

    /// <summary>Reads the words DIR, DIR@STEP and NAME=DIR,DIR; one run alone is compared with itself before training.</summary>
    public static IReadOnlyList<ComparedFolder> Parse(IReadOnlyList<string> words)
    {
        if (words.Count == 0)
            throw new TenonException("comparison", "two folders of evaluations or runs, or one run", "none", "tenon compare --help",
                usage: true);
        if (words.Count == 1 && !words[0].Contains('=', StringComparison.Ordinal)
            && StoredEvaluations.Steps(words[0]) is { Count: > 1 } steps)
            return [Of("before", [(words[0], steps[0])]), Of("after", [(words[0], steps[^1])])];
        if (words.Count == 1)
            throw new TenonException("comparison", "two folders, or one run that was evaluated before and after", words[0], usage: true);
        var rows = Named([.. words.Select(Row)]);
        if (rows.GroupBy(r => r.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new TenonException("comparison", "rows of different names", $"{twice.Key} twice", "name them: first=DIR second=DIR",
                usage: true);
        return rows;
    }

    private static ComparedFolder Row(string word)
    {
        var (name, rest) = word.Split('=', 2) is [var given, var folders] && given.Length > 0 && !Directory.Exists(word) ? (given, folders)
            : (Path.TrimEndingDirectorySeparator(word), word);
        return Of(name, [.. (Directory.Exists(rest) ? [rest] : rest.Split(',')).Select(Place)]) with { Word = word };
    }

    // Rows that the call gave no name are called by what tells their paths apart, where that makes all names different.
    private static List<ComparedFolder> Named(List<ComparedFolder> rows)
    {
        var own = rows.Where(r => r.Name == Path.TrimEndingDirectorySeparator(r.Word) && !r.Name.Contains(',', StringComparison.Ordinal))
            .ToList();
        var paths = own.Select(r => Path.GetFullPath(r.Name).Split(Path.DirectorySeparatorChar)).ToList();
        if (paths.Count == 0) return rows;
        var most = paths.Min(p => p.Length) - 1;
        var (first, last) = (0, 0);
        while (first < most && paths.TrueForAll(p => p[first] == paths[0][first])) first++;
        while (first + last < most && paths.TrueForAll(p => p[^(last + 1)] == paths[0][^(last + 1)])) last++;
        var names = own.Zip(paths, (row, path) => (row, Name: string.Join('/', path[first..^last]))).ToDictionary(p => p.row, p => p.Name);
        var named = rows.Select(r => names.TryGetValue(r, out var name) ? r with { Name = name } : r).ToList();
        return named.DistinctBy(r => r.Name).Count() == rows.Count ? named : rows;
    }

    private static (string Folder, int? Step) Place(string word)
    {
        var at = word.LastIndexOf('@');
        if (at < 0 || Directory.Exists(word)) return (word, null);
        if (int.TryParse(word.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var step)) return (word[..at], step);
        throw new TenonException($"comparison of {word}", "DIR@STEP with a step of the run", word[(at + 1)..], usage: true);
    }

    private static ComparedFolder Of(string name, IReadOnlyList<(string Folder, int? Step)> places)
    {
        foreach (var (folder, _) in places.Where(p => !Directory.Exists(p.Folder))) StoredEvaluations.Read(folder);
        var all = places.Select(p => StoredEvaluations.All(p.Folder)).ToList();
        var chosen = places.Select((p, i) => StoredEvaluations.Of(p.Folder, all[i], p.Step)).ToList();
        // What came after the step that is compared is no part of its history.
        return new(name, chosen)
        {
            History = [.. all.Select((found, i) => found.Where(e => places[i].Step is not { } step || e.Step is null || e.Step <= step)
                .ToList())],
            Runs = [.. places.Where(p => p.Step != 0 && RunFolder.IsRun(p.Folder)).Select(p => p.Folder)],
        };
    }
}
