using System.CommandLine;
using System.Globalization;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Reports;
using Tenon.Evaluation.Texts;

namespace Tenon.Cli.Commands.Options;

/// <summary>What is compared with what, and what may differ.</summary>
internal sealed class ComparisonOptions
{
    private readonly Option<string?> _against =
        new("--against") { Description = "the row that the others are compared with; the first by default", HelpName = "NAME" };
    private readonly Option<string?> _benchmark =
        new("--benchmark") { Description = "only this benchmark; all that every row has by default", HelpName = "NAME" };
    private readonly Option<double?> _margin =
        new("--margin") { Description = "differences within this much count as none: an equivalence test", HelpName = "X" };
    private readonly Option<string[]> _across =
        new("--across") { Description = "what may differ between the evaluations: prompt, temperature, grader ...", HelpName = "WHAT" };
    private readonly Option<bool> _force = new("--force") { Description = "compare whatever differs" };

    private readonly Option<string?> _equal = new("--equal")
    {
        Description = "compare at an equal cost: every run at its last evaluation within the tokens or the time of the cheapest one, or only "
            + $"rows that train as many parameters: {string.Join(", ", EqualBudget.Names)}",
        HelpName = "COST",
    };

    /// <summary>Adds the options to a verb.</summary>
    public ComparisonOptions(Command verb)
    {
        foreach (var option in new Option[] { _against, _benchmark, _margin, _across, _force, _equal }) verb.Options.Add(option);
    }

    /// <summary>Refuses a margin that is none.</summary>
    public static void CheckMargin(double? margin)
    {
        if (margin is { } m && !(m > 0 && double.IsFinite(m)))
            throw new TenonException("--margin", "a number above 0, as a share: 0.02 is two points",
                m.ToString(CultureInfo.InvariantCulture), usage: true);
    }

    /// <summary>One comparison a benchmark or text that every row has.</summary>
    public ComparedAll Compare(ParseResult call, IReadOnlyList<string> folders, Terminal terminal)
    {
        CheckMargin(call.GetValue(_margin));
        var entries = ComparedFolder.Parse(folders);
        var first = entries[0].Evaluations[0].Select(e => e.Benchmark);
        var names = entries.SelectMany(e => e.Evaluations).Aggregate(first, (left, run) => left.Intersect(run.Select(e => e.Benchmark)))
            .ToList();
        if (call.GetValue(_benchmark) is { } wanted) names = [.. names.Where(n => n == wanted.Split('@')[0])];
        if (names.Count == 0)
        {
            var each =
                entries.Select(e => $"{e.Name}: {string.Join(", ", e.Evaluations.SelectMany(r => r.Select(x => x.Benchmark)).Distinct())}");
            throw new TenonException("comparison", "a benchmark that every row has", string.Join("; ", each), usage: true);
        }

        var missing = entries.SelectMany(e => e.Evaluations.SelectMany(r => r.Select(x => x.Benchmark))).Distinct().Except(names).ToList();
        if (missing.Count > 0 && call.GetValue(_benchmark) is null)
            terminal.Error.WriteLine($"left out, for not every row has them: {string.Join(", ", missing)}");
        if (call.GetValue(_equal) is { } cost) entries = [.. entries.Select(e => Equal(e, entries, names, cost)).OfType<ComparedFolder>()];
        foreach (var name in names) RequireFair(call, name, entries);
        var (against, margin) = (call.GetValue(_against), call.GetValue(_margin));
        against = entries.FirstOrDefault(e => e.Word == against || Path.TrimEndingDirectorySeparator(e.Word) == against)?.Name ?? against;
        var isText = names.ToLookup(name => entries[0].Of(name)[0].Documents is not null);
        return new(
            [.. isText[false].Select(name => Comparison.Of(name, [.. entries.Select(e => e.Scores(name, entries))], against, margin))],
            [.. isText[true].Select(name => TextComparison.Of(name,
                [.. entries.Select(e => new TextEntrant(e.Name, [.. e.Of(name).Select(r => r.Documents ?? [])]))], against, margin))])
        {
            Runs = [.. entries.Where(e => e.Runs.Count > 0).Select(e => new ComparedRun(e.Name, e.Runs))],
        };
    }

    // The row at the cost of the cheapest one; null where it trains another number of parameters.
    private static ComparedFolder? Equal(ComparedFolder entry, IReadOnlyList<ComparedFolder> all, IReadOnlyList<string> names, string cost)
    {
        if (!EqualBudget.Names.Contains(cost))
            throw new TenonException("--equal", string.Join(", ", EqualBudget.Names), cost, usage: true);
        var runs = entry.Evaluations.Select((run, r) => names.Select(name =>
        {
            var compared = run.First(e => e.Benchmark == name);
            var budget = EqualBudget.Of(all.SelectMany(e => e.Of(name)), cost)
                ?? throw new TenonException($"--equal {cost}", "a trained run among the rows", "none that says what it cost", usage: true);
            return compared.Facts.GetValueOrDefault(EqualBudget.FactOf(cost)) == 0 ? compared
                : EqualBudget.Within(entry.History[r], compared, cost, budget);
        }).ToList()).ToList();
        return runs.Any(r => r.Contains(null)) ? null : new(entry.Name, [.. runs.Select(r => r.OfType<StoredEvaluation>().ToList())])
        {
            History = entry.History, Runs = entry.Runs, Word = entry.Word,
        };
    }

    private void RequireFair(ParseResult call, string benchmark, IReadOnlyList<ComparedFolder> entries)
    {
        if (call.GetValue(_force)) return;
        var across = call.GetValue(_across)?.SelectMany(a => a.Split(',')).ToList() ?? [];
        var reference = entries[0].Of(benchmark)[0];
        foreach (var entry in entries)
        {
            foreach (var evaluation in entry.Of(benchmark)) Fairness.Require(entries[0].Name, reference, entry.Name, evaluation, across);
        }
    }
}
