using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Cli.Commands.Options;
using Tenon.Evaluation.Reports;
using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Runs.Evaluations;
using Tenon.Training;

namespace Tenon.Cli.Commands;

/// <summary>
/// The main job on the embedded model: LoRA learns sums that the model half knows, with nothing to download or configure.
/// </summary>
internal sealed class QuickstartCommand : Verb
{
    private const string Resource = "Tenon.Cli.quickstart.yaml";
    private readonly Option<string?> _output;
    private readonly Option<bool> _json;
    private readonly Option<string[]> _overrides;
    private readonly ComputeOptions _compute;

    public QuickstartCommand()
        : base("quickstart", "trains the embedded tiny model with LoRA on sums it half knows, in about a minute", "tenon quickstart",
        "tenon quickstart --json")
    {
        _output =
            Add(new Option<string?>(
            "--output")
            { Description = "the run folder; the first free one of runs/quickstart, runs/quickstart-2 ... by default" });
        _json = Add(new Option<bool>("--json") { Description = "ends with one JSON line on standard output" });
        _overrides = Add(new Option<string[]>("--set") { Description = "overrides a key of the recipe: key=value" });
        _compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        var recipe = Recipe.Parse(ReadRecipe(), "quickstart.yaml").Set([.. call.GetValue(_overrides) ?? [], .. _compute.Overrides(call)]);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var run = TrainingRun.Create(recipe, call.GetValue(_output) ?? FreeFolder());
        var accuracies = new List<double>();
        var exit = RunSession.Train(run, terminal, e =>
        {
            if (e is EvaluationDone evaluation) accuracies.Add(evaluation.Accuracy);
        });
        if (exit != 0) return exit;

        Transcripts(run, terminal);
        var report = Path.Combine(run.Folder, RunReport.FileName);
        terminal.Error.WriteLine($"report    {report}");
        if (call.GetValue(_json))
            terminal.Out.WriteLine(new JsonObject
            {
                ["seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 3),
                ["accuracy_before"] = accuracies.Count == 0 ? null : accuracies[0],
                ["accuracy_after"] = accuracies.Count == 0 ? null : accuracies[^1],
                ["report"] = report,
                ["adapter"] = run.AdapterFolder,
            }.ToJsonString());
        return 0;
    }

    private static string ReadRecipe()
    {
        using var stream = typeof(QuickstartCommand).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"no resource {Resource}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string FreeFolder()
    {
        var folder = Path.Combine("runs", "quickstart");
        for (var i = 2; Directory.Exists(folder); i++) folder = Path.Combine("runs", $"quickstart-{i}");
        return folder;
    }

    /// <summary>Three held-out problems, answered before and after: first those that training put right.</summary>
    private static void Transcripts(TrainingRun run, Terminal terminal)
    {
        if (run.Settings.Evaluate.Benchmarks is not [var benchmark, ..]) return;
        using var folder = RunFolder.Read(run.Folder);
        var before = EvaluationFolder.ReadSamples(folder.EvaluationFolder(benchmark, 0));
        var after = EvaluationFolder.ReadSamples(folder.EvaluationFolder(benchmark, run.Settings.Steps));
        var pairs = before.Zip(after).OrderByDescending(p => p.Second.Correct == true && p.First.Correct != true).Take(3);
        terminal.Error.WriteLine();
        foreach (var (then, now) in pairs)
        {
            terminal.Error.WriteLine($"problem   {then.Question}   (answer {then.Gold})");
            terminal.Error.WriteLine($"  before  {then.Text}   {(then.Correct == true ? "right" : "wrong")}");
            terminal.Error.WriteLine($"  after   {now.Text}   {(now.Correct == true ? "right" : "wrong")}");
        }

        terminal.Error.WriteLine();
    }
}
