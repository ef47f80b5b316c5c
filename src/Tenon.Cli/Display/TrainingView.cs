using Spectre.Console;
using Spectre.Console.Rendering;
using Tenon.Runs;
using Tenon.Training;
using Label = Spectre.Console.Text;

namespace Tenon.Cli.Display;

/// <summary>What has been seen of a run, and the table that shows it. Members are called under one lock by their owner.</summary>
internal sealed class TrainingView(TimeProvider time)
{
    private const int KeptSteps = 4096;

    private readonly long _begin = time.GetTimestamp();
    private readonly List<double> _rewards = [];
    private readonly List<double> _seconds = [];
    private StepMetrics? _last;
    private PhaseMoved? _phase;
    private string? _message;

    public RunStarted? Run { get; private set; }

    public List<EvaluationDone> Evaluations { get; } = [];

    public SampleJudged? Sample { get; private set; }

    public List<TextDone> Texts { get; } = [];

    public TimeSpan Elapsed => time.GetElapsedTime(_begin);

    /// <summary>Takes in what happens.</summary>
    public void See(TrainingEvent e)
    {
        switch (e)
        {
            case RunStarted run: Run = run; break;
            case PhaseMoved moved: _phase = moved; break;
            case StepDone done: Step(done.Metrics); break;
            case SampleJudged sample: Sample = sample; break;
            case EvaluationDone evaluation: Evaluations.Add(evaluation); break;
            case TextDone text: Texts.Add(text); break;
            case CheckpointWritten checkpoint: _message = $"checkpoint {checkpoint.Step} is on disk"; break;
            case Remark remark: _message = remark.Text; break;
        }
    }

    /// <summary>What is left at the pace of the last steps; null before the first.</summary>
    public TimeSpan? Remaining()
    {
        var known = _seconds.Where(double.IsFinite).ToList();
        return Run is null || _last is null || known.Count == 0 ? null : TimeSpan.FromSeconds(known.Average() * (Run.Steps - _last.Step));
    }

    /// <summary>The table.</summary>
    public IRenderable Render(int width)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn(new GridColumn());
        void Row(string name, string value) => grid.AddRow(new Label(name, new Style(Color.Grey)), new Label(value));

        var step = _last?.Step ?? Run?.FirstStep ?? 0;
        var steps = Math.Max(1, Run?.Steps ?? 1);
        var inner = Math.Max(20, width - 22);
        Row("step",
            $"{step} of {steps}  {Bar((double)step / steps, Math.Min(30, inner / 3))}  {Figures.Time(Elapsed)} elapsed, "
            + $"{(Remaining() is { } left ? Figures.Time(left) : "-")} remaining");
        if (_phase is { } phase) Row("now", $"{phase.Phase.ToString().ToLowerInvariant()} {Figures.Percent(phase.Share)}");
        if (_last is { } m)
        {
            Row("reward", $"{Figures.Number(m[StepMetric.RewardMean])}  {Sparkline.Of(_rewards, Math.Min(60, inner - 8))}");
            Row("accuracy", Figures.Percent(m[StepMetric.Accuracy]));
            Row("mixed groups", m[StepMetric.GroupsDrawn] == 0 ? "-"
                : $"{Figures.Percent(m[StepMetric.GroupsMixed] / m[StepMetric.GroupsDrawn])}  ({m[StepMetric.GroupsMixed]} of "
                + $"{m[StepMetric.GroupsDrawn]}; {m[StepMetric.GroupsAllRight]} all right, {m[StepMetric.GroupsAllWrong]} all wrong)");
            Row("length", $"{Figures.Number(m[StepMetric.LengthMean])} tokens, {Figures.Percent(m[StepMetric.Truncated])} truncated");
            Row("entropy", $"{Figures.Number(m[StepMetric.Entropy])}   gradient norm {Figures.Number(m[StepMetric.GradNorm])}");
            if (ObjectiveFigures.Of(Run, m).ToList() is { Count: > 0 } figures) Row("objective", string.Join("   ", figures));
            Row("tokens/s", $"{Figures.Number(m[StepMetric.SampleSpeed])} sampling, {Figures.Number(m[StepMetric.TrainSpeed])} training");
            Row("memory", $"{Figures.Number(m[StepMetric.Memory])} GB");
        }
        foreach (var evaluation in Evaluations.GroupBy(e => e.Benchmark).Select(group => group.Last()))
            Row(evaluation.Benchmark,
                $"{Figures.Percent(evaluation.Accuracy)} {(evaluation.Step == 0 ? "before training" : $"after step {evaluation.Step}")}");
        if (Sample is { } sample)
        {
            Row("problem", Figures.Text(sample.Problem, inner));
            Row("answer", Figures.Text(sample.Completion, 2 * inner));
            grid.AddRow(new Label("verdict", new Style(Color.Grey)),
                new Label(Verdict(sample),
                new Style(sample.Verdict.Correct switch { true => Color.Green, false => Color.Red, _ => Color.Yellow })));
        }
        if (_message is not null) Row("note", Figures.Text(_message, 2 * inner));
        return new Panel(new Rows(new Label(Title(), new Style(decoration: Decoration.Bold)), grid))
        {
            Border = BoxBorder.Rounded,
            Expand = true
        };
    }

    /// <summary>A verdict in words.</summary>
    public static string Verdict(SampleJudged sample) => sample.Verdict switch
    {
        { Skipped: { } reason } => $"skipped: {reason}",
        { Correct: true } v => $"right ({v.Reason})",
        { Correct: false } v => $"wrong ({v.Reason}); {Figures.Text(sample.Gold, 40)} was asked for",
        var v => $"{Figures.Number(v.Score)} ({v.Reason})",
    };

    private void Step(StepMetrics metrics)
    {
        (_last, _phase) = (metrics, null);
        _rewards.Add(metrics[StepMetric.RewardMean]);
        if (_rewards.Count > KeptSteps) _rewards.RemoveAt(0);
        _seconds.Add(metrics[StepMetric.Time]);
        if (_seconds.Count > 20) _seconds.RemoveAt(0);
    }

    private string Title() =>
        Run is null ? "starting"
        : $"{Run.Model} · {Run.Method} · {Figures.Count(Run.Trainable)} of {Figures.Count(Run.Parameters)} parameters trained";

    private static string Bar(double share, int width)
    {
        var full = (int)Math.Round(Math.Clamp(share, 0, 1) * width);
        return new string('█', full) + new string('░', width - full);
    }
}
