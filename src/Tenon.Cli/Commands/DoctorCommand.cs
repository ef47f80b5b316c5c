using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Cli.Display;
using Tenon.MathAnswers;
using Tenon.Rewards;
using Tenon.Runs;
using Tenon.Runs.Doctor;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon doctor RUN</c>: what ails a run, by name, with the metric that shows it and the key that mends it.</summary>
internal sealed class DoctorCommand : Verb
{
    private readonly Argument<string> _run;
    private readonly Option<bool> _json;
    private readonly Option<bool> _list;

    public DoctorCommand()
        : base("doctor", "Looks a run over: what ails it, which metric shows it, and which key of the recipe mends it.",
        "tenon doctor runs/first", "tenon doctor --list")
    {
        _run =
            Add(new Argument<string>("RUN")
            {
                Description = "The run's folder; a run that still goes on can be looked at too.",
                Arity = ArgumentArity.ZeroOrOne
            });
        _json = Add(new Option<bool>("--json") { Description = "One JSON line." });
        _list = Add(new Option<bool>("--list") { Description = "Lists every diagnosis and what it looks at." });
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        if (call.GetValue(_list))
        {
            foreach (var diagnosis in Diagnoses.All)
                terminal.Out.WriteLine($"{diagnosis.Name,-24}{diagnosis.Metric,-22}{diagnosis.Meaning}");
            return 0;
        }

        var folder = call.GetValue(_run) ?? throw new TenonException("tenon doctor", "a RUN, or --list", "neither", usage: true);
        var run = Open(folder);
        var findings = Diagnoses.Of(RunFacts.Of(run, Judge(run.Run.Recipe)));
        if (call.GetValue(_json))
        {
            terminal.Out.WriteLine(
                new JsonObject { ["findings"] = new JsonArray([.. findings.Select(finding => (JsonNode)finding.ToJson())]) }
                .ToJsonString());
            return 0;
        }

        foreach (var finding in findings) Write(finding, terminal.Out);
        if (findings.Count == 0) terminal.Out.WriteLine($"nothing found in {run.Steps.Count} steps ({Diagnoses.All.Count} diagnoses)");
        return 0;
    }

    /// <summary>Opens a run; a folder that is none is a failure of the work (exit code 1).</summary>
    internal static RunReader Open(string folder) => RunFolder.IsRun(folder)
        ? RunReader.Open(folder)
        : throw new TenonException($"{folder} is no run", "a folder with a run.json", Directory.Exists(folder) ? "a folder without one"
        : File.Exists(folder) ? "a file" : "nothing there");

    private static void Write(Finding finding, TextWriter writer)
    {
        var d = finding.Diagnosis;
        writer.WriteLine(
            $"{(d.Severity == Severity.Fault ? "fault" : "warning"),-9}{d.Name}, {Steps(finding)}: {d.Metric} "
            + $"{Figures.Number(finding.Value)} (threshold {Figures.Number(finding.Threshold)})");
        writer.WriteLine($"         {d.Meaning}");
        writer.WriteLine($"         Remedy: {d.Remedy}");
    }

    private static string Steps(Finding finding) => finding.First == finding.Last
        ? string.Create(CultureInfo.InvariantCulture, $"step {finding.First}")
        : string.Create(CultureInfo.InvariantCulture, $"steps {finding.First} to {finding.Last}");

    // The verifier's verdict says something where a gold is an answer that it can compare; tasks whose answers are checked in another way
    // have none.
    private static Func<SampleRecord, bool?>? Judge(JsonObject recipe)
    {
        if (RunJson.Text(recipe["data"]?["task"]?["name"]) is { } task
            && task is not ("arithmetic" or "four-operations" or "linear-equations")) return null;
        var math = RewardFinder.Create("math");
        return sample => sample.Answer.Length == 0 ? null
            : math.Judge(new Problem(sample.Id, sample.Problem, sample.Answer),
            new Completion(sample.Completion, sample.Tokens, sample.Truncated, Math.Max(1, sample.Tokens))
            { OpenedBlock = ThinkBlocks.LeftOpen(sample.Prompt) }).Correct;
    }
}
