using System.Globalization;
using Spectre.Console;
using Tenon.Runs;
using Tenon.Training;

namespace Tenon.Cli.Display;

/// <summary>A run as plain lines, for pipes, logs and terminals without cursor control.</summary>
internal sealed class LinesObserver(TextWriter writer, IAnsiConsole summary, TimeProvider? time = null) : ITrainingObserver
{
    private readonly TrainingView _view = new(time ?? TimeProvider.System);
    private SampleShown? _sample;

    public void OnStart(RunStart run)
    {
        _view.Start(run);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{run.Model}: {run.Method}, {Figures.Count(run.Trainable)} of {Figures.Count(run.Parameters)} parameters trained; "
            + $"{run.Steps} steps into {run.Folder}")
            + (run.FirstStep > 0 ? $", going on after step {run.FirstStep}" : ""));
    }

    public void OnStep(StepMetrics m)
    {
        _view.Step(m);
        var steps = _view.Run?.Steps ?? m.Step;
        writer.WriteLine(string.Join("  ",
            $"step {m.Step.ToString(CultureInfo.InvariantCulture).PadLeft(steps.ToString(CultureInfo.InvariantCulture).Length)}/{steps}",
            $"reward {Figures.Number(m[StepMetric.RewardMean]),6}",
            $"accuracy {Figures.Percent(m[StepMetric.Accuracy]),5}",
            $"mixed {m[StepMetric.GroupsMixed]}/{m[StepMetric.GroupsDrawn]}",
            $"length {Figures.Number(m[StepMetric.LengthMean])}, {Figures.Percent(m[StepMetric.Truncated])} cut",
            $"entropy {Figures.Number(m[StepMetric.Entropy])}",
            $"clipped {Figures.Percent(m[StepMetric.ClipLow] + m[StepMetric.ClipHigh])}",
            $"KL {Figures.Number(m[StepMetric.Kl])}",
            $"grad {Figures.Number(m[StepMetric.GradNorm])}",
            $"{Figures.Number(m[StepMetric.SampleSpeed])} + {Figures.Number(m[StepMetric.TrainSpeed])} tokens/s",
            $"{Figures.Number(m[StepMetric.Memory])} GB",
            $"{(_view.Remaining() is { } left ? Figures.Time(left) : "-")} left"));
        if (_sample is { } sample && (m.Step % 10 == 0 || m.Step == steps))
        {
            writer.WriteLine($"  problem  {Figures.Text(sample.Problem, 160)}");
            writer.WriteLine($"  answer   {Figures.Text(sample.Completion, 240)}");
            writer.WriteLine($"  verdict  {TrainingView.Verdict(sample)}");
        }
        writer.Flush();
    }

    public void OnSample(SampleShown sample) => _sample = sample;

    public void OnEvaluation(EvaluationShown e)
    {
        _view.Evaluation(e);
        writer.WriteLine(
            $"{e.Benchmark} {(e.Step == 0 ? "before training" : $"after step {e.Step}")}: {Figures.Percent(e.Accuracy)} of {e.Problems} "
            + $"problems x {e.Samples}");
    }

    public void OnCheckpoint(int step, string folder) => writer.WriteLine($"checkpoint {step}: {folder}");

    public void OnMessage(string message) => writer.WriteLine(message);

    public void OnEnd(RunEnd end)
    {
        writer.Flush();
        RunSummary.Write(summary, _view.Run, end, _view.Evaluations);
    }
}
