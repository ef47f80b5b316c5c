using System.Globalization;
using Spectre.Console;
using Tenon.Runs;
using Tenon.Training;

namespace Tenon.Cli.Display;

/// <summary>A run as plain lines, for pipes, logs and terminals without cursor control.</summary>
internal sealed class LinesDisplay(TextWriter writer, IAnsiConsole summary, TimeProvider? time = null) : RunDisplay
{
    private readonly TrainingView _view = new(time ?? TimeProvider.System);

    public override void Show(TrainingEvent e)
    {
        _view.See(e);
        switch (e)
        {
            case RunStarted run: Start(run); break;
            case StepDone done: Step(done.Metrics); break;
            case EvaluationDone evaluation: Evaluation(evaluation); break;
            case TextDone text: Text(text); break;
            case CheckpointWritten checkpoint: writer.WriteLine($"checkpoint {checkpoint.Step}: {checkpoint.Folder}"); break;
            case Remark remark: writer.WriteLine(remark.Text); break;
            case RunEnded end:
                writer.Flush();
                RunSummary.Write(summary, _view.Run, end, _view.Evaluations, _view.Texts);
                break;
        }
    }

    private void Start(RunStarted run) => writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{run.Model}: {run.Method}, {Figures.Count(run.Trainable)} of {Figures.Count(run.Parameters)} parameters trained; "
        + $"{run.Steps} {(run.Steps == 1 ? "step" : "steps")} into {run.Folder}")
        + (run.FirstStep > 0 ? $", going on after step {run.FirstStep}" : ""));

    private void Step(StepMetrics m)
    {
        var steps = _view.Run?.Steps ?? m.Step;
        string[] figures =
        [
            $"step {m.Step.ToString(CultureInfo.InvariantCulture).PadLeft(steps.ToString(CultureInfo.InvariantCulture).Length)}/{steps}",
            $"reward {Figures.Number(m[StepMetric.RewardMean]),6}",
            $"accuracy {Figures.Percent(m[StepMetric.Accuracy]),5}",
            $"mixed {m[StepMetric.GroupsMixed]}/{m[StepMetric.GroupsDrawn]}",
            $"length {Figures.Number(m[StepMetric.LengthMean])}, {Figures.Percent(m[StepMetric.Truncated])} cut",
            $"entropy {Figures.Number(m[StepMetric.Entropy])}",
            .. ObjectiveFigures.Of(_view.Run, m),
            $"grad {Figures.Number(m[StepMetric.GradNorm])}",
            $"{Figures.Number(m[StepMetric.SampleSpeed])} + {Figures.Number(m[StepMetric.TrainSpeed])} tokens/s",
            $"{Figures.Number(m[StepMetric.Memory])} GB",
            $"{(_view.Remaining() is { } left ? Figures.Time(left) : "-")} left",
        ];
        writer.WriteLine(string.Join("  ", figures));
        if (_view.Sample is { } sample && (m.Step % 10 == 0 || m.Step == steps))
        {
            writer.WriteLine($"  problem  {Figures.Text(sample.Problem, 160)}");
            writer.WriteLine($"  answer   {Figures.Text(sample.Completion, 240)}");
            writer.WriteLine($"  verdict  {TrainingView.Verdict(sample)}");
        }

        writer.Flush();
    }

    private void Evaluation(EvaluationDone e) => writer.WriteLine(
        $"{e.Benchmark} {(e.Step == 0 ? "before training" : $"after step {e.Step}")}: {Figures.Percent(e.Accuracy)} of {e.Problems} "
        + $"problems x {e.Samples}");

    private void Text(TextDone t) => writer.WriteLine(
        $"{t.Text} {(t.Step == 0 ? "before training" : $"after step {t.Step}")}: perplexity {Figures.Number(t.Perplexity)}");
}
