using Tenon.MathAnswers.Steps;

namespace Tenon.Cli.Commands;

/// <summary>
/// What <c>tenon verify --steps</c> prints: the counts and, where a step is wrong, the first one with both values and why.
/// </summary>
internal static class VerifySteps
{
    public static void Show(string solution, string? openedBlock, bool json, bool explain, Terminal terminal)
    {
        var report = new StepVerifier().Check(solution, openedBlock);
        if (json)
        {
            terminal.Out.WriteLine(StepLines.Write(report, explain));
            return;
        }
        terminal.Out.WriteLine(
            $"steps        {Counts(report)}{(report.OverBudget ? " (the text is longer than what is checked)" : "")}");
        if (report.IsThinking) terminal.Out.WriteLine("answer       none: the text ends inside its think block");
        else if (report.Answer is { } answer) terminal.Out.WriteLine($"answer       {Counts(answer)} behind the think block");
        if (explain)
            foreach (var step in report.Steps)
                terminal.Out.WriteLine(
                    $"  line {step.Line,-4} {step.State.ToString().ToLowerInvariant(),-9}  {step.Reason,-20} {step.Left} | {step.Right}");
        if (report.FirstWrong is not { } wrong)
        {
            terminal.Out.WriteLine(report.Checked == 0 ? "first wrong  nothing could be checked" : "first wrong  none");
            return;
        }
        terminal.Out.WriteLine($"first wrong  line {wrong.Line}: {wrong.Text}");
        terminal.Out.WriteLine($"  left       {Side(wrong.Left, wrong.LeftValue)}");
        terminal.Out.WriteLine($"  right      {Side(wrong.Right, wrong.RightValue)}");
        terminal.Out.WriteLine($"  why        {Why(wrong)}");
    }

    private static string Counts(StepReport report) =>
        $"{report.Steps.Count} found, {report.Checked} checked, {report.Right} right, {report.Wrong} wrong";

    private static string Side(string text, string? value) => value is null || value == text.Trim() ? text : $"{text}   (= {value})";

    private static string Why(Step step) => step.Reason switch
    {
        "solution" =>
            $"the second equation has another solution than the one before{(step.LeftValue is null ? "" : $", which has {step.LeftValue}")}",
        "identity" => "the sides are different expressions: they differ in one term",
        "congruence" => "the difference is no multiple of the modulus",
        "order" => "the inequality does not hold",
        _ => "the sides have different values",
    };
}
