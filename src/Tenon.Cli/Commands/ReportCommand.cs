using System.CommandLine;
using Tenon.Evaluation.Reports;
using Tenon.Runs;
using Tenon.Runs.Exports;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon report RUN</c>: a run as one self-contained HTML file.</summary>
internal sealed class ReportCommand : Verb
{
    private readonly Argument<string> _run;
    private readonly Option<string?> _output;
    private readonly Option<string?> _csv;
    private readonly Option<string?> _tensorBoard;

    public ReportCommand() : base("report", "Writes a run as one self-contained HTML file: curves, evaluations, completions with verdicts, settings.",
        "tenon report runs/first", "tenon report runs/first --output first.html", "tenon report runs/first --csv first.csv --tensorboard logs/first")
    {
        _run = Add(new Argument<string>("RUN") { Description = "The run's folder; a run that still goes on can be read too." });
        _output = Add(new Option<string?>("--output", "-o") { Description = "The file to write (report.html in the run's folder by default).", HelpName = "FILE" });
        _csv = Add(new Option<string?>("--csv") { Description = "Writes the metrics as CSV instead: one row a step, one column a metric.", HelpName = "FILE" });
        _tensorBoard = Add(new Option<string?>("--tensorboard") { Description = "Writes the metrics as a TensorBoard event file into this folder instead.", HelpName = "DIR" });
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var (csv, tensorBoard) = (call.GetValue(_csv), call.GetValue(_tensorBoard));
        if (csv is not null || tensorBoard is not null)
        {
            var run = RunReader.Open(call.GetValue(_run)!);
            if (csv is not null)
            {
                CsvExport.Write(run, csv);
                terminal.Out.WriteLine(Path.GetFullPath(csv));
            }

            if (tensorBoard is not null) terminal.Out.WriteLine(Path.GetFullPath(TensorBoardExport.Write(run, tensorBoard)));
            if (call.GetValue(_output) is null) return 0;
        }

        terminal.Out.WriteLine(RunReport.Write(call.GetValue(_run)!, call.GetValue(_output)));
        return 0;
    }
}
