using System.Diagnostics;
using System.Runtime;
using Tenon.Adapters;
using Tenon.Evaluation.Benchmarks;
using Tenon.Evaluation.Reports;
using Tenon.Runs;
using Tenon.Tensors.Threads;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>What one step of a probe took, in seconds of a machine that does nothing else.</summary>
/// <param name="Metrics">Its line.</param>
/// <param name="Sampling">Sampling and judging.</param>
/// <param name="Scoring">Reference, teacher, advantages and the samples' file.</param>
/// <param name="Training">Forward, backward and optimizer.</param>
internal sealed record ProbeStep(StepMetrics Metrics, QuietTime Sampling, QuietTime Scoring, QuietTime Training)
{
    public double Seconds => Sampling.Alone + Scoring.Alone + Training.Alone;

    public double Compiled => Sampling.Compiled + Scoring.Compiled + Training.Compiled;

    public double Wall => Sampling.Wall + Scoring.Wall + Training.Wall;

    public double Tokens => Metrics[StepMetric.TokensSampled];

    public double Drawn => Metrics[StepMetric.GroupsDrawn];

    public double Kept => Metrics[StepMetric.GroupsKept];

    public double Length => Metrics[StepMetric.LengthMean];

    public double Longest => Metrics[StepMetric.LengthMax];

    /// <summary>Groups that a pass was made over, those of which some completions were left out in part.</summary>
    public double Active(RunSettings settings) => settings.Update.SkipIdle && Metrics.Has(StepMetric.CompletionsIdle)
        ? Kept - Metrics[StepMetric.CompletionsIdle] / (settings.Update.Epochs * settings.Rollout.Group) : Kept;
}

/// <summary>How large a piece of the run is: where it is all of the run's values, it is the run's own first steps.</summary>
/// <param name="Prompts">Prompts of a step.</param>
/// <param name="Limit">Most tokens of a completion.</param>
/// <param name="Steps">Steps.</param>
/// <param name="Wall">Seconds by the wall clock after which no further step is begun.</param>
internal sealed record ProbeSize(int Prompts, int Limit, int Steps, double Wall)
{
    /// <summary>Held-out problems of each evaluation, before the first and after the last step; 0 for none.</summary>
    public int Problems { get; init; }

    /// <summary>True where a checkpoint and the report follow on the last step.</summary>
    public bool Ends { get; init; }
}

/// <summary>What a piece of the run took.</summary>
/// <param name="Size">How large it was.</param>
/// <param name="Steps">Its steps.</param>
/// <param name="Evaluations">Its evaluations.</param>
/// <param name="Checkpoint">A checkpoint, alone by the wall clock, for it waits for the disk; null where none was made.</param>
/// <param name="Report">The page that a run writes at its end.</param>
/// <param name="Peak">The process's peak in it, in bytes.</param>
/// <param name="Fault">What ended it before its end; null for nothing.</param>
internal sealed record ProbeRun(ProbeSize Size, IReadOnlyList<ProbeStep> Steps, IReadOnlyList<QuietTime> Evaluations, QuietTime? Checkpoint,
    QuietTime Report, long Peak, TenonException? Fault);

/// <summary>
/// The first steps of the run itself, with all that belongs to them, by a copy of the adapter and in a folder that is deleted.
/// </summary>
internal sealed class ProbeSteps
{
    private readonly List<ProbeStep> _steps = [];
    private readonly List<QuietTime> _evaluations = [];
    private readonly int _threads;
    private readonly ProbeSize _size;
    private readonly Dictionary<StepPhase, QuietTime> _phases = [];
    private StepPhase? _phase;
    private QuietClock? _clock;
    private (Stopwatch Clock, TimeSpan Compiled)? _saving;
    private QuietTime? _saved;

    private ProbeSteps(int threads, ProbeSize size) => (_threads, _size) = (threads, size);

    /// <summary>Runs a piece of the run.</summary>
    /// <param name="setup">The run; neither its adapter nor anything else of it changes.</param>
    /// <param name="size">How much of it.</param>
    /// <param name="place">The folder of the run, on whose disk the piece is kept; null for a temporary one.</param>
    public static ProbeRun Run(TrainingSetup setup, ProbeSize size, string? place)
    {
        // What was made before is no part of a run's memory.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        ProcessMemory.ResetPeak();
        // Rewards that run programs wait for them, and what goes on beside training has a clock of its own.
        var waits = setup.Settings.Rollout.Overlap || setup.Rewards.Any(r => r.Reward is IDisposable);
        var probe = new ProbeSteps(waits ? 0 : WorkerPool.Default.Threads, size);
        using var folder = new ProbeFolder(place);
        using var adapter = setup.Adapter.Copy();
        var piece = Piece(setup, size) with { Adapter = adapter };
        TenonException? fault = null;
        try
        {
            using var run = RunFolder.Create(folder.Path, RunBuilder.Describe(piece));
            new RlvrTrainer(piece, run, probe.Hear).Run(CancellationToken.None);
        }
        catch (EnoughException)
        {
            // The steps are done.
        }
        catch (TenonException e)
        {
            // A step that diverges ends the probe as it ends a run: what was measured before it stands.
            fault = e;
        }
        finally
        {
            probe._clock?.Stop();
        }

        var report = probe._saved is null ? default : Report(folder.Path);
        // The adapter of the setup lies beside the copy, which a run has not.
        var beside = sizeof(float) * adapter.Tensors.Concat(adapter.PrivateTensors).DistinctBy(t => t.Tensor)
            .Sum(t => (long)t.Tensor.Length);
        return new ProbeRun(size, probe._steps, probe._evaluations, probe._saved, report, ProcessMemory.PeakBytes() - beside, fault);
    }

    private static TrainingSetup Piece(TrainingSetup setup, ProbeSize size)
    {
        var settings = setup.Settings;
        return setup with
        {
            HeldOut = size.Problems == 0 ? []
                : [.. setup.HeldOut.Select(h => new Benchmark(h.Name, h.Samples, [.. h.Problems.Take(size.Problems)])
                {
                    Rewards = h.Rewards, Grader = h.Grader,
                })],
            Texts = [],
            Settings = settings with
            {
                Rollout = settings.Rollout with
                {
                    Prompts = size.Prompts,
                    MaxNewTokens = size.Limit,
                    MaxEmptySteps = 0,
                    Concurrency = MemoryPlan.Concurrency(setup),
                },
                Update = settings.Update with
                {
                    MicroBatchTokens = MemoryPlan.MicroBatchTokens(setup),
                    Recompute = settings.Update.Recompute ?? MemoryPlan.Recompute(setup),
                },
                // The first steps are those of a run with as many as it has: its learning rate falls with them.
                Evaluate = settings.Evaluate with
                {
                    Every = size.Steps,
                    MaxNewTokens = Math.Min(settings.Evaluate.MaxNewTokens ?? size.Limit, size.Limit),
                },
                Checkpoint = settings.Checkpoint with { Every = size.Ends ? size.Steps : 0 },
            },
        };
    }

    private void Hear(TrainingEvent told)
    {
        if (told is PhaseMoved { Share: 0 } moved && moved.Phase != _phase) Begin(moved.Phase);
        if (told is CheckpointWritten && _saving is { } saving)
        {
            var (wall, compiled) = (saving.Clock.Elapsed.TotalSeconds,
                (JitInfo.GetCompilationTime(currentThread: true) - saving.Compiled).TotalSeconds);
            _saved = new QuietTime(wall - compiled, wall, 0, compiled);
            throw new EnoughException();
        }

        if (told is not StepDone done) return;
        Begin(null);
        _steps.Add(new ProbeStep(done.Metrics, _phases[StepPhase.Sampling], _phases[StepPhase.Scoring], _phases[StepPhase.Training]));
        _phases.Clear();
        if (_steps.Count == _size.Steps && _size.Ends) _saving = (Stopwatch.StartNew(), JitInfo.GetCompilationTime(currentThread: true));
        else if (_steps.Count >= _size.Steps || _steps.Sum(step => step.Wall) > _size.Wall) throw new EnoughException();
    }

    private void Begin(StepPhase? phase)
    {
        if (_clock is not null && _phase is { } last)
        {
            var time = _clock.Stop();
            if (last == StepPhase.Evaluating) _evaluations.Add(time);
            else _phases[last] = time;
        }

        (_phase, _clock) = (phase, phase is null ? null : new QuietClock(_threads));
    }

    private static QuietTime Report(string folder)
    {
        var clock = new QuietClock(WorkerPool.Default.Threads);
        try
        {
            RunReport.Write(folder, null, Recipe.Defaults);
        }
        catch (Exception e) when (e is TenonException or IOException or UnauthorizedAccessException)
        {
            // It ends no run either.
        }

        return clock.Stop();
    }

    private sealed class EnoughException : Exception;
}
