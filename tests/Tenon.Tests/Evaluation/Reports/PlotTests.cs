using System.Xml.Linq;
using Tenon.Plots;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Evaluation.Reports;

/// <summary>Charts as files through the verbs that have them.</summary>
public class PlotTests
{
    private static readonly byte[] S_png = [0x89, (byte)'P', (byte)'N', (byte)'G'];

    [Fact, Trait("Speed", "slow")]
    public void Runs_and_comparisons_write_every_chart_as_png_and_svg()
    {
        using var folder = new TemporaryFolder();
        var run = RunReportTests.WriteRun(folder.File("first"), 30);
        foreach (var (words, some) in new (string[], string[])[]
        {
            (["report", run], ["accuracy", "reward", "gradient-norm"]),
            (["report", run + "@0", run, "--output", folder.File("c.html")], ["accuracy-by-row-in-the-table-s-order"]),
            (["compare", run], ["accuracy-by-row-in-the-table-s-order"]),
        })
        {
            var place = folder.File(Guid.NewGuid().ToString("N"));
            var call = Call.Tenon([.. words, "--plots", place]);
            call.Exit.ShouldBe(0, call.Error);
            call.Error.ShouldContain($"plots in {place}");
            foreach (var name in some)
            {
                File.ReadAllBytes(Path.Combine(place, name + ".png"))[..4].ShouldBe(S_png);
                var svg = XDocument.Load(Path.Combine(place, name + ".svg")).Root!;
                ((string)svg.Attribute("width")!).ShouldBe($"{PlotFiles.Width}");
                svg.Descendants().Count().ShouldBeGreaterThan(20);
            }
        }
    }

    [Fact]
    public void Odd_charts_are_drawn_and_names_that_stand_twice_are_told_apart()
    {
        using var folder = new TemporaryFolder();
        var nan = double.NaN;
        var files = PlotFiles.Write(
        [
            new("Same", [1], [new("one point", [0.5])]) { Share = true },
            new("Same", [1, 10, 100], [new("constant", [2, 2, 2])]) { Log = true },
            new("", [1, 2, 3], [new("gaps", [nan, 1, nan]), new("none", [nan, nan, nan])]) { FromZero = true },
            new("nothing", [1, 2], [new("none", [nan, nan])]),
            new("bands", [0, 1], [new("b", [0.2, 0.4]) { Points = true, Joined = true, Band = ([0.1, 0.3], [0.3, 0.5]) }]),
        ], folder.Path);
        files.Select(Path.GetFileName).ShouldBe(
            ["same.png", "same.svg", "same-2.png", "same-2.svg", "chart.png", "chart.svg", "bands.png", "bands.svg"]);
        files.ShouldAllBe(f => new FileInfo(f).Length > 500);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_a_wrong_call()
    {
        using var folder = new TemporaryFolder();
        var run = RunReportTests.WriteRun(folder.File("first"), 3);
        var call = Call.Tenon("report", run, "--plots", Path.Combine(run, "run.json", "plots"));
        (call.Exit, call.Error.Contains("plots into", StringComparison.Ordinal)).ShouldBe((2, true), call.Error);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void Without_skia_everything_else_goes_on_and_plots_say_what_is_missing()
    {
        using var folder = new TemporaryFolder();
        var run = RunReportTests.WriteRun(folder.File("first"), 3);
        var program = folder.File("program");
        Copy(AppContext.BaseDirectory, program);
        foreach (var library in Directory.GetFiles(program, "libSkiaSharp*", SearchOption.AllDirectories))
            File.WriteAllText(library, "none");
        TenonProcess.RunProgram(Path.Combine(program, "tenon.dll"), ["report", run]).Exit.ShouldBe(0);
        var (exit, _, error) = TenonProcess.RunProgram(Path.Combine(program, "tenon.dll"), ["report", run, "--plots", folder.File("p")]);
        (exit, error.Contains("Skia's native library", StringComparison.Ordinal)).ShouldBe((1, true), error);
        error.ShouldNotContain("   at ");
    }

    // What the program needs: its assemblies, and the native libraries of this system. What other tests make beside them comes and goes.
    private static void Copy(string from, string to)
    {
        var libraries = Path.Combine(from, "runtimes", "linux-x64");
        foreach (var file in Directory.GetFiles(from).Concat(Directory.GetFiles(libraries, "*", SearchOption.AllDirectories)))
        {
            var name = Path.GetRelativePath(from, file);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(to, name))!);
            File.Copy(file, Path.Combine(to, name));
        }
    }
}
