using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Cli.Commands.Options;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Reports;
using Tenon.MathAnswers;
using Tenon.Rewards.Data;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon stats</c>: figures, intervals and comparisons of scores that come from anywhere.</summary>
internal sealed class StatsCommand : Verb
{
    private readonly Option<string> _input;
    private readonly Option<string?> _against;
    private readonly Option<double?> _margin;
    private readonly Option<string?> _from;
    private readonly Option<string?> _data;
    private readonly Option<string?> _filter;
    private readonly Option<string> _profile;
    private readonly TableOptions _tables;

    public StatsCommand()
        : base(
            "stats", "Means with intervals of given scores and, for several runs, their comparison problem by problem.",
            "tenon stats --input scores.jsonl",
            "tenon stats --input scores.jsonl --against base --json", "tenon stats --input samples_gsm8k.jsonl --filter strict-match",
            "tenon stats --input answers.jsonl --data data/gsm8k.jsonl")
    {
        _input = Add(new Option<string>("--input", "-i")
        {
            Description = "lines {\"problem\":\"id\",\"score\":x} with optional run, seed, sample, cluster; - for standard input",
            HelpName = "FILE", Required = true,
        });
        _against =
            Add(new Option<string?>("--against")
            {
                Description = "the run that the others are compared with; the first by default",
                HelpName = "RUN"
            });
        _margin =
            Add(new Option<double?>("--margin")
            {
                Description = "differences within this much count as none: an equivalence test",
                HelpName = "X"
            });
        _from = Add(new Option<string?>("--from")
        {
            Description = "the tool whose sample file the input is, where that is not to be told from the file: vllm, lighteval, lm-eval; "
                + "its verdicts stand beside ours",
            HelpName = "TOOL",
        });
        _data =
            Add(new Option<string?>("--data")
            {
                Description = "golds by problem id, where a sample file of another tool has none",
                HelpName = "FILE"
            });
        _filter = Add(new Option<string?>("--filter")
        {
            Description = "the filter of lm-eval whose lines count; the file's first by default", HelpName = "NAME",
        });
        _profile =
            Add(new Option<string>("--profile")
            {
                Description = "our rules: tenon, math-verify or boxed, for another tool's file", HelpName = "NAME",
                DefaultValueFactory = _ => "tenon"
            });
        _tables = new TableOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        ComparisonOptions.CheckMargin(call.GetValue(_margin));
        var input = call.GetValue(_input)!;
        if ((call.GetValue(_from) ?? (input == "-" ? null : SampleImport.ToolOf(input))) is { } tool)
            return Regrade(call, terminal, input, tool);
        var entrants = input != "-" && DataTable.IsTable(input) ? ScoreLines.ReadTable(input)
            : ScoreLines.Read(Lines(input, terminal), input);
        var comparison = Comparison.Of(Path.GetFileNameWithoutExtension(input), entrants, call.GetValue(_against), call.GetValue(_margin));
        _tables.Write(
            call, terminal, () => ComparisonTables.Json(comparison),
            [ComparisonTables.Main(comparison), ComparisonTables.PassCurves(comparison)],
            ComparisonTables.Sentences(comparison));
        return 0;
    }

    private int Regrade(ParseResult call, Terminal terminal, string input, string tool)
    {
        var golds = call.GetValue(_data) is { } data ? SampleImport.Golds(data) : new Dictionary<string, string>();
        var read = SampleImport.Read(input, tool, golds, call.GetValue(_filter));
        var regrading = Regrading.Of(tool, read.Samples, RuleProfile.Find(call.GetValue(_profile)!));
        Entrant[] entrants = regrading.Theirs is { } theirs ? [theirs, regrading.Ours] : [regrading.Ours];
        var comparison = Comparison.Of(Path.GetFileNameWithoutExtension(input), entrants, call.GetValue(_against), call.GetValue(_margin));
        var changed =
            new ResultTable("verdicts that our rules change", "problem", "sample", "theirs", "ours", "reason", "gold", "extracted");
        foreach (var c in regrading.Changed)
        {
            changed.Add(
                c.Sample.Problem, ResultCell.Count(c.Sample.Sample), ResultCell.Three(c.Sample.Score), c.Ours ? "1"
                : "0", c.Reason, Short(c.Sample.Gold), Short(c.Extracted));
        }

        _tables.Write(
            call, terminal, () => Json(comparison, regrading, read),
            [ComparisonTables.Main(comparison), ComparisonTables.PassCurves(comparison), regrading.Changed.Count > 0 ? changed : null],
            [.. ComparisonTables.Sentences(comparison), read.Told(), Told(regrading, read.Samples.Count)]);
        return 0;
    }

    private static JsonObject Json(Comparison comparison, Regrading regrading, ImportedSamples read)
    {
        var json = ComparisonTables.Json(comparison);
        json["tool"] = read.Tool;
        json["filter"] = read.Filter;
        json["failed"] = read.Failed;
        json["skipped"] = regrading.Skipped;
        json["changed"] = new JsonArray([.. regrading.Changed.Select(c => c.ToJson())]);
        return json;
    }

    private static string Told(Regrading regrading, int samples)
    {
        var (right, wrong) = (regrading.Changed.Count(c => c.Ours), regrading.Changed.Count(c => !c.Ours));
        var skipped = regrading.Skipped == 0 ? "" : $"; {regrading.Skipped} have no gold that can be judged";
        if (regrading.Shared == samples)
            return $"The tool scores a problem's samples together: no verdict of a sample stands beside ours{skipped}.";
        return $"Of {samples - regrading.Shared} samples our rules make {right} right that were wrong and {wrong} wrong that were right"
            + $"{skipped}.";
    }

    private static string Short(string? text) => text is null ? "-" : Display.Figures.Text(text, 40);

    private static IEnumerable<string> Lines(string input, Terminal terminal)
    {
        using var file = input == "-" ? null : Utf8Lines.Open(input, "input");
        var reader = file ?? terminal.In;
        while (reader.ReadLine() is { } line) yield return line;
    }
}
