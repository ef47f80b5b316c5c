using Tenon.Rewards.External;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>
/// A run with its folder: made from a recipe, or opened to go on. The folder is all that is kept: a run that was stopped or killed goes on
/// from it to the same bits.
/// </summary>
public sealed class TrainingRun : IDisposable
{
    private readonly TrainingSetup _setup;
    private readonly RunFolder _folder;
    private readonly bool _resumed;
    private bool _done;

    private TrainingRun(TrainingSetup setup, RunFolder folder, bool resumed, IReadOnlyList<string> notices) =>
        (_setup, _folder, _resumed, Notices) = (setup, folder, resumed, notices);

    /// <summary>The run's folder.</summary>
    public string Folder => _folder.Folder;

    /// <summary>The settings as they run.</summary>
    public RunSettings Settings => _setup.Settings;

    /// <summary>What a person should know before it starts.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>Trained parameters.</summary>
    public long Trainable => _setup.Adapter.TrainableCount;

    /// <summary>Bytes of the model, and what the run takes beside it at most.</summary>
    internal (long Model, long Own) MemoryBytes
    {
        get
        {
            var parts = MemoryCheck.Estimate(_setup);
            return (parts[0].Bytes, parts.Skip(1).Sum(p => p.Bytes));
        }
    }

    /// <summary>The newest checkpoint: a PEFT adapter folder; null before the first.</summary>
    public string? AdapterFolder => _folder.NewestCheckpoint().Step is { } step ? _folder.CheckpointFolder(step) : null;

    /// <summary>The command of the program that goes on with this run.</summary>
    public string ResumeCommand => _folder.ResumeCommand();

    /// <summary>
    /// What a run of the recipe would be: settings with all defaults, parameters, memory, time by a measured piece of it. Leaves nothing on
    /// the disk.
    /// Where the model is a <c>config.json</c> without weights, what follows from its shape: all but time.
    /// </summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folder">Where the run would be kept, on whose disk its checkpoints are timed; null for a temporary place.</param>
    /// <exception cref="TenonException">The recipe has faults, a file cannot be read, or the run would not fit in memory.</exception>
    public static RunPlan Plan(Recipe recipe, string? folder = null)
    {
        if (ShapePlan.Of(recipe.Settings, RunHome.Here) is { } shape) return shape;
        using var setup = RunBuilder.Build(recipe.Settings);
        MemoryCheck.Require(setup);
        return new RunPlan(DryRun.Describe(setup, folder), setup.Notices);
    }

    /// <summary>Opens everything that the recipe names and makes the run's folder.</summary>
    /// <exception cref="TenonException">The recipe has faults, a file cannot be read, the run would not fit in memory, or the folder holds
    /// a run.</exception>
    public static TrainingRun Create(Recipe recipe, string folder) => Create(recipe.Settings, folder);

    /// <summary>Opens everything that the settings name and makes the run's folder.</summary>
    /// <exception cref="TenonException">A file cannot be read, the run would not fit in memory, or the folder holds a run.</exception>
    public static TrainingRun Create(RunSettings settings, string folder) => Create(settings, folder, null, null);

    /// <summary>
    /// The same with a model that is opened elsewhere, relative paths that begin in another folder than the current one, and a share of
    /// the memory.
    /// </summary>
    internal static TrainingRun Create(RunSettings settings, string folder, Func<RunSettings, RunHome, LanguageModel>? open, string? home,
        int runsAtOnce = 1)
    {
        var setup = RunBuilder.Build(settings, null, home is null ? null : new RunHome([home]), open) with { RunsAtOnce = runsAtOnce };
        try
        {
            MemoryCheck.Require(setup);
            return new TrainingRun(setup, RunFolder.Create(folder, RunBuilder.Describe(setup) with { Home = home }), resumed: false,
                setup.Notices);
        }
        catch
        {
            setup.Dispose();
            throw;
        }
    }

    /// <summary>Opens a run's folder to go on after its newest whole checkpoint; without one it starts at step 0.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="options">What it is told anew; null for nothing.</param>
    /// <exception cref="TenonException">No run, a damaged one, or one whose model, data or numerics have changed.</exception>
    public static TrainingRun Resume(string folder, ResumeOptions? options = null) => Resume(folder, options, null);

    /// <summary>The same with a model that is opened elsewhere, and a share of the memory.</summary>
    internal static TrainingRun Resume(string folder, ResumeOptions? options, Func<RunSettings, RunHome, LanguageModel>? open,
        int runsAtOnce = 1) =>
        BegunRun<RunSettings>.Open(folder, "train", options ?? new ResumeOptions(), begun =>
        {
            var setup = RunBuilder.Build(begun.Settings, begun.Folder, begun.Home, open) with { RunsAtOnce = runsAtOnce };
            var run = new TrainingRun(setup, begun.Folder, resumed: true, begun.Notices);
            try
            {
                RunIdentity.RequireSameTeacher(begun.Description, setup.TeacherModel, options?.Force == true);
            }
            catch
            {
                setup.Dispose();
                throw;
            }

            return (run, setup.Model, begun.Settings.Model, begun.Settings.Data);
        });

    /// <summary>
    /// Trains to the last step, or until <paramref name="stop"/> asks for an end: the step at hand is finished and a checkpoint written.
    /// </summary>
    /// <param name="events">Hears what happens; on the thread that trains.</param>
    /// <param name="stop">Asks for an end after the step at hand.</param>
    /// <param name="sampling">
    /// Makes what samples the rollouts, from the run and from what takes remarks (<c>ClusterClient.Sampling</c>); null for an engine of
    /// this process. The run's bytes do not depend on it.
    /// </param>
    /// <exception cref="TenonException">The disk is full, the run diverged, or nothing can be learned; what is on disk is
    /// whole.</exception>
    public void Train(Action<TrainingEvent>? events = null, CancellationToken stop = default,
        Func<TrainingSetup, Action<string>, IGroupSampler>? sampling = null)
    {
        if (_done) throw new InvalidOperationException("this run was trained already; open its folder anew to go on");
        _done = true;
        events ??= _ => { };
        void Say(string text) => events(new Remark(text));
        var notifying = _setup.Rewards.Select(r => r.Reward).OfType<INotifyingReward>().ToList();
        foreach (var reward in notifying) reward.Notified += Say;
        try
        {
            var before = _setup.Model.WeightsSha256();
            var setup = sampling is null ? _setup : _setup with { Sampling = made => sampling(made, Say) };
            var trainer = new RlvrTrainer(setup, _folder, events);
            if (_resumed) trainer.Resume();
            trainer.Run(stop);
            if (_setup.Model.WeightsSha256() != before)
                throw new TenonException("the base model's weights", "unchanged by training", "another fingerprint",
                    "this is a defect of Tenon: please report it with the recipe");
        }
        finally
        {
            foreach (var reward in notifying) reward.Notified -= Say;
        }
    }

    /// <summary>Gives the folder free for others, and the adapter's place in the model.</summary>
    public void Dispose()
    {
        _folder.Dispose();
        _setup.Dispose();
    }
}

/// <summary>What a run would be.</summary>
/// <param name="Text">The resolved recipe, parameters, memory and time, as a person reads them.</param>
/// <param name="Notices">What a person should know before it starts.</param>
public sealed record RunPlan(string Text, IReadOnlyList<string> Notices);
