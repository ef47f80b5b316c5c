using System.CommandLine;
using Tenon.Cli.Running;
using Tenon.Evaluation.Comparisons;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon stats</c>: figures, intervals and comparisons of scores that come from anywhere.</summary>
internal sealed class StatsCommand : Verb
{
    private readonly Option<string> _input;
    private readonly Option<string?> _against;
    private readonly Option<double?> _margin;
    private readonly TableOptions _tables;

    public StatsCommand()
        : base(
            "stats", "Means with intervals of given scores and, for several runs, their comparison problem by problem.", "tenon stats --input scores.jsonl",
            "tenon stats --input scores.jsonl --against base --json")
    {
        _input = Add(new Option<string>("--input", "-i")
        {
            Description = "lines {\"problem\":\"id\",\"score\":x} with optional run, seed, sample, cluster; - for standard input", HelpName = "FILE", Required = true,
        });
        _against = Add(new Option<string?>("--against") { Description = "the run that the others are compared with; the first by default", HelpName = "RUN" });
        _margin = Add(new Option<double?>("--margin") { Description = "differences within this much count as none: an equivalence test", HelpName = "X" });
        _tables = new TableOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        ComparisonOptions.CheckMargin(call.GetValue(_margin));
        var input = call.GetValue(_input)!;
        var entrants = ScoreLines.Read(Lines(input, terminal), input);
        var comparison = Comparison.Of(Path.GetFileNameWithoutExtension(input), entrants, call.GetValue(_against), call.GetValue(_margin));
        _tables.Write(
            call, terminal, () => ComparisonTables.Json(comparison), [ComparisonTables.Main(comparison), ComparisonTables.PassCurves(comparison)],
            ComparisonTables.Sentences(comparison));
        return 0;
    }

    private static IEnumerable<string> Lines(string input, Terminal terminal)
    {
        using var file = input == "-" ? null : Utf8Lines.Open(input, "input");
        var reader = file ?? terminal.In;
        while (reader.ReadLine() is { } line) yield return line;
    }
}
