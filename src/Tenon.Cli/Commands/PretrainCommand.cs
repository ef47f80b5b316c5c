using System.CommandLine;
using System.Globalization;
using Tenon.Cli.Recipes;
using Tenon.Cli.Running;
using Tenon.Training.Settings;

namespace Tenon.Cli.Commands;

/// <summary>Supervised training: cross-entropy on given completions.</summary>
internal sealed class PretrainCommand : Verb
{
    private readonly Argument<string> recipe;
    private readonly Option<string[]> overrides;
    private readonly Option<string?> output;
    private readonly ComputeOptions compute;

    public PretrainCommand()
        : base("pretrain", "trains a model on worked solutions: a fresh one, or a cold start before reinforcement learning", "tenon pretrain recipes/tiny-pretrain.yaml --output runs/tiny")
    {
        recipe = Add(new Argument<string>("RECIPE") { Description = "a YAML recipe" });
        overrides = Add(new Option<string[]>("--set") { Description = "overrides a key of the recipe: key=value" });
        output = Add(new Option<string?>("--output") { Description = "the new folder of the model; runs/<recipe> by default" });
        compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var path = call.GetValue(recipe)!;
        var settings = RecipeFile.Load<PretrainSettings>(path, [.. call.GetValue(overrides) ?? [], .. compute.Overrides(call)]);
        compute.Apply(call);
        var folder = call.GetValue(output) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path));
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new TenonException($"the output folder {folder}", "a new or empty folder", "files in it", "choose another --output", usage: true);
        using var session = PretrainSession.Open(settings);
        foreach (var step in session.Run(terminal.Interrupt.Token))
        {
            if (step.Accuracy is null && step.Step % 25 != 0 && step.Step != 1) continue;
            terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"step {step.Step} of {settings.Steps}: loss {step.Loss:F4}, gradient {step.GradNorm:F2}, {step.Tokens / step.Seconds:F0} tokens/s{(step.Accuracy is { } accuracy ? $", accuracy {accuracy:P1}" : "")}"));
        }

        terminal.Interrupt.Token.ThrowIfCancellationRequested();
        session.Save(folder);
        terminal.Out.WriteLine(folder);
        return 0;
    }
}
