using System.Globalization;
using Tenon.MathAnswers.Steps;

namespace Tenon.Rewards.Format;

/// <summary>
/// A process reward: the share of right steps in a completion's own arithmetic and algebra, by <see cref="StepVerifier"/>. It needs no
/// gold, and the same
/// claim pays once. It says nothing about whether the steps answer the question: use it beside an outcome reward.
/// </summary>
public sealed class StepsReward(StepsRewardSettings settings) : IReward
{
    private readonly StepVerifier _verifier = new();

    /// <summary>The steps reward with its defaults.</summary>
    public StepsReward() : this(new StepsRewardSettings()) { }

    /// <inheritdoc/>
    public string Name => "steps";

    /// <inheritdoc/>
    public bool IsOutcome => false;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        var report = _verifier.Check(settings.Thinking ? completion.Text : Visible(completion));
        if (report.Checked == 0) return new Verdict(settings.Unchecked, null, "no-steps");
        var score = settings.Score switch
        {
            "before-error" => (double)report.RightBeforeError / report.Checked,
            "clean" => report.Wrong == 0 ? 1 : 0,
            _ => report.Share!.Value,
        };
        score *= Math.Min(1, (double)report.Checked / settings.MinSteps);
        return report.FirstWrong is { } wrong
            ? new Verdict(score, null,
            "wrong-step")
            { Extracted = string.Create(CultureInfo.InvariantCulture, $"line {wrong.Line}: {wrong.Text}") }
            : new Verdict(score, null, "steps-right");
    }

    private static string Visible(in Completion completion) => completion.AfterThinking() ?? "";
}
