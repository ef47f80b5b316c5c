using System.CommandLine;
using Tenon.Evaluation.Reports;
using Tenon.Plots;

namespace Tenon.Cli.Commands.Options;

/// <summary><c>--plots DIR</c>: the charts of a report as files.</summary>
internal sealed class PlotOption
{
    private readonly Option<string?> _plots = new("--plots")
    {
        Description = "write every chart as PNG and SVG into this folder too (the one thing that needs a native library, Skia's)",
        HelpName = "DIR",
    };

    /// <summary>Adds the option to a verb.</summary>
    public PlotOption(Command verb) => verb.Options.Add(_plots);

    /// <summary>Writes the charts where they are asked for, and says where they lie; true where they were.</summary>
    public bool Write(ParseResult call, Terminal terminal, Func<IEnumerable<ReportChart>> charts)
    {
        if (call.GetValue(_plots) is not { } folder) return false;
        var files = PlotFiles.Write(charts(), folder);
        terminal.Error.WriteLine($"{files.Count} plots in {Path.GetFullPath(folder)}");
        return true;
    }
}
