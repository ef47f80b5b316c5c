using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Cli.Display;
using Tenon.Runs;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon samples RUN</c>: a run's completions, with verdict, reason and advantage.</summary>
internal sealed class SamplesCommand : Verb
{
    private readonly Argument<string> _run;
    private readonly Option<int?> _step;
    private readonly Option<string?> _problem;
    private readonly Option<int?> _limit;
    private readonly Option<bool> _json;
    private readonly Option<bool>[] _kinds;

    public SamplesCommand() : base("samples", "Shows a run's completions with verdict, reason, reward and advantage.",
        "tenon samples runs/first --wrong --limit 5", "tenon samples runs/first --step 40 --best",
        "tenon samples runs/first --problem p7 --json")
    {
        _run = Add(new Argument<string>("RUN") { Description = "The run's folder." });
        _step =
            Add(new Option<int?>("--step")
            {
                Description =
            "The completions of one step; without it those of the last (of all steps with --problem).", HelpName = "N"
            });
        _problem = Add(new Option<string?>("--problem") { Description = "Only this problem's, by its id.", HelpName = "ID" });
        _kinds =
        [
            Add(new Option<bool>("--wrong") { Description = "Only those that were judged wrong." }),
            Add(new Option<bool>("--right") { Description = "Only those that were judged right." }),
            Add(new Option<bool>("--truncated") { Description = "Only those that the length limit ended." }),
            Add(new Option<bool>("--best") { Description = "The highest reward first." }),
            Add(new Option<bool>("--worst") { Description = "The lowest reward first." }),
        ];
        _limit = Add(new Option<int?>("--limit") { Description = "At most so many; 10 by default, all with --json.", HelpName = "N" });
        _limit.Validators.Add(given =>
        {
            if (given.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var limit) && limit < 1)
                given.AddError("--limit: expected 1 or more");
        });
        _json = Add(new Option<bool>("--json") { Description = "One JSON line a completion." });
        Validators.Add(Contradictions);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var run = DoctorCommand.Open(call.GetValue(_run)!);
        var steps = run.SampleSteps();
        if (call.GetValue(_step) is { } step)
        {
            if (!steps.Contains(step))
                throw new TenonException($"completions of step {step} in {run.Folder}", steps.Count == 0 ? "any"
                    : $"one of the steps {steps[0]} to {steps[^1]}", "none", usage: true);
            steps = [step];
        }
        else if (call.GetValue(_problem) is null) steps = [.. steps.TakeLast(1)];

        var json = call.GetValue(_json);
        var chosen = Choose(steps.SelectMany(run.Samples), call).Take(call.GetValue(_limit) ?? (json ? int.MaxValue : 10));
        var count = 0;
        foreach (var sample in chosen)
        {
            count++;
            if (json) terminal.Out.WriteLine(ToJson(sample).ToJsonString());
            else Write(sample, terminal.Out);
        }

        if (count > 0) return 0;
        if (call.GetValue(_problem) is { } id) RequireProblem(steps.SelectMany(run.Samples), id, run.Folder);
        terminal.Error.WriteLine("no completion is of that kind");
        return 0;
    }

    private static void RequireProblem(IEnumerable<SampleRecord> samples, string id, string folder)
    {
        var ids = samples.Select(sample => sample.Id).Distinct().ToList();
        if (ids.Contains(id)) return;
        var some = string.Join(", ", ids.Take(5).Select(known => Clean(known)));
        throw new TenonException($"completions of problem '{Clean(id)}' in {folder}",
            ids.Count == 0 ? "any" : $"one of its {ids.Count} problems: {some}{(ids.Count > 5 ? ", ..." : "")}", "none", usage: true);
    }

    private IEnumerable<SampleRecord> Choose(IEnumerable<SampleRecord> samples, ParseResult call)
    {
        bool Is(int kind) => call.GetValue(_kinds[kind]);
        if (call.GetValue(_problem) is { } id) samples = samples.Where(sample => sample.Id == id);
        if (Is(0)) samples = samples.Where(sample => sample.Correct == false);
        if (Is(1)) samples = samples.Where(sample => sample.Correct == true);
        if (Is(2)) samples = samples.Where(sample => sample.Truncated);
        // Completions without a reward come last in either order.
        if (Is(3)) samples = samples.OrderByDescending(sample => double.IsNaN(sample.Reward) ? double.NegativeInfinity : sample.Reward);
        if (Is(4)) samples = samples.OrderBy(sample => double.IsNaN(sample.Reward) ? double.PositiveInfinity : sample.Reward);
        return samples;
    }

    private void Contradictions(CommandResult call)
    {
        if (call.GetValue(_kinds[0]) && call.GetValue(_kinds[1])) call.AddError("--wrong and --right exclude each other");
        if (call.GetValue(_kinds[3]) && call.GetValue(_kinds[4])) call.AddError("--best and --worst exclude each other");
    }

    private static JsonObject ToJson(SampleRecord sample) => new()
    {
        ["step"] = sample.Step,
        ["group"] = sample.Group,
        ["sample"] = sample.Sample,
        ["problem"] = sample.Problem,
        ["id"] = sample.Id,
        ["answer"] = sample.Answer,
        ["completion"] = sample.Completion,
        ["reward"] = RunJson.Finite(sample.Reward),
        ["correct"] = sample.Correct,
        ["reason"] = sample.Reason,
        ["advantage"] = RunJson.Finite(sample.Advantage),
        ["tokens"] = sample.Tokens,
        ["finish"] = sample.Finish,
    };

    private static void Write(SampleRecord sample, TextWriter writer)
    {
        var verdict = sample.Correct switch { true => "right", false => "wrong", _ => "not judged" };
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"step {sample.Step}, group {sample.Group}, sample {sample.Sample}: {verdict} ({sample.Reason}), reward "
            + $"{Figures.Number(sample.Reward)}, advantage {Figures.Number(sample.Advantage)}, {sample.Tokens} "
            + $"tokens{(sample.Truncated ? ", cut" : "")}"));
        writer.WriteLine($"  problem  {sample.Id}: {Clean(sample.Problem)}   (answer {Clean(sample.Answer)})");
        foreach (var line in sample.Completion.Split('\n')) writer.WriteLine("  | " + Clean(line));
        writer.WriteLine();
    }

    // A model's text may hold escape sequences; a terminal is not its to command.
    private static string Clean(string text) => Figures.Text(text, int.MaxValue);
}
