using System.CommandLine;
using System.Globalization;
using Tenon.Adapters;
using Tenon.Evaluation.Spectra;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Runs.Doctor;
using Tenon.Tensors;

namespace Tenon.Cli.Commands.Options;

/// <summary>Whose updates <c>tenon spectra</c> looks at: an adapter's, those of a run's checkpoints, a second model's, a file's.</summary>
internal sealed class UpdateOptions
{
    private readonly Option<string?> _adapter = new("--adapter")
    {
        Description = "an adapter folder, or a run's folder: all of its checkpoints", HelpName = "DIR",
    };

    private readonly Option<string?> _run = new("--run") { Description = "a run's folder: all of its checkpoints", HelpName = "DIR" };
    private readonly Option<string?> _steps = new("--steps")
    {
        Description = "only the checkpoints of these steps of a run, separated by commas", HelpName = "LIST",
    };

    private readonly Option<string?> _after = new("--after")
    {
        Description = "the model after training, or a .safetensors file of its matrices", HelpName = "MODEL",
    };

    private readonly Option<string?> _update = new("--update")
    {
        Description = "a .safetensors file of the updates themselves, named as the weights are", HelpName = "FILE",
    };

    /// <summary>Adds the options to a verb.</summary>
    public UpdateOptions(Command verb)
    {
        foreach (var option in (Option[])[_adapter, _run, _steps, _after, _update]) verb.Options.Add(option);
    }

    /// <summary>Opens what the call names.</summary>
    public OpenedUpdates Open(ParseResult call, string model, SpectraSettings settings, Terminal terminal)
    {
        var given = new[] { _adapter, _run, _after, _update }.Where(o => call.GetValue(o) is not null).ToList();
        if (given.Count != 1)
            throw new TenonException("tenon spectra", "--adapter DIR or --run DIR, or --after MODEL, or --update FILE",
                given.Count == 0 ? "none of them" : string.Join(" and ", given.Select(o => o.Name)), usage: true);
        var place = call.GetValue(given[0])!;
        if (given[0] == _after || given[0] == _update)
        {
            if (call.GetValue(_steps) is not null) throw new TenonException("--steps", "a run's folder beside it", usage: true);
            return OfFiles(model, place, given[0] == _update, settings, terminal);
        }

        var isRun = given[0] == _run || RunFolder.IsRun(place);
        var (run, last) = isRun ? (place, int.MaxValue) : RunOf(place);
        if (!isRun && !File.Exists(Path.Combine(place, "adapter_config.json")) && File.Exists(Path.Combine(place, "config.json")))
            throw new TenonException($"adapter '{place}'", "an adapter folder", "a whole model",
                $"`tenon spectra {model} --after {place}` compares the two", usage: true);
        var adapters = Places(place, isRun, call.GetValue(_steps));
        var (opened, _) = LanguageModel.OpenWeights(model, Precision.F32, 1);
        var sets = new List<(int? Step, AdapterSet Adapter)>();
        try
        {
            foreach (var (step, folder) in adapters) sets.Add((step, AdapterOpener.Open(opened, folder, terminal)));
            return new(place, AdapterSpectra.Subjects(sets, settings), [.. sets.Select(s => s.Adapter)])
            {
                IsRun = run is not null, Lost = run is null ? null : Lost(run, last),
            };
        }
        catch
        {
            foreach (var (_, set) in sets) set.Dispose();
            throw;
        }
    }

    // The run that a folder RUN/checkpoints/N belongs to, and the step whose completions its weights wrote.
    private static (string? Run, int Last) RunOf(string place)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(place));
        var parent = Path.GetDirectoryName(full);
        return Path.GetFileName(parent) == "checkpoints" && Path.GetDirectoryName(parent) is { } run && RunFolder.IsRun(run)
            && int.TryParse(Path.GetFileName(full), NumberStyles.None, CultureInfo.InvariantCulture, out var step)
            ? (run, step + 1) : (null, 0);
    }

    private static Finding? Lost(string run, int last) =>
        SpectrumCollapse.Lost(RunFacts.Of(RunReader.Open(run))) is { } lost && lost.First <= last ? lost : null;

    private static OpenedUpdates OfFiles(string model, string place, bool isUpdate, SpectraSettings settings, Terminal terminal)
    {
        var held = new List<IDisposable>();
        try
        {
            var before = MatrixSource.Open(model);
            held.Add(before);
            var other = MatrixSource.Open(place);
            held.Add(other);
            var (subjects, alone) = MatrixSource.Pairs(before, other, isUpdate, settings);
            if (subjects.Count > 0 && alone.Count > 0)
                terminal.Error.WriteLine($"note: {alone.Count} weights of {model} are not in {place}: {string.Join(", ", alone.Take(3))}"
                    + (alone.Count > 3 ? ", ..." : ""));
            return new(place, subjects, held);
        }
        catch
        {
            foreach (var file in held) file.Dispose();
            throw;
        }
    }

    private List<(int? Step, string Folder)> Places(string place, bool isRun, string? steps)
    {
        if (!isRun)
            return steps is null ? [(null, place)] : throw new TenonException("--steps", "a run's folder beside it", place, usage: true);
        using var folder = RunFolder.Read(place);
        var all = folder.CheckpointSteps();
        if (all.Count == 0) throw new TenonException($"run {place}", "a checkpoint", "none yet", usage: true);
        var wanted = steps?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(word =>
            int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var step) && all.Contains(step) ? step
            : throw new TenonException(_steps.Name, $"steps with a checkpoint: {string.Join(", ", all)}", word, usage: true)).ToHashSet();
        return [.. all.Where(s => wanted?.Contains(s) ?? true).Select(s => ((int?)s, folder.CheckpointFolder(s)))];
    }
}

/// <summary>Weights with their updates, and what has to stay open while they are read.</summary>
/// <param name="Name">Where the updates come from.</param>
/// <param name="Subjects">The weights.</param>
/// <param name="Held">What is open.</param>
internal sealed record OpenedUpdates(string Name, IReadOnlyList<SpectrumSubject> Subjects, IReadOnlyList<IDisposable> Held) : IDisposable
{
    /// <summary>True for the checkpoints of a run, all or one.</summary>
    public bool IsRun { get; init; }

    /// <summary>How the run's accuracy collapsed; null where it did not.</summary>
    public Finding? Lost { get; init; }

    public void Dispose()
    {
        foreach (var item in Held) item.Dispose();
    }
}
