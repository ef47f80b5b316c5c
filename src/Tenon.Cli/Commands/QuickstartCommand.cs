using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Cli.Display;
using Tenon.Cli.Running;
using Tenon.Evaluation.Reports;
using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Runs.Evaluations;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Cli.Commands;

/// <summary>
/// The main job on the embedded model: LoRA learns sums that the model half knows, with nothing to download or configure.
/// </summary>
internal sealed class QuickstartCommand : Verb
{
    private const string Recipe = "Tenon.Cli.quickstart.yaml";
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
        var settings =
            RecipeFile.Parse<RunSettings>(ReadRecipe(), "quickstart.yaml",
            [.. call.GetValue(_overrides) ?? [], .. _compute.Overrides(call)]);
        using var setup = RunBuilder.Build(settings);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var run = RunFolder.Create(call.GetValue(_output) ?? FreeFolder(), RunBuilder.Describe(setup));
        var observer = new QuickstartObserver(Observers.For(terminal));
        var exit = RunSession.Train(setup, run, observer, terminal, resume: false);
        var report = RunReport.Write(run.Folder, null, RunDefaults.Recipe);
        if (exit != 0) return exit;

        Transcripts(run, setup, terminal);
        terminal.Error.WriteLine($"report    {report}");
        if (call.GetValue(_json))
            terminal.Out.WriteLine(new JsonObject
            {
                ["seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 3), ["accuracy_before"] = observer.Before,
                ["accuracy_after"] = observer.After,
                ["report"] = report, ["adapter"] = run.CheckpointFolder(settings.Steps),
            }.ToJsonString());
        return 0;
    }

    private static string ReadRecipe()
    {
        using var stream = typeof(QuickstartCommand).Assembly.GetManifestResourceStream(Recipe)
            ?? throw new InvalidOperationException($"no resource {Recipe}");
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
    private static void Transcripts(RunFolder run, TrainingSetup setup, Terminal terminal)
    {
        var benchmark = setup.HeldOut[0].Name;
        var before = EvaluationFolder.ReadSamples(run.EvaluationFolder(benchmark, 0));
        var after = EvaluationFolder.ReadSamples(run.EvaluationFolder(benchmark, setup.Settings.Steps));
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

    /// <summary>Passes everything on and keeps the accuracies.</summary>
    private sealed class QuickstartObserver(ITrainingObserver inner) : ITrainingObserver, IDisposable
    {
        public double? Before { get; private set; }

        public double? After { get; private set; }

        public void OnStart(RunStart run) => inner.OnStart(run);

        public void OnPhase(StepPhase phase, double share) => inner.OnPhase(phase, share);

        public void OnStep(StepMetrics metrics) => inner.OnStep(metrics);

        public void OnSample(SampleShown sample) => inner.OnSample(sample);

        public void OnCheckpoint(int step, string folder) => inner.OnCheckpoint(step, folder);

        public void OnEvaluation(EvaluationShown evaluation)
        {
            Before ??= evaluation.Accuracy;
            After = evaluation.Accuracy;
            inner.OnEvaluation(evaluation);
        }

        public void OnMessage(string message) => inner.OnMessage(message);

        public void OnEnd(RunEnd end) => inner.OnEnd(end);

        public void Dispose() => (inner as IDisposable)?.Dispose();
    }
}
