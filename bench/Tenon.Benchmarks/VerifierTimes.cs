using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.MathAnswers;

namespace Tenon.Benchmarks;

/// <summary>
/// Processor time of verdicts on one thread, over lines made from data files that are given by path: the times of the verifier in
/// <c>docs/verifier.md</c> and <c>docs/log.md</c>. A row with a worked solution (<c>solution</c> beside <c>answer</c>, or an <c>answer</c>
/// that ends in <c>#### 18</c>) gives its solution as a completion; a row with <c>answer</c> alone gives it in a box at the end of a
/// sentence; a row with <c>gold</c> and <c>answer</c> stands as it is. <c>--write FILE</c> keeps the lines, for <c>tenon verify --threads 1
/// --input FILE</c> of another version. <c>--cases FILE</c> asks instead how many field cases are judged as a person would.
/// </summary>
internal static class VerifierTimes
{
    private static readonly Option<string[]> S_data =
        new("--data") { AllowMultipleArgumentsPerToken = true, Description = "JSONL files, one after the other" };
    private static readonly Option<int> S_copies = new("--copies") { DefaultValueFactory = _ => 12, Description = "of all lines" };
    private static readonly Option<int> S_runs = new("--runs") { DefaultValueFactory = _ => 3, Description = "best of; the first apart" };
    private static readonly Option<string?> S_write = new("--write") { Description = "where to write the lines; nothing is timed" };

    private static readonly Option<string[]> S_cases =
        new("--cases") { AllowMultipleArgumentsPerToken = true, Description = "JSONL files of field cases: how many are judged right" };
    private static readonly Option<string> S_profile = new("--profile") { DefaultValueFactory = _ => "tenon", Description = "of --cases" };

    public static Command Command()
    {
        var command = new Command("verifier", "processor time of verdicts over data files, or the share of field cases judged right")
        { S_data, S_copies, S_runs, S_write, S_cases, S_profile };
        command.Validators.Add(call =>
        {
            if (call.GetResult(S_data) is null == call.GetResult(S_cases) is null) call.AddError("expected either --data or --cases");
        });
        command.SetAction(Run);
        return command;
    }

    private static void Run(ParseResult call)
    {
        if (call.GetValue(S_cases) is { Length: > 0 } cases)
        {
            VerifierCases.Run(cases, call.GetValue(S_profile)!);
            return;
        }

        var rows = call.GetValue(S_data)!.SelectMany(File.ReadLines).Where(line => line.Length > 0).Select(Line).ToList();
        var lines = Enumerable.Repeat(rows, call.GetValue(S_copies)).SelectMany(copy => copy).ToList();
        if (call.GetValue(S_write) is { } path)
        {
            File.WriteAllLines(path, lines);
            return;
        }

        var judge = new VerifyLines();
        var (first, right) = Judge(judge, lines);
        var best = Enumerable.Range(0, call.GetValue(S_runs)).Min(_ => Judge(judge, lines).Seconds);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{lines.Count} lines, {right} judged right "
            + $"({RuleProfile.Tenon.Id}); processor time on one thread {first:0.00} s at first, {best:0.00} s best of {call.GetValue(S_runs)}, "
            + $"{1e6 * best / lines.Count:0.0} µs a verdict"));
    }

    private static (double Seconds, int Right) Judge(VerifyLines judge, List<string> lines)
    {
        var right = 0;
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        foreach (var line in lines)
            if (judge.Answer(line).Contains("\"correct\":true", StringComparison.Ordinal)) right++;
        process.Refresh();
        return ((process.TotalProcessorTime - before).TotalSeconds, right);
    }

    private static string Line(string row)
    {
        var fields = JsonNode.Parse(row)!.AsObject();
        if (fields.ContainsKey("gold")) return row;
        var answer = fields["answer"]!.ToString();
        var (gold, completion) = fields["solution"] is { } solution ? (answer, solution.ToString())
            : answer.LastIndexOf("####", StringComparison.Ordinal) is >= 0 and var hashes
                ? (answer[(hashes + 4)..].Trim(), answer[..hashes].Trim())
            : (answer, $"So the final result is $\\boxed{{{answer}}}$.");
        return new JsonObject { ["gold"] = gold, ["answer"] = completion }.ToJsonString();
    }
}
