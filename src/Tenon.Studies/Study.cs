using Tenon.Tensors.Threads;
using Tenon.Training;

namespace Tenon.Studies;

/// <summary>
/// A comparison of methods, rates, ranks, objectives or whatever else a recipe says, done fairly: every cell is an ordinary run, values are
/// tuned on seeds and problems of their own, and the reported seeds are run once. A study that is stopped or killed goes on; any number of
/// processes may work on one folder.
/// </summary>
public sealed class Study
{
    internal const int UsualPatience = 45;
    private readonly StudyFolder _folder;
    private readonly StudyPlan _plan;
    private readonly string _home;

    private Study(StudyFolder folder, StudyRecipe recipe, string home)
    {
        (_folder, _plan, _home) = (folder, new StudyPlan(recipe), home);
        Results = new StudyResults(_plan, folder);
    }

    /// <summary>The study's folder.</summary>
    public string Folder => _folder.Folder;

    /// <summary>The folder and its files.</summary>
    internal StudyFolder Files => _folder;

    /// <summary>The folder that relative paths of the recipe begin in.</summary>
    internal string Home => _home;

    /// <summary>What is studied.</summary>
    public StudyRecipe Recipe => _plan.Recipe;

    /// <summary>What has come of it so far.</summary>
    public StudyResults Results { get; }

    /// <summary>
    /// Begins a study in a folder, or takes up the one that stands there: finished cells that the recipe still has are kept, and only what
    /// is new is run.
    /// </summary>
    /// <param name="recipe">The study's recipe, a YAML file.</param>
    /// <param name="folder">The study's folder.</param>
    /// <exception cref="TenonException">The recipe has faults (all of them at once), or the folder cannot be taken.</exception>
    public static Study Create(string recipe, string folder)
    {
        var read = StudyRecipeReader.Load(recipe);
        var text = InputFile.ReadText(recipe, "the study's recipe");
        var made = StudyFolder.Create(folder, text, recipe, Path.GetDirectoryName(Path.GetFullPath(recipe))!, read);
        return new Study(made, read, Directory.GetCurrentDirectory());
    }

    /// <summary>Opens a study to go on with it, or to take part in it.</summary>
    /// <exception cref="TenonException">The folder holds no study, or a damaged one.</exception>
    public static Study Open(string folder)
    {
        var (found, recipe, home) = StudyFolder.Open(folder);
        return new Study(found, recipe, home);
    }

    /// <summary>What the study takes and could show, as lines for a person; probes the machine for some seconds.</summary>
    /// <param name="jobs">Runs at once.</param>
    public IEnumerable<string> Forecast(int jobs) => StudyForecast.Lines(this, jobs);

    /// <summary>
    /// Runs what is missing, several cells at once, until all is done or <paramref name="stop"/> asks for an end: each run then finishes
    /// its step and writes a checkpoint. Waits for cells that other processes hold.
    /// </summary>
    /// <param name="jobs">Runs at once in this process.</param>
    /// <param name="cores">
    /// Threads of all runs together; the results do not depend on it. With more runs than cores, runs take turns step by step: threads
    /// that share a core would only cost each other's caches.
    /// </param>
    /// <param name="events">Hears what happens, from several threads.</param>
    /// <param name="stop">Asks for an end.</param>
    /// <param name="patience">How long a process must show no life before its cells are taken over; null is 45 seconds.</param>
    /// <returns>True where every cell is done.</returns>
    /// <exception cref="TenonException">The disk is full, or another fault that ends more than one cell.</exception>
    public bool Run(int jobs, int cores, Action<StudyEvent>? events = null, CancellationToken stop = default,
        TimeSpan? patience = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(jobs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(cores, 1);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var room = new StudyRoom(jobs, cores);
        var work = new StudyWork(_folder, new ModelShelf(), _home, room, Hear, patience ?? TimeSpan.FromSeconds(UsualPatience));
        Exception? fault = null;
        var workers = Enumerable.Range(0, jobs).Select(number => new Thread(Work)
        {
            Name = $"tenon-study-{number + 1}", IsBackground = true,
        }).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        work.Dispose();
        if (fault is not null) throw fault is TenonException known ? new TenonException(known.Message, inner: known) : fault;
        return Results.Missing == 0;

        void Hear(StudyEvent e)
        {
            events?.Invoke(e);
            if (e is CellMoved { Event: StepDone }) room.NextTurn();
        }

        void Work()
        {
            room.TakeTurn();
            try
            {
                using var pool = new WorkerPool(Math.Max(1, cores / jobs));
                WorkerPool.UseHere(pool);
                while (!failed.IsCancellationRequested && work.Next(_plan, failed.Token, out var waits))
                {
                    if (waits) room.Pause(failed.Token);
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref fault, e, null);
                failed.Cancel();
            }
            finally
            {
                WorkerPool.UseHere(null);
                room.EndTurn();
            }
        }
    }
}

/// <summary>What happens in a study.</summary>
/// <param name="Cell">The cell it happens to.</param>
public abstract record StudyEvent(StudyCell Cell);

/// <summary>A cell is begun, or gone on with.</summary>
public sealed record CellBegun(StudyCell Cell) : StudyEvent(Cell);

/// <summary>A cell's run says something.</summary>
public sealed record CellMoved(StudyCell Cell, TrainingEvent Event) : StudyEvent(Cell);

/// <summary>A cell has ended.</summary>
public sealed record CellEnded(StudyCell Cell, CellResult Result) : StudyEvent(Cell);
