using Tenon.Evaluation.Statistics;

namespace Tenon.Evaluation.Comparisons;

/// <summary>Entrants over the problems that all of their runs have, in the order of the first.</summary>
/// <param name="Entrants">The rows.</param>
/// <param name="Problems">Ids of the common problems.</param>
/// <param name="Clusters">Their clusters; null where no problem has one.</param>
/// <param name="Left">How many problems some run has and another has not.</param>
/// <param name="Paired">False where no problem is common: each entrant then stands on problems of its own, all of its runs'
/// together.</param>
public sealed record PairedScores(IReadOnlyList<Entrant> Entrants, IReadOnlyList<string> Problems, IReadOnlyList<string>? Clusters,
    int Left, bool Paired)
{
    private readonly Dictionary<(int Entrant, int Run), IReadOnlyList<double>[]> _scores = [];

    /// <summary>Pairs by problem id.</summary>
    public static PairedScores Of(IReadOnlyList<Entrant> entrants)
    {
        var runs = entrants.SelectMany(e => e.Runs).Select(r => r.Where(p => p.Scores.Count > 0).ToList()).ToList();
        if (runs.Count == 0) return new(entrants, [], null, 0, true);
        var common = runs.Select(r => r.Select(p => p.Id)).Aggregate((a, b) => a.Intersect(b, StringComparer.Ordinal))
            .ToHashSet(StringComparer.Ordinal);
        var all = runs.SelectMany(r => r.Select(p => p.Id)).Distinct(StringComparer.Ordinal).Count();
        if (common.Count == 0) return RunByRun(entrants) is { } byRun ? Of(byRun) : Apart(entrants);
        ProblemScores[] first = [.. runs[0].Where(p => common.Contains(p.Id)).DistinctBy(p => p.Id, StringComparer.Ordinal)];
        string[]? clusters = first.All(p => p.Cluster is null) ? null : [.. first.Select(p => p.Cluster ?? "problem " + p.Id)];
        var paired = new PairedScores(entrants, [.. first.Select(p => p.Id)], clusters, all - common.Count, true);
        for (var e = 0; e < entrants.Count; e++)
        {
            for (var r = 0; r < entrants[e].Runs.Count; r++)
            {
                var byId = entrants[e].Runs[r].GroupBy(p => p.Id, StringComparer.Ordinal)
                    .ToDictionary(g => g.Key, g => (IReadOnlyList<double>)[.. g.SelectMany(p => p.Scores)], StringComparer.Ordinal);
                paired._scores[(e, r)] = [.. paired.Problems.Select(id => byId[id])];
            }
        }

        return paired;
    }

    /// <summary>
    /// Where every run (a seed) has problems of its own, and the entrants' runs agree one by one: all of them as one run; null otherwise.
    /// </summary>
    private static Entrant[]? RunByRun(IReadOnlyList<Entrant> entrants)
    {
        var count = entrants[0].Runs.Count;
        if (count < 2 || entrants.Any(e => e.Runs.Count != count)) return null;
        var all = Enumerable.Range(0, count);
        if (!all.All(r => entrants.Select(e => e.Runs[r].Select(p => p.Id)).Aggregate((a, b) => a.Intersect(b, StringComparer.Ordinal))
            .Any())) return null;
        return [.. entrants.Select(e => e
            with { Runs = [[.. all.SelectMany(r => e.Runs[r].Select(p => p with { Id = $"run {r + 1}: {p.Id}" }))]] })];
    }

    private static PairedScores Apart(IReadOnlyList<Entrant> entrants)
    {
        var scores = new PairedScores(entrants, [], null, 0, false);
        for (var e = 0; e < entrants.Count; e++)
            scores._scores[(e, 0)] = [.. entrants[e].Runs.SelectMany(r => r).Where(p => p.Scores.Count > 0).Select(p => p.Scores)];
        return scores;
    }

    /// <summary>An entrant's scores [run][problem][sample].</summary>
    public IReadOnlyList<IReadOnlyList<double>>[] Scores(int entrant) => [.. Enumerable.Range(0, Paired ? Entrants[entrant].Runs.Count : 1)
        .Select(r => (IReadOnlyList<IReadOnlyList<double>>)_scores[(entrant, r)])];

    /// <summary>An entrant's figure with its interval.</summary>
    public Estimate Mean(int entrant, double confidence = 0.95) => Estimate.OfRuns(Scores(entrant), Clusters, confidence);

    /// <summary>pass@k, over all runs' samples of a problem.</summary>
    public Estimate PassAtK(int entrant, int k) => Estimate.PassAtK(Counts(entrant), k);

    /// <summary>Right samples and samples of each problem, over all runs.</summary>
    public (int Correct, int Samples)[] Counts(int entrant)
    {
        var runs = Scores(entrant);
        return [.. Enumerable.Range(0, runs[0].Count).Select(i => (runs.Sum(r => r[i].Count(s => s >= 1)), runs.Sum(r => r[i].Count)))];
    }

    /// <summary>True where every score is 0 or 1.</summary>
    public bool IsBinary => _scores.Values.All(run => run.All(p => p.All(s => s is 0 or 1)));
}
