using System.CommandLine;
using System.Globalization;
using Tenon.Cli.Running;
using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Training.Pretraining;
using Tenon.Training.Settings;

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
        string[] changes = [.. call.GetValue(_overrides) ?? [], .. _compute.Overrides(call)];
        if (call.GetValue(_resume) is { } folder)
        {
            using var begun = RunFolder.Open(folder);
            var description = begun.ReadDescription();
            var home = RunHome.Of(begun, description);
            var stored =
                RunIdentity.Recipe<PretrainSettings>(begun, ref description, "pretrain", call.GetValue(_recipe), changes,
                terminal.Error.WriteLine);
            _compute.Apply(call);
            using var continued = PretrainSession.Open(stored, home);
            continued.RequireSame(description, home, call.GetValue(_force));
            if (description.Changes is not null) begun.WriteRun(description);
            return Train(continued, begun, terminal, stored.Steps, resume: true);
        }

        var path = call.GetValue(_recipe) ?? throw new TenonException("tenon pretrain", "a RECIPE or --resume DIR", "neither", usage: true);
        var settings = RecipeFile.Load<PretrainSettings>(path, changes);
        _compute.Apply(call);
        using var session = PretrainSession.Open(settings);
        using var run =
            RunFolder.Create(call.GetValue(_output) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path)), session.Describe());
        return Train(session, run, terminal, settings.Steps, resume: false);
    }

    private static int Train(PretrainSession session, RunFolder run, Terminal terminal, int steps, bool resume)
    {
        var exit = RunSession.Work(run, terminal, null, () =>
        {
            var trainer = session.Trainer(run);
            if (resume) trainer.Resume(terminal.Error.WriteLine);
            foreach (var step in trainer.Run(terminal.Interrupt.Token)) Show(step, steps, terminal.Error);
            if (trainer.IsDone) session.Save(run);
        });
        if (exit == 0) terminal.Out.WriteLine(run.Folder);
        return exit;
    }

    private static void Show(SupervisedStep step, int steps, TextWriter writer)
    {
        if (step.Accuracy is null && step.Step % 25 != 0 && step.Step != 1) return;
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"step {step.Step} of {steps}: loss {step.Loss:F4}, gradient {step.GradNorm:F2}, {step.Tokens / step.Seconds:F0} "
            + $"tokens/s{(step.Accuracy is { } accuracy ? $", accuracy {accuracy:P1}" : "")}"));
    }
}
