using Spectre.Console;
using Tenon.Training;
using Label = Spectre.Console.Text;

namespace Tenon.Cli.Display;

/// <summary>
/// A run as a table that is redrawn in place, four times a second at most, on a thread of its own: the trainer never waits for the
/// terminal.
/// </summary>
internal sealed class LiveDisplay(IAnsiConsole console, TimeProvider? time = null) : RunDisplay
{
    private readonly TrainingView _view = new(time ?? TimeProvider.System);
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _done = new();
    private Thread? _thread;

    public override void Show(TrainingEvent e)
    {
        lock (_lock) _view.See(e);
        switch (e)
        {
            case RunStarted:
                _thread = new Thread(Redraw) { IsBackground = true, Name = "display", Priority = ThreadPriority.BelowNormal };
                _thread.Start();
                break;
            case RunEnded end:
                Dispose();
                RunSummary.Write(console, _view.Run, end, _view.Evaluations, _view.Texts);
                break;
        }
    }

    /// <summary>Draws the last state and gives the terminal back.</summary>
    public override void Dispose()
    {
        _done.Set();
        Interlocked.Exchange(ref _thread, null)?.Join();
    }

    private void Redraw() => console.Live(new Label("")).AutoClear(false).Start(context =>
    {
        bool ended;
        do
        {
            ended = _done.Wait(250);
            lock (_lock) context.UpdateTarget(_view.Render(console.Profile.Width));
            context.Refresh();
        }
        while (!ended);
    });
}
