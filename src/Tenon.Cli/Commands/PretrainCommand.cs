using System.CommandLine;
using System.Globalization;
using Tenon.Cli.Commands.Options;
using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Training;

namespace Tenon.Cli.Commands;

/// <summary>Supervised training: cross-entropy on given completions, or the continuation of such a run from its folder.</summary>
internal sealed class PretrainCommand : Verb
{
    private readonly Argument<string?> _recipe;
    private readonly Option<string[]> _overrides;
    private readonly Option<string?> _output;
    private readonly Option<string?> _resume;
    private readonly Option<bool> _force;
    private readonly ComputeOptions _compute;

    public PretrainCommand()
        : base("pretrain", "trains a model on worked solutions: a fresh one, or a cold start before reinforcement learning",
        "tenon pretrain recipes/tiny-pretrain.yaml --output runs/tiny", "tenon pretrain --resume runs/tiny")
    {
        _recipe =
            Add(new Argument<string?>("RECIPE") { Description = "a YAML recipe, or a run's run.json", Arity = ArgumentArity.ZeroOrOne });
        _overrides = Add(new Option<string[]>("--set") { Description = "overrides a key of the recipe: key=value" });
        _output =
            Add(new Option<string?>(
            "--output")
            { Description = "the folder of the run and, at its end, of the model; runs/<recipe> by default" });
        _resume = Add(new Option<string?>("--resume") { Description = "goes on with the run in this folder" });
        _force = Add(new Option<bool>("--force") { Description = "resumes although numerics, CPU tier, model file or data file differ" });
        _compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        var (path, overrides) = (call.GetValue(_recipe), (string[])[.. call.GetValue(_overrides) ?? [], .. _compute.Overrides(call)]);
        if (call.GetValue(_resume) is { } folder)
        {
            using var begun =
                SupervisedRun.Resume(folder, new ResumeOptions { Recipe = path, Overrides = overrides, Force = call.GetValue(_force) });
            return Train(begun, terminal);
        }

        if (path is null) throw new TenonException("tenon pretrain", "a RECIPE or --resume DIR", "neither", usage: true);
        using var run = SupervisedRun.Create(Recipe.Load(path).Set(overrides),
            call.GetValue(_output) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path)));
        return Train(run, terminal);
    }

    private static int Train(SupervisedRun run, Terminal terminal)
    {
        foreach (var notice in run.Notices) terminal.Note(notice);
        var exit = RunSession.Work(run.ResumeCommand, terminal, null, () => run.Train(e =>
        {
            if (e is StepDone done) Show(done.Metrics, run.Settings.Steps, terminal.Error);
            if (e is Remark remark) terminal.Error.WriteLine(remark.Text);
        }, terminal.Interrupt.Token));
        if (exit == 0) terminal.Out.WriteLine(run.Folder);
        return exit;
    }

    private static void Show(StepMetrics step, int steps, TextWriter writer)
    {
        var measured = step.Has(StepMetric.Accuracy);
        if (!measured && step.Step % 25 != 0 && step.Step != 1) return;
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"step {step.Step} of {steps}: loss {step[StepMetric.Loss]:F4}, gradient {step[StepMetric.GradNorm]:F2}, "
            + $"{step[StepMetric.TrainSpeed]:F0} tokens/s{(measured ? $", accuracy {step[StepMetric.Accuracy]:P1}" : "")}"));
    }
}
