using Spectre.Console;
using Tenon.Runs;
using Tenon.Training;
using Label = Spectre.Console.Text;

namespace Tenon.Cli.Display;

/// <summary>
/// A run as a table that is redrawn in place, four times a second at most, on a thread of its own: the trainer never waits for the
/// terminal.
/// </summary>
internal sealed class LiveDisplayObserver : ITrainingObserver, IDisposable
{
    private readonly IAnsiConsole _console;
    private readonly TrainingView _view;
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _done = new();
    private Thread? _thread;

    public LiveDisplayObserver(IAnsiConsole console, TimeProvider? time = null) =>
        (_console, _view) = (console, new TrainingView(time ?? TimeProvider.System));

    public void OnStart(RunStart run)
    {
        lock (_lock) _view.Start(run);
        _thread = new Thread(Redraw) { IsBackground = true, Name = "display", Priority = ThreadPriority.BelowNormal };
        _thread.Start();
    }

    public void OnPhase(StepPhase phase, double share)
    {
        lock (_lock) _view.Phase(phase, share);
    }

    public void OnStep(StepMetrics metrics)
    {
        lock (_lock) _view.Step(metrics);
    }

    public void OnSample(SampleShown sample)
    {
        lock (_lock) _view.Sample(sample);
    }

    public void OnEvaluation(EvaluationShown evaluation)
    {
        lock (_lock) _view.Evaluation(evaluation);
    }

    public void OnMessage(string message)
    {
        lock (_lock) _view.Message(message);
    }

    public void OnCheckpoint(int step, string folder) => OnMessage($"checkpoint {step} is on disk");

    public void OnEnd(RunEnd end)
    {
        Dispose();
        RunSummary.Write(_console, _view.Run, end, _view.Evaluations);
    }

    /// <summary>Draws the last state and gives the terminal back; may be called more than once, and from a signal's thread.</summary>
    public void Dispose()
    {
        _done.Set();
        Interlocked.Exchange(ref _thread, null)?.Join();
    }

    private void Redraw() => _console.Live(new Label("")).AutoClear(false).Start(context =>
    {
        bool ended;
        do
        {
            ended = _done.Wait(250);
            lock (_lock) context.UpdateTarget(_view.Render(_console.Profile.Width));
            context.Refresh();
        }
        while (!ended);
    });
}
