using System.CommandLine;
using Tenon.Evaluation.Reports;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon report RUN</c>: a run as one self-contained HTML file.</summary>
internal sealed class ReportCommand : Verb
{
    private readonly Argument<string> _run;
    private readonly Option<string?> _output;

    public ReportCommand() : base("report", "Writes a run as one self-contained HTML file: curves, evaluations, completions with verdicts, settings.",
        "tenon report runs/first", "tenon report runs/first --output first.html")
    {
        _run = Add(new Argument<string>("RUN") { Description = "The run's folder; a run that still goes on can be read too." });
        _output = Add(new Option<string?>("--output", "-o") { Description = "The file to write (report.html in the run's folder by default).", HelpName = "FILE" });
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        terminal.Out.WriteLine(RunReport.Write(call.GetValue(_run)!, call.GetValue(_output)));
        return 0;
    }
}
