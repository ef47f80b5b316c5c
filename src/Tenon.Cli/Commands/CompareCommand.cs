using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Cli.Running;
using Tenon.Evaluation.Comparisons;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon compare</c>: evaluations side by side, paired by problem; or, with <c>--plan</c>, what a comparison could show before it is run.</summary>
internal sealed class CompareCommand : Verb
{
    private readonly Argument<string[]> _folders;
    private readonly Option<string?> _against;
    private readonly Option<string?> _benchmark;
    private readonly Option<double?> _margin;
    private readonly Option<string[]> _across;
    private readonly Option<bool> _force;
    private readonly TableOptions _tables;
    private readonly PlanOptions _plan;

    public CompareCommand()
        : base(
            "compare", "Compares evaluations problem by problem: differences with intervals, what is noise, what cannot be told apart.",
            "tenon compare eval/base eval/adapter", "tenon compare runs/first   (before and after)",
            "tenon compare lora=runs/lora-1,runs/lora-2 dora=runs/dora-1,runs/dora-2", "tenon compare --plan --problems 30 --samples 32 --seeds 2 --difference 0.02")
    {
        _folders = Add(new Argument<string[]>("FOLDER")
        {
            Description = "evaluation or run folders; DIR@STEP takes another step than a run's last, NAME=DIR,DIR names a row of several seeds", Arity = ArgumentArity.ZeroOrMore,
        });
        _against = Add(new Option<string?>("--against") { Description = "the row that the others are compared with; the first by default", HelpName = "NAME" });
        _benchmark = Add(new Option<string?>("--benchmark") { Description = "only this benchmark; all that every row has by default", HelpName = "NAME" });
        _margin = Add(new Option<double?>("--margin") { Description = "differences within this much count as none: an equivalence test", HelpName = "X" });
        _across = Add(new Option<string[]>("--across") { Description = "what may differ between the evaluations: prompt, temperature, grader ...", HelpName = "WHAT" });
        _force = Add(new Option<bool>("--force") { Description = "compare whatever differs" });
        _tables = new TableOptions(this);
        _plan = new PlanOptions(this);
    }

    /// <summary>Refuses a margin that is none.</summary>
    public static void CheckMargin(double? margin)
    {
        if (margin is { } m && !(m > 0 && double.IsFinite(m)))
            throw new TenonException("--margin", "a number above 0, as a share: 0.02 is two points", m.ToString(CultureInfo.InvariantCulture), usage: true);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        if (_plan.Wanted(call)) return _plan.Run(call, terminal, _tables);
        CheckMargin(call.GetValue(_margin));
        foreach (var comparison in Comparisons(call, terminal))
        {
            _tables.Write(
                call, terminal, () => ComparisonTables.Json(comparison), [ComparisonTables.Main(comparison), ComparisonTables.PassCurves(comparison)],
                ComparisonTables.Sentences(comparison));
        }

        return 0;
    }

    private IReadOnlyList<Comparison> Comparisons(ParseResult call, Terminal terminal)
    {
        var entries = ComparedFolder.Parse(call.GetValue(_folders) ?? []);
        var first = entries[0].Evaluations[0].Select(e => e.Benchmark);
        var names = entries.SelectMany(e => e.Evaluations).Aggregate(first, (left, run) => left.Intersect(run.Select(e => e.Benchmark))).ToList();
        if (call.GetValue(_benchmark) is { } wanted) names = [.. names.Where(n => n == wanted.Split('@')[0])];
        if (names.Count == 0)
        {
            var each = entries.Select(e => $"{e.Name}: {string.Join(", ", e.Evaluations.SelectMany(r => r.Select(x => x.Benchmark)).Distinct())}");
            throw new TenonException("tenon compare", "a benchmark that every row has", string.Join("; ", each), usage: true);
        }

        var missing = entries.SelectMany(e => e.Evaluations.SelectMany(r => r.Select(x => x.Benchmark))).Distinct().Except(names).ToList();
        if (missing.Count > 0 && call.GetValue(_benchmark) is null) terminal.Error.WriteLine($"left out, for not every row has them: {string.Join(", ", missing)}");
        return [.. names.Select(name => Compare(call, name, entries))];
    }

    private Comparison Compare(ParseResult call, string benchmark, IReadOnlyList<ComparedFolder> entries)
    {
        var across = call.GetValue(_across)?.SelectMany(a => a.Split(',')).ToList() ?? [];
        var reference = entries[0].Of(benchmark)[0];
        var entrants = new List<Entrant>();
        foreach (var entry in entries)
        {
            var evaluations = entry.Of(benchmark);
            foreach (var evaluation in evaluations)
            {
                if (!call.GetValue(_force)) Fairness.Require(entries[0].Name, reference, entry.Name, evaluation, across);
            }

            entrants.Add(new Entrant(entry.Name, [.. evaluations.Select(e => e.Problems)]) { Facts = Facts(evaluations) });
        }

        return Comparison.Of(benchmark, entrants, call.GetValue(_against), call.GetValue(_margin));
    }

    /// <summary>Means over runs where all of them say something.</summary>
    private static Dictionary<string, double?> Facts(IReadOnlyList<StoredEvaluation> evaluations) =>
        evaluations[0].Facts.Keys.ToDictionary(key => key, key => evaluations.All(e => e.Facts.GetValueOrDefault(key) is not null)
            ? evaluations.Average(e => e.Facts[key])
            : null);
}
