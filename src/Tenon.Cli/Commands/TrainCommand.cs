using System.CommandLine;
using Tenon.Recipes;
using Tenon.Cli.Display;
using Tenon.Cli.Running;
using Tenon.Runs;
using Tenon.Training.Settings;

namespace Tenon.Cli.Commands;

/// <summary>One reinforcement-learning run from a recipe, or the continuation of one from its folder.</summary>
internal sealed class TrainCommand : Verb
{
    private readonly Argument<string?> recipe;
    private readonly Option<string[]> overrides;
    private readonly Option<string?> output;
    private readonly Option<string?> resume;
    private readonly Option<bool> force;
    private readonly Option<bool> dryRun;
    private readonly ComputeOptions compute;

    public TrainCommand()
        : base("train", "trains an adapter by reinforcement learning with verifiable rewards", "tenon train recipes/quickstart.yaml --set steps=20 --output runs/first", "tenon train --resume runs/first")
    {
        recipe = Add(new Argument<string?>("RECIPE") { Description = "a YAML recipe, or a run's run.json", Arity = ArgumentArity.ZeroOrOne });
        overrides = Add(new Option<string[]>("--set") { Description = "overrides a key of the recipe: key=value" });
        output = Add(new Option<string?>("--output") { Description = "the run folder; runs/<recipe> by default" });
        resume = Add(new Option<string?>("--resume") { Description = "goes on with the run in this folder" });
        force = Add(new Option<bool>("--force") { Description = "resumes although numerics, CPU tier, model file or data file differ" });
        dryRun = Add(new Option<bool>("--dry-run") { Description = "prints the resolved recipe, parameters, memory and time, and stops" });
        compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        if (call.GetValue(resume) is { } folder) return Resume(folder, call.GetValue(force), call, terminal);
        var path = call.GetValue(recipe) ?? throw new TenonException("tenon train", "a RECIPE or --resume DIR", "neither", usage: true);
        var settings = RecipeFile.Load<RunSettings>(path, [.. call.GetValue(overrides) ?? [], .. compute.Overrides(call)]);
        compute.Apply(call);
        using var setup = RunBuilder.Build(settings);
        foreach (var notice in setup.Notices) terminal.Error.WriteLine($"note: {notice}");
        MemoryCheck.Require(setup);
        if (call.GetValue(dryRun))
        {
            terminal.Out.WriteLine(DryRun.Describe(setup));
            return 0;
        }

        using var run = RunFolder.Create(call.GetValue(output) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path)), RunBuilder.Describe(setup));
        return RunSession.Train(setup, run, Observers.For(terminal), terminal, resume: false);
    }

    private int Resume(string folder, bool forced, ParseResult call, Terminal terminal)
    {
        using var run = RunFolder.Open(folder);
        var description = run.ReadDescription();
        var home = RunHome.Of(run, description);
        var settings = RunIdentity.Recipe<RunSettings>(run, ref description, "train", call.GetValue(recipe), [.. call.GetValue(overrides) ?? [], .. compute.Overrides(call)], terminal.Error.WriteLine);
        compute.Apply(call);
        using var setup = RunBuilder.Build(settings, run, home);
        RunIdentity.RequireSame(description, setup.Model, settings.Model, settings.Data, home, forced);
        if (description.Changes is not null) run.WriteRun(description);
        return RunSession.Train(setup, run, Observers.For(terminal), terminal, resume: true);
    }
}
