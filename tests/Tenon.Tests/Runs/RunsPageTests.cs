using System.Text;
using Tenon.Runs;
using Tenon.Runs.Doctor;
using Tenon.Tests.Support;

namespace Tenon.Tests.Runs;

/// <summary>The tables of docs/runs.md are made from the catalogues; with TENON_UPDATE_DOCS=1 this test writes them anew.</summary>
public class RunsPageTests
{
    private const string Marker = "<!-- The tables below are made from the catalogues; a test compares them. -->\n";

    [Fact]
    public void The_page_lists_every_metric_and_every_diagnosis()
    {
        var path = Repository.Path("docs/runs.md");
        var page = File.ReadAllText(path).ReplaceLineEndings("\n");
        var expected = page[..(page.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length)] + "\n" + MetricTable() + "\n"
            + DiagnosisTable();
        if (Environment.GetEnvironmentVariable("TENON_UPDATE_DOCS") == "1") File.WriteAllText(path, expected);
        else page.ShouldBe(expected, "run this test once with TENON_UPDATE_DOCS=1 and look at what changed");
    }

    private static string MetricTable()
    {
        var text =
            new StringBuilder(
            "| metric | what it is | unit | taken over |\n|---|---|---|---|\n| `step` | The step, from 1. |  | the step |\n");
        foreach (var (metric, name) in StepMetric.All.Select(m => (m, m.IsAlways ? $"`{m.Name}`" : $"`{m.Name}` *"))
            .Concat(StepMetric.Families.Select(f => (f.Member, f.Prefix.Length > 0 ? $"`{f.Prefix}NAME` *" : "`METHOD/NAME` *")))
            .OrderBy(pair => pair.Item1))
            text.Append(
                $"| {name} | {metric.Sentence.Replace("|", "\\|", StringComparison.Ordinal)} | {Units.Word(metric.Unit)} | "
                + $"{Units.Word(metric.Over)} |\n");
        return text.ToString();
    }

    private static string DiagnosisTable()
    {
        var text = new StringBuilder("## Diagnoses\n\n| name | severity | shown by | what it means | remedy |\n|---|---|---|---|---|\n");
        foreach (var d in Diagnoses.All)
            text.Append(
                $"| `{d.Name}` | {(d.Severity == Severity.Fault ? "fault" : "warning")} | `{d.Metric}` | {d.Meaning} | {d.Remedy} |\n");
        return text.ToString();
    }
}
