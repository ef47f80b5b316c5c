using System.CommandLine;
using Tenon.Cli.Commands.Options;
using Tenon.Evaluation.Reports;
using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Runs.Exports;
using Tenon.Studies;

namespace Tenon.Cli.Commands;

/// <summary>
/// <c>tenon report</c>: a run, an evaluation, a study, a comparison of several evaluations or runs, or spectra, as one self-contained HTML
/// file.
/// </summary>
internal sealed class ReportCommand : Verb
{
    private readonly Argument<string[]> _folders;
    private readonly Option<string?> _output;
    private readonly Option<string?> _csv;
    private readonly Option<string?> _tensorBoard;
    private readonly PlotOption _plots;
    private readonly ComparisonOptions _comparison;

    public ReportCommand()
        : base(
            "report",
            "Writes a run, an evaluation or a study, or several side by side, as one self-contained HTML file: curves, evaluations, "
            + "completions with verdicts, settings.",
            "tenon report runs/first", "tenon report eval/base", "tenon report runs/first --output first.html",
            "tenon report runs/lora runs/dora --output compared.html",
            "tenon report runs/first --csv first.csv --tensorboard logs/first")
    {
        _folders = Add(new Argument<string[]>("RUN")
        {
            Description = "A run's folder, which may still be going on, or that of an evaluation or of a study; several folders of runs or "
                + "evaluations are compared; a file of lines that tenon spectra --json wrote.",
            Arity = ArgumentArity.OneOrMore,
        });
        _output = Add(new Option<string?>("--output", "-o")
        {
            Description = "The file to write (report.html in the folder by default; comparison.html here for several; beside a file "
                + "of spectra).",
            HelpName = "FILE",
        });
        _csv =
            Add(new Option<string?>("--csv")
            {
                Description = "Writes the metrics as CSV instead: one row a step, one column a metric.",
                HelpName = "FILE"
            });
        _tensorBoard = Add(new Option<string?>("--tensorboard")
        {
            Description = "Writes the metrics as a TensorBoard event file into this folder instead.", HelpName = "DIR",
        });
        _plots = new PlotOption(this);
        _comparison = new ComparisonOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var (folders, output) = (call.GetValue(_folders)!, call.GetValue(_output));
        if (folders is [var file] && File.Exists(file))
        {
            var (spectra, collapse) = SpectrumReport.Read(file);
            var page = output ?? Path.ChangeExtension(file, ".html");
            terminal.Out.WriteLine(SpectrumReport.Write($"spectra of {Path.GetFileName(file)}", spectra, collapse, page));
            _plots.Write(call, terminal, () => SpectrumReport.Charts(spectra));
            return 0;
        }

        var single = folders.Length == 1 && !folders[0].Contains('=', StringComparison.Ordinal)
            && (RunFolder.IsRun(folders[0]) || !Directory.Exists(folders[0]));
        if (Exported(call, folders, single, terminal) && output is null) return 0;
        if (single)
        {
            terminal.Out.WriteLine(RunReport.Write(folders[0], output, Recipe.Defaults));
            _plots.Write(call, terminal, () => RunReport.Charts(folders[0]));
            return 0;
        }

        if (folders is [var folder] && !folder.Contains('=', StringComparison.Ordinal))
        {
            if (StudyFolder.IsStudy(folder)) return OfStudy(call, folder, output, terminal);
            terminal.Out.WriteLine(EvaluationReport.Write(folder, output));
            _plots.Write(call, terminal, () => EvaluationReport.Charts(folder));
            return 0;
        }

        var comparisons = _comparison.Compare(call, folders, terminal);
        terminal.Out.WriteLine(ComparisonReport.Write(comparisons, output ?? "comparison.html"));
        _plots.Write(call, terminal, () => ComparisonReport.Charts(comparisons));
        return 0;
    }

    private int OfStudy(ParseResult call, string folder, string? output, Terminal terminal)
    {
        var study = Study.Open(folder);
        var page = StudyReport.Write(study);
        if (output is not null)
        {
            AtomicFile.WriteText(output, SharedFile.ReadText(page));
            page = Path.GetFullPath(output);
        }

        terminal.Out.WriteLine(page);
        _plots.Write(call, terminal, () => StudyReport.Charts(study));
        return 0;
    }

    private bool Exported(ParseResult call, string[] folders, bool single, Terminal terminal)
    {
        var (csv, tensorBoard) = (call.GetValue(_csv), call.GetValue(_tensorBoard));
        if (csv is null && tensorBoard is null) return false;
        if (!single) throw new TenonException("tenon report --csv, --tensorboard", "one run", $"{folders.Length} folders", usage: true);
        var run = RunReader.Open(folders[0]);
        if (csv is not null)
        {
            CsvExport.Write(run, csv);
            terminal.Out.WriteLine(Path.GetFullPath(csv));
        }

        if (tensorBoard is not null) terminal.Out.WriteLine(Path.GetFullPath(TensorBoardExport.Write(run, tensorBoard)));
        return true;
    }
}
