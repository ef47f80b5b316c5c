using System.CommandLine;
using Tenon.Cli.Commands.Options;
using Tenon.Evaluation.Reports;

namespace Tenon.Cli.Commands;

/// <summary>
/// <c>tenon compare</c>: evaluations side by side, paired by problem; or, with <c>--plan</c>, what a comparison could show before it is
/// run.
/// </summary>
internal sealed class CompareCommand : Verb
{
    private readonly Argument<string[]> _folders;
    private readonly Option<string?> _report;
    private readonly PlotOption _plots;
    private readonly ComparisonOptions _comparison;
    private readonly TableOptions _tables;
    private readonly PlanOptions _plan;

    public CompareCommand()
        : base(
            "compare", "Compares evaluations problem by problem: differences with intervals, what is noise, what cannot be told apart.",
            "tenon compare eval/base eval/adapter", "tenon compare runs/first   (before and after)",
            "tenon compare lora=runs/lora-1,runs/lora-2 dora=runs/dora-1,runs/dora-2",
            "tenon compare --plan --problems 30 --samples 32 --seeds 2 --difference 0.02")
    {
        _folders = Add(new Argument<string[]>("FOLDER")
        {
            Description =
            "evaluation or run folders; DIR@STEP takes another step than a run's last, NAME=DIR,DIR names a row of several seeds",
            Arity = ArgumentArity.ZeroOrMore,
        });
        _report = Add(new Option<string?>("--report") { Description = "write the comparison as one HTML file too", HelpName = "FILE" });
        _plots = new PlotOption(this);
        _comparison = new ComparisonOptions(this);
        _tables = new TableOptions(this);
        _plan = new PlanOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        if (_plan.Wanted(call)) return _plan.Run(call, terminal, _tables);
        var comparisons = _comparison.Compare(call, call.GetValue(_folders) ?? [], terminal);
        foreach (var (json, tables, sentences) in comparisons.Parts()) _tables.Write(call, terminal, json, tables, sentences);

        if (call.GetValue(_report) is { } report) terminal.Error.WriteLine(ComparisonReport.Write(comparisons, report));
        _plots.Write(call, terminal, () => ComparisonReport.Charts(comparisons));
        return 0;
    }
}
