using System.CommandLine;
using Tenon.Cli.Commands.Options;
using Tenon.Cluster;
using Tenon.Recipes;

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
    private readonly ClusterOption _cluster;

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
        _cluster = new ClusterOption(this, "spreads the rollouts over a cluster's workers");
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        var (path, overrides) = (call.GetValue(_recipe), (string[])[.. call.GetValue(_overrides) ?? [], .. _compute.Overrides(call)]);
        if (call.GetValue(_resume) is { } folder)
        {
            using var begun =
                TrainingRun.Resume(folder, new ResumeOptions { Recipe = path, Overrides = overrides, Force = call.GetValue(_force) });
            return Train(call, begun, terminal);
        }

        if (path is null) throw new TenonException("tenon train", "a RECIPE or --resume DIR", "neither", usage: true);
        var recipe = Recipe.Load(path).Set(overrides);
        var output = call.GetValue(_output) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path));
        if (call.GetValue(_dryRun))
        {
            var plan = TrainingRun.Plan(recipe, output);
            foreach (var notice in plan.Notices) terminal.Note(notice);
            terminal.Out.WriteLine(plan.Text);
            return 0;
        }

        using var run = TrainingRun.Create(recipe, output);
        return Train(call, run, terminal);
    }

    private int Train(ParseResult call, TrainingRun run, Terminal terminal)
    {
        foreach (var notice in run.Notices) terminal.Note(notice);
        return _cluster.IsGiven(call) ? TrainOn(call, run, terminal) : RunSession.Train(run, terminal);
    }

    private int TrainOn(ParseResult call, TrainingRun run, Terminal terminal)
    {
        using var cluster = ClusterClient.Connect(_cluster.Settings(call));
        terminal.Note($"workers: {string.Join(", ", cluster.WorkerNames)}");
        return RunSession.Train(run, terminal, sampling: cluster.Sampling);
    }
}
