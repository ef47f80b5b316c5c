using Tenon.Runs;
using Tenon.Tensors.Threads;
using Tenon.Training;

namespace Tenon.Recipes;

/// <summary>What one step of a probe took, in seconds of a machine that does nothing else.</summary>
/// <param name="Metrics">Its line.</param>
/// <param name="Sampling">Seconds of sampling and judging.</param>
/// <param name="Scoring">Seconds of reference, teacher, advantages and the samples' file.</param>
/// <param name="Training">Seconds of forward, backward and optimizer.</param>
/// <param name="Wall">Seconds of all by the wall clock.</param>
internal sealed record ProbeStep(StepMetrics Metrics, double Sampling, double Scoring, double Training, double Wall)
{
    public double Seconds => Sampling + Scoring + Training;

    public double Tokens => Metrics[StepMetric.TokensSampled];

    public double Drawn => Metrics[StepMetric.GroupsDrawn];

    /// <summary>Groups that a pass was made over: those that were kept without those whose advantages are all zero.</summary>
    public double Active(int epochs) =>
        Metrics[StepMetric.GroupsKept] - (Metrics.Has(StepMetric.GroupsIdle) ? Metrics[StepMetric.GroupsIdle] / epochs : 0);
}

/// <summary>
/// The first steps of the run itself, with all that belongs to a step, in a folder that is deleted: as many as a span of time allows.
/// </summary>
internal sealed class ProbeSteps
{
    private const int Enough = 4;
    private readonly List<ProbeStep> _steps = [];
    private readonly int _threads;
    private readonly double _wall;
    private readonly int _most;
    private readonly Dictionary<StepPhase, (double Alone, double Wall)> _phases = [];
    private StepPhase? _phase;
    private QuietClock? _clock;

    private ProbeSteps(int threads, double wall, int most) => (_threads, _wall, _most) = (threads, wall, most);

    /// <summary>
    /// Runs steps of <paramref name="prompts"/> prompts with completions of at most <paramref name="limit"/> tokens until they have taken
    /// <paramref name="wall"/> seconds (twice as many where they are few), or <paramref name="most"/> are done.
    /// </summary>
    /// <param name="setup">The run.</param>
    /// <param name="prompts">Prompts of a step.</param>
    /// <param name="limit">Most tokens of a completion.</param>
    /// <param name="wall">Seconds by the wall clock.</param>
    /// <param name="most">Most steps.</param>
    /// <param name="after">Is given the run's folder before it is deleted.</param>
    public static IReadOnlyList<ProbeStep> Run(TrainingSetup setup, int prompts, int limit, double wall, int most,
        Action<string>? after = null)
    {
        var (settings, rollout) = (setup.Settings, setup.Settings.Rollout);
        var piece = setup with
        {
            HeldOut = [],
            Texts = [],
            Settings = settings with
            {
                Steps = Math.Max(settings.Steps, 64),
                Rollout = rollout with
                {
                    Prompts = prompts,
                    MaxNewTokens = limit,
                    MaxEmptySteps = 0,
                    Concurrency = MemoryPlan.Concurrency(setup),
                },
                Update = settings.Update with
                {
                    MicroBatchTokens = MemoryPlan.MicroBatchTokens(setup),
                    Recompute = settings.Update.Recompute ?? MemoryPlan.Recompute(setup),
                },
                Checkpoint = settings.Checkpoint with { Every = 0 },
                // So small that the policy stays the one that the run begins with.
                Optimizer = settings.Optimizer with { LearningRate = 1e-20, MinLearningRate = 0 },
            },
        };
        var folder = Path.Combine(Path.GetTempPath(), $"tenon-probe-{Guid.NewGuid():n}");
        // Rewards that run programs wait for them, and what goes on beside training has a clock of its own.
        var waits = rollout.Overlap || setup.Rewards.Any(r => r.Reward is IDisposable);
        var probe = new ProbeSteps(waits ? 0 : WorkerPool.Default.Threads, wall, most);
        try
        {
            using var run = RunFolder.Create(folder, RunBuilder.Describe(piece));
            new RlvrTrainer(piece, run, probe.Hear).Run(CancellationToken.None);
        }
        catch (EnoughException)
        {
            // The steps are done; no checkpoint is wanted of them.
        }
        catch (TenonException)
        {
            // A step that diverges ends the probe as it ends a run: what was measured before it stands.
        }
        finally
        {
            probe._clock?.Stop();
            if (probe._steps.Count > 0) after?.Invoke(folder);
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }

        return probe._steps;
    }

    private void Hear(TrainingEvent told)
    {
        if (told is PhaseMoved { Share: 0 } moved && moved.Phase != _phase) Begin(moved.Phase);
        if (told is not StepDone done) return;
        Begin(null);
        _steps.Add(new ProbeStep(done.Metrics, _phases[StepPhase.Sampling].Alone, _phases[StepPhase.Scoring].Alone,
            _phases[StepPhase.Training].Alone, _phases.Values.Sum(phase => phase.Wall)));
        _phases.Clear();
        var spent = _steps.Sum(step => step.Wall);
        if (_steps.Count >= _most || (spent >= _wall && _steps.Count >= Enough) || spent >= 2 * _wall) throw new EnoughException();
    }

    private void Begin(StepPhase? phase)
    {
        if (_clock is not null && _phase is { } last) _phases[last] = _clock.Stop();
        (_phase, _clock) = (phase, phase is null ? null : new QuietClock(_threads));
    }

    private sealed class EnoughException : Exception;
}
