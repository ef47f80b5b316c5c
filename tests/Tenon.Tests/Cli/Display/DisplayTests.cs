using Spectre.Console.Testing;
using Tenon.Cli.Display;
using Tenon.Rewards;
using Tenon.Runs;
using Tenon.Training;

namespace Tenon.Tests.Cli.Display;

public class DisplayTests
{
    private static readonly RunStarted Start = new("runs/first", "tiny", "lora", 40, 0, 21_504, 803_072)
    {
        Shown = [StepMetric.ClipLow, StepMetric.ClipHigh, StepMetric.Untrusted, StepMetric.TeacherGap, StepMetric.Kl],
    };

    private static readonly EvaluationDone Before = new(0, "held-out@1", 0.5, 0.02, 512, 1, 0.5, 0.01, 36.25);

    private static StepMetrics Step(int step) => new(step)
    {
        [StepMetric.Time] = 1.5,
        [StepMetric.RewardMean] = 0.5 + 0.01 * step,
        [StepMetric.Accuracy] = 0.5 + 0.01 * step,
        [StepMetric.GroupsMixed] = 12,
        [StepMetric.GroupsDrawn] = 16,
        [StepMetric.GroupsAllRight] = 3,
        [StepMetric.GroupsAllWrong] = 1,
        [StepMetric.LengthMean] = 36.5,
        [StepMetric.Truncated] = 0.0078125,
        [StepMetric.Entropy] = 0.3412,
        [StepMetric.ClipLow] = 0,
        [StepMetric.ClipHigh] = 0,
        [StepMetric.TeacherGap] = -0.25,
        [StepMetric.GradNorm] = 0.2871,
        [StepMetric.SampleSpeed] = 5123.4,
        [StepMetric.TrainSpeed] = 2871.9,
        [StepMetric.Memory] = 0.412,
    };

    private static readonly SampleJudged Sample =
        new(12, "347+86=?", "7+6+0=13;\n\u001b[31m\\boxed{433}", "433", new Verdict(1, true, "numeric-equal"), 39, false);

    [Fact]
    public void Live_table_shows_the_run_and_its_last_completion()
    {
        var time = new StillTime();
        var view = new TrainingView(time);
        view.See(Start);
        view.See(Before);
        for (var step = 1; step <= 12; step++) view.See(new StepDone(Step(step)));
        view.See(Sample);
        view.See(new PhaseMoved(StepPhase.Sampling, 0.4));
        time.Seconds = 18;
        Show(view).ShouldBe("""
            ╭──────────────────────────────────────────────────────────────────────────────────────────────────╮
            │ tiny · lora · 21,504 of 803,072 parameters trained                                               │
            │ step          12 of 40  ████████░░░░░░░░░░░░░░░░░░  0:18 elapsed, 0:42 remaining                 │
            │ now           sampling 40 %                                                                      │
            │ reward        0.620  ▁▂▂▃▄▄▅▅▆▇▇█                                                                │
            │ accuracy      62 %                                                                               │
            │ mixed groups  75 %  (12 of 16; 3 all right, 1 all wrong)                                         │
            │ length        36.5 tokens, 0.8 % truncated                                                       │
            │ entropy       0.341   gradient norm 0.287                                                        │
            │ objective     clipped 0 %   stopped by the trust region: -   teacher minus policy: -0.250   KL - │
            │ tokens/s      5,123 sampling, 2,872 training                                                     │
            │ memory        0.412 GB                                                                           │
            │ held-out@1    50 % before training                                                               │
            │ problem       347+86=?                                                                           │
            │ answer        7+6+0=13;⏎·[31m\boxed{433}                                                         │
            │ verdict       right (numeric-equal)                                                              │
            ╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Before_the_first_step_the_table_stands_already()
    {
        var view = new TrainingView(new StillTime());
        view.See(Start);
        Show(view).ShouldContain("0 of 40");
        Show(view).ShouldContain("- remaining");
    }

    [Fact]
    public void Lines_are_plain_and_end_with_before_and_after()
    {
        var writer = new StringWriter { NewLine = "\n" };
        var console = Console();
        var display = new LinesDisplay(writer, console, new StillTime());
        display.Show(Start);
        display.Show(Before);
        display.Show(Sample);
        display.Show(new StepDone(Step(9)));
        display.Show(new StepDone(Step(10)));
        display.Show(new CheckpointWritten(10, "runs/first/checkpoints/10"));
        display.Show(Before with { Step = 40, Accuracy = 0.85, LengthMean = 38 });
        display.Show(new RunEnded(40, 40, false, "runs/first/checkpoints/40", 61.2));
        writer.ToString().ShouldBe("""
            tiny: lora, 21,504 of 803,072 parameters trained; 40 steps into runs/first
            held-out@1 before training: 50 % of 512 problems x 1
            step  9/40  reward  0.590  accuracy  59 %  mixed 12/16  length 36.5, 0.8 % cut  entropy 0.341  clipped 0 %  stopped by the trust region: -  teacher minus policy: -0.250  KL -  grad 0.287  5,123 + 2,872 tokens/s  0.412 GB  0:46 left
            step 10/40  reward  0.600  accuracy  60 %  mixed 12/16  length 36.5, 0.8 % cut  entropy 0.341  clipped 0 %  stopped by the trust region: -  teacher minus policy: -0.250  KL -  grad 0.287  5,123 + 2,872 tokens/s  0.412 GB  0:45 left
              problem  347+86=?
              answer   7+6+0=13;⏎·[31m\boxed{433}
              verdict  right (numeric-equal)
            checkpoint 10: runs/first/checkpoints/10
            held-out@1 after step 40: 85 % of 512 problems x 1

            """.ReplaceLineEndings("\n"));
        var end = Text(console);
        end.ShouldStartWith("done: 40 steps in 1:01");
        end.ShouldContain("+35.0 points ± 2.8 (s.e.)");
        end.ShouldContain("PeftModel.from_pretrained(model, \"runs/first/checkpoints/40\")");
    }

    [Fact]
    public void The_live_display_draws_on_its_own_thread_and_gives_the_terminal_back()
    {
        var console = Console();
        using (var display = new LiveDisplay(console, new StillTime()))
        {
            display.Show(Start);
            display.Show(new StepDone(Step(40)));
            display.Show(new RunEnded(40, 40, true, "a", 1));
        }
        Text(console).ShouldContain("40 of 40");
        Text(console).ShouldContain("stopped after step 40 of 40");
        var early = Console();
        Tenon.Cli.Display.RunSummary.Write(early, Start, new RunEnded(7, 40, false, "a", 1) { Early = "no gain" }, []);
        Text(early).ShouldContain("done: ended early, after step 7 of 40, in");
        Text(early).ShouldContain(": no gain");
        Text(early).ShouldNotContain("stopped");
        Text(early).ShouldNotContain("--resume");
    }

    [Theory]
    [InlineData(new double[0], "")]
    [InlineData(new[] { 0.0, 1, 2, 7 }, "▁▂▃█")]
    [InlineData(new[] { 1.0, 1, double.NaN, 1 }, "▄▄▄")]
    public void Sparkline_spans_its_own_range(double[] values, string line) => Sparkline.Of(values).ShouldBe(line);

    [Theory]
    [InlineData(double.NaN, "-")]
    [InlineData(0, "0")]
    [InlineData(0.12345, "0.123")]
    [InlineData(12.345, "12.3")]
    [InlineData(12345.6, "12,346")]
    [InlineData(0.00001234, "1.2e-5")]
    [InlineData(-2.5, "-2.500")]
    public void Numbers_have_three_digits(double value, string text) => Figures.Number(value).ShouldBe(text);

    private static TestConsole Console() => new TestConsole().Width(100);

    private static string Show(TrainingView view)
    {
        var console = Console();
        console.Write(view.Render(100));
        return Text(console);
    }

    private static string Text(TestConsole console) =>
        string.Join('\n', console.Output.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())).Trim();

    private sealed class StillTime : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * 1000);
    }
}
