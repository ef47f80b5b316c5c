using System.CommandLine;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.MathAnswers;
using Tenon.MathAnswers.Steps;
using Tenon.Rewards.Data;

namespace Tenon.Cli.Commands;

/// <summary>
/// <c>tenon verify</c>: one verdict explained, a file or a stream of lines judged, an HTTP judge, a data file's golds audited, or a worked
/// solution checked step by step.
/// </summary>
internal sealed class VerifyCommand : Verb
{
    private readonly Argument<string?> _gold;
    private readonly Argument<string?> _answer;
    private readonly Option<string?> _input;
    private readonly Option<string> _profile;
    private readonly Option<double?> _tolerance;
    private readonly Option<string?> _unit;
    private readonly Option<string?> _require;
    private readonly Option<bool> _explain;
    private readonly Option<bool> _json;
    private readonly Option<string?> _serve;
    private readonly Option<string?> _audit;
    private readonly Option<string?> _column;
    private readonly Option<int?> _threads;
    private readonly Option<string?> _completions;
    private readonly Option<string?> _verdicts;
    private readonly Option<bool> _steps;
    private readonly Option<bool> _thinking;

    public VerifyCommand() : base("verify", "Judges an answer against a gold answer and says why.",
        @"tenon verify '\frac{1}{2}' 'So the answer is \boxed{0.5}.'", "tenon verify --input answers.jsonl",
        "tenon verify --input -   (line by line, for a trainer that keeps it running)",
        "tenon verify --serve 127.0.0.1:8123", "tenon verify --audit data/train.jsonl",
        "tenon verify --steps '12 * 13 = 146, so the total is 146 + 4 = 150'")
    {
        _gold = Add(new Argument<string?>("GOLD") { Description = "The right answer.", Arity = ArgumentArity.ZeroOrOne });
        _answer =
            Add(new Argument<string?>("ANSWER")
            {
                Description = "The answer to judge: a bare answer or a whole completion.",
                Arity = ArgumentArity.ZeroOrOne
            });
        _input =
            Add(new Option<string?>("--input",
            "-i")
            {
                Description = "A JSONL file of {\"gold\":...,\"answer\":...} lines, or - for standard input, answered line by line.",
                HelpName = "FILE"
            });
        _profile =
            Add(new Option<string>("--profile")
            {
                Description = "The rules: " + string.Join(", ", RuleProfile.All.Select(p => p.Name))
            + ".", HelpName = "NAME", DefaultValueFactory = _ => "tenon"
            });
        _tolerance = Add(new Option<double?>("--tolerance") { Description = "Relative tolerance of numbers.", HelpName = "X" });
        _unit = Add(new Option<string?>("--unit") { Description = "The unit the gold is in.", HelpName = "UNIT" });
        _require =
            Add(new Option<string?>(
            "--require")
            {
                Description = "value: only a plain number counts, nothing that is still to be worked out.",
                HelpName = "answer|value"
            });
        _explain = Add(new Option<bool>("--explain") { Description = "Adds the extracted text and both readings to every answered line." });
        _json = Add(new Option<bool>("--json") { Description = "Prints one JSON line instead of the table." });
        _serve =
            Add(new Option<string?>(
            "--serve")
            {
                Description = "Answers HTTP POST requests: one line, or many lines or a JSON array at once.",
                HelpName = "HOST:PORT"
            });
        _audit =
            Add(new Option<string?>(
            "--audit")
            {
                Description = "Reads a data file and reports golds that are empty, unparsable, ambiguous or duplicated.",
                HelpName = "FILE"
            });
        _steps =
            Add(new Option<bool>("--steps")
            {
                Description =
            "Checks the arithmetic and algebra of a worked solution line by line: of SOLUTION (or of ANSWER behind a GOLD, or of "
            + "--input's lines), and explains the first wrong step."
            });
        _thinking =
            Add(new Option<bool>("--thinking")
            {
                Description =
            "The prompt left a think block open, so that answers begin inside it: without its closing tag there is no answer."
            });
        _column =
            Add(new Option<string?>(
            "--answer-column")
            {
                Description =
            "The column of the gold, nested ones by a dotted path; the usual names by default (--audit).", HelpName = "NAME"
            });
        _threads = Add(new Option<int?>("--threads") { Description = "Worker threads; all cores by default.", HelpName = "N" });
        _verdicts =
            Add(new Option<string?>(
            "--verdict-column")
            {
                Description =
            "A column with another judge's verdicts (--audit): every answer on which it and we differ, with the reason.",
                HelpName = "NAME"
            });
        _completions =
            Add(new Option<string?>(
            "--completion-column")
            {
                Description =
            "The column of the completion (--verdict-column); completion, response, output, prediction or answer where not named.",
                HelpName = "NAME"
            });
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        ComputeOptions.ApplyThreads(call.GetValue(_threads));
        var profile = RuleProfile.Find(call.GetValue(_profile)!);
        if (call.GetValue(_audit) is { } audit) return Audit(audit, call, profile, terminal);
        if (call.GetValue(_require) is not (null or "answer" or "value"))
            throw new TenonException("tenon verify --require", "answer or value", call.GetValue(_require), usage: true);
        if (call.GetValue(_tolerance) is { } t && !(t >= 0 && t < 1))
            throw new TenonException("tenon verify --tolerance", "a relative tolerance from 0 to below 1", $"{t}", usage: true);
        var options = new VerifyOptions
        {
            Tolerance = call.GetValue(_tolerance),
            Unit = call.GetValue(_unit),
            RequireValue = call.GetValue(_require) == "value",
            OpenedBlock = Opened(call),
        };
        var lines = new VerifyLines(profile, call.GetValue(_explain), options);
        if (call.GetValue(_serve) is { } address)
        {
            VerifyServer.Run(lines, address, terminal);
            return 0;
        }
        var steps = call.GetValue(_steps);
        if (call.GetValue(_input) is { } input)
            return Stream(steps ? new StepLines(call.GetValue(_explain), options.OpenedBlock).Answer : lines.Answer, input, terminal);
        if (steps && call.GetValue(_gold) is { } solution && call.GetValue(_answer) is null)
        {
            VerifySteps.Show(solution, options.OpenedBlock, call.GetValue(_json), call.GetValue(_explain), terminal);
            return 0;
        }
        if (call.GetValue(_gold) is not { } gold || call.GetValue(_answer) is not { } answer)
            throw new TenonException("tenon verify", "GOLD and ANSWER, or --input FILE, --serve HOST:PORT, --audit FILE, --steps SOLUTION",
                hint: "tenon verify --help", usage: true);
        Show(new MathVerifier(profile).Verify(gold, answer, options), call.GetValue(_json), terminal);
        if (steps) VerifySteps.Show(answer, options.OpenedBlock, call.GetValue(_json), call.GetValue(_explain), terminal);
        return 0;
    }

    private string? Opened(ParseResult call) => call.GetValue(_thinking) ? ThinkBlocks.UnknownTag : null;

    private static void Show(MathVerdict verdict, bool json, Terminal terminal)
    {
        if (json)
        {
            terminal.Out.WriteLine(VerifyLines.Explain(verdict));
            return;
        }
        terminal.Out.WriteLine(verdict.Correct switch { true => "correct", false => "wrong", null => $"skipped: {verdict.Skipped}" });
        terminal.Out.WriteLine($"  reason     {verdict.Reason}");
        if (verdict.Extracted is not null) terminal.Out.WriteLine($"  extracted  {verdict.Extracted}   ({verdict.ExtractionRule})");
        if (verdict.Skipped is null)
        {
            terminal.Out.WriteLine($"  gold       {verdict.GoldParsed ?? "(read as words)"}");
            if (verdict.Extracted is not null) terminal.Out.WriteLine($"  answer     {verdict.AnswerParsed ?? "(read as words)"}");
        }
        terminal.Out.WriteLine($"  rules      {verdict.Rules}");
    }

    private static int Stream(Func<string, string> answerOf, string input, Terminal terminal)
    {
        string Answer(InputLine line) =>
            line.Fault is { } fault ? JsonLines.Error("text", fault.Message).ToJsonString() : answerOf(line.Text);
        if (input == "-")
        {
            foreach (var line in JsonLines.Read(input, terminal))
            {
                terminal.Out.Write(Answer(line) + "\n");
                terminal.Out.Flush();
            }
            return 0;
        }
        foreach (var chunk in JsonLines.Read(input, terminal).Chunk(4096))
        {
            var answers = new string[chunk.Length];
            Parallel.For(0, chunk.Length, Workers.Options, i => answers[i] = Answer(chunk[i]));
            foreach (var answer in answers) terminal.Out.Write(answer + "\n");
        }
        return 0;
    }

    private int Audit(string file, ParseResult call, RuleProfile profile, Terminal terminal)
    {
        var json = call.GetValue(_json);
        var gold = call.GetValue(_column);
        if (call.GetValue(_verdicts) is { } verdicts)
            VerifyAudit.Verdicts(file,
                VerdictAudit.Read(VerdictLines.Of(file, verdicts, gold, call.GetValue(_completions)), profile, Opened(call)), verdicts,
                json, terminal);
        else VerifyAudit.Golds(file, gold, json, terminal);
        return 0;
    }
}
