using System.CommandLine;
using Tenon.Cli.Display;
using Tenon.Cli.Running;
using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Training.Settings;

namespace Tenon.Cli.Commands;

/// <summary>One reinforcement-learning run from a recipe, or the continuation of one from its folder.</summary>
internal sealed class TrainCommand : Verb
{
    private readonly Argument<string?> _recipe;
    private readonly Option<string[]> _overrides;
    private readonly Option<string?> _output;
    private readonly Option<string?> _resume;
    private readonly Option<bool> _force;
    private readonly Option<bool> _dryRun;
    private readonly ComputeOptions _compute;

    public TrainCommand()
        : base("train", "trains an adapter by reinforcement learning with verifiable rewards",
        "tenon train recipes/quickstart.yaml --set steps=20 --output runs/first", "tenon train --resume runs/first")
    {
        _recipe =
            Add(new Argument<string?>("RECIPE") { Description = "a YAML recipe, or a run's run.json", Arity = ArgumentArity.ZeroOrOne });
        _overrides = Add(new Option<string[]>("--set") { Description = "overrides a key of the recipe: key=value" });
        _output = Add(new Option<string?>("--output") { Description = "the run folder; runs/<recipe> by default" });
        _resume = Add(new Option<string?>("--resume") { Description = "goes on with the run in this folder" });
        _force = Add(new Option<bool>("--force") { Description = "resumes although numerics, CPU tier, model file or data file differ" });
        _dryRun = Add(new Option<bool>("--dry-run") { Description = "prints the resolved recipe, parameters, memory and time, and stops" });
        _compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        if (call.GetValue(_resume) is { } folder) return Resume(folder, call.GetValue(_force), call, terminal);
        var path = call.GetValue(_recipe) ?? throw new TenonException("tenon train", "a RECIPE or --resume DIR", "neither", usage: true);
        var settings = RecipeFile.Load<RunSettings>(path, [.. call.GetValue(_overrides) ?? [], .. _compute.Overrides(call)]);
        _compute.Apply(call);
        using var setup = RunBuilder.Build(settings);
        foreach (var notice in setup.Notices) terminal.Error.WriteLine($"note: {notice}");
        MemoryCheck.Require(setup);
        if (call.GetValue(_dryRun))
        {
            terminal.Out.WriteLine(DryRun.Describe(setup));
            return 0;
        }

        using var run =
            RunFolder.Create(call.GetValue(_output)
            ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path)), RunBuilder.Describe(setup));
        return RunSession.Train(setup, run, Observers.For(terminal), terminal, resume: false);
    }

    private int Resume(string folder, bool forced, ParseResult call, Terminal terminal)
    {
        using var run = RunFolder.Open(folder);
        var description = run.ReadDescription();
        var home = RunHome.Of(run, description);
        var settings =
            RunIdentity.Recipe<RunSettings>(run, ref description, "train", call.GetValue(_recipe),
            [.. call.GetValue(_overrides) ?? [], .. _compute.Overrides(call)], terminal.Error.WriteLine);
        _compute.Apply(call);
        using var setup = RunBuilder.Build(settings, run, home);
        RunIdentity.RequireSame(description, setup.Model, settings.Model, settings.Data, home, forced);
        if (description.Changes is not null) run.WriteRun(description);
        return RunSession.Train(setup, run, Observers.For(terminal), terminal, resume: true);
    }
}
