using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using Tenon.Studies;
using Tenon.Training;

namespace Tenon.Cli.Display;

/// <summary>A study as it runs: a live table of rows on a terminal, a line a cell otherwise.</summary>
internal sealed class StudyDisplay : IDisposable
{
    private const int MostFailures = 3;
    private readonly object _gate = new();
    private readonly Study _study;
    private readonly Terminal _terminal;
    private readonly int _jobs;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Dictionary<string, (StudyCell Cell, int Step)> _running = [];
    private readonly List<string> _failed = [];
    private readonly ManualResetEventSlim _ended = new(false);
    private readonly Thread? _live;
    private readonly int _before;
    private int _done;

    private StudyDisplay(Study study, int jobs, Terminal terminal)
    {
        (_study, _jobs, _terminal) = (study, jobs, terminal);
        _before = study.Results.Cells.Count(c => c.Result.Status != CellStatus.Missing);
        var plain = !terminal.IsLive || Environment.GetEnvironmentVariable("NO_COLOR") is not (null or "");
        if (plain) return;
        _live = new Thread(Draw) { IsBackground = true, Name = "tenon-study-display" };
        _live.Start();
    }

    public static StudyDisplay For(Study study, int jobs, Terminal terminal) => new(study, jobs, terminal);

    /// <summary>Hears what happens; from several threads.</summary>
    public void Hear(StudyEvent e)
    {
        lock (_gate)
        {
            switch (e)
            {
                case CellBegun: _running[e.Cell.Id] = (e.Cell, 0); break;
                case CellMoved { Event: StepDone step }: _running[e.Cell.Id] = (e.Cell, step.Metrics.Step); break;
                case CellEnded ended:
                    _running.Remove(e.Cell.Id);
                    _done++;
                    if (ended.Result.Status != CellStatus.Done) _failed.Add(Failure(ended));
                    if (_live is null) _terminal.Error.WriteLine(Line(ended));
                    break;
            }
        }
    }

    public void Dispose()
    {
        if (_ended.IsSet) return;
        _ended.Set();
        _live?.Join();
    }

    private string Line(CellEnded e)
    {
        var what = e.Result.Status switch
        {
            CellStatus.Done =>
                string.Join(", ",
                e.Result.Accuracy.Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Key} {100 * a.Value:F1} %"))),
            _ => $"{CellResult.Word(e.Result.Status)}: {e.Result.Reason?.ReplaceLineEndings(" ")}",
        };
        return $"[{_before + _done} of {Most}] {e.Cell.Id}: {what}{Left()}";
    }

    private static string Failure(CellEnded e) =>
        $"{e.Cell.Id}: {CellResult.Word(e.Result.Status)}: {StudyTables.Brief(e.Result.Reason)}";

    private int Most => _study.Results.Most;

    private string Left()
    {
        if (_done == 0) return "";
        var seconds = _clock.Elapsed.TotalSeconds / _done * Math.Max(0, Most - _before - _done);
        return seconds < 1 ? "" : $"; about {Durations.Text(seconds)} left";
    }

    private void Draw()
    {
        RunDisplay.Console(_terminal).Live(Picture()).AutoClear(false).Overflow(VerticalOverflow.Crop).Start(context =>
        {
            while (!_ended.Wait(500))
            {
                context.UpdateTarget(Picture());
                context.Refresh();
            }

            context.UpdateTarget(Picture());
            context.Refresh();
        });
    }

    private IRenderable Picture()
    {
        lock (_gate)
        {
            var table = new Table().Border(TableBorder.Rounded)
                .Title($"{Path.GetFileName(_study.Folder)}: {_before + _done} of {Most} cells{Left()}")
                .AddColumns("row", "tuning", "reported", "now");
            foreach (var row in _study.Results.Rows)
            {
                var tuning = _study.Results.Tuning(row);
                var reported = _study.Results.Reported(row).Select(c => c.Result.Accuracy.Values.DefaultIfEmpty(double.NaN).Average())
                    .ToList();
                var now = _running.Values.Where(r => r.Cell.Row.Label == row.Label)
                    .Select(r =>
                    $"{(r.Cell.Role == StudyRole.Tune ? StudyTables.Tuned(r.Cell.Tuned) : $"seed {r.Cell.Seed}")}: "
                    + $"{r.Step}/{r.Cell.Settings?.Steps}");
                table.AddRow(Markup.Escape(row.Label), tuning.Count == 0 ? "-"
                    : $"{tuning.Count(c => c.Result.Status != CellStatus.Missing)}/{tuning.Count}",
                    reported.Count == 0 ? "-"
                    : string.Create(CultureInfo.InvariantCulture,
                    $"{reported.Count}/{_study.Recipe.Seeds.Count}, {100 * reported.Average():F1} %"),
                    Markup.Escape(string.Join("  ", now)));
            }

            // The newest few: all of them stand in the table of failures at the end.
            return new Rows([table, .. _failed.TakeLast(MostFailures).Select(text => new Spectre.Console.Text(text))]);
        }
    }
}
