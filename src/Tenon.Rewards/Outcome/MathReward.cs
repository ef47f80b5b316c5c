using System.Text.Json;
using Tenon.MathAnswers;

namespace Tenon.Rewards.Outcome;

/// <summary>
/// The outcome reward of mathematics: the completion's answer against the problem's gold, by <see cref="MathVerifier"/>. The data line's
/// columns
/// <c>golds</c>, <c>tolerance</c> and <c>unit</c> are obeyed.
/// </summary>
public sealed class MathReward(MathRewardSettings settings) : IReward
{
    private readonly MathVerifier _verifier = new(RuleProfile.Find(settings.Profile));

    /// <summary>The math reward with its defaults.</summary>
    public MathReward() : this(new MathRewardSettings()) { }

    /// <inheritdoc/>
    public string Name => "math";

    /// <inheritdoc/>
    public bool IsOutcome => true;

    /// <inheritdoc/>
    public (double Wrong, double Right) Scores => (settings.Wrong, settings.Right);

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        var verdict = _verifier.Verify(problem.Answer, completion.Text, Options(problem, completion));
        if (verdict.Skipped is { } skipped) return Verdict.Skip(skipped);
        var right = verdict.Correct == true;
        return new Verdict(right ? settings.Right : settings.Wrong, right, verdict.Reason) { Extracted = verdict.Extracted };
    }

    private VerifyOptions Options(Problem problem, in Completion completion)
    {
        var options = new VerifyOptions
        {
            RequireValue = settings.Require == "value",
            Tolerance = settings.Tolerance,
            OpenedBlock = completion.OpenedBlock,
            Truncated = completion.Truncated,
        };
        if (problem.Fields is not { Count: > 0 } fields) return options;
        if (fields.TryGetValue("tolerance", out var t) && t.ValueKind == JsonValueKind.Number)
            options = options with { Tolerance = t.GetDouble() };
        if (fields.TryGetValue("unit", out var u) && u.ValueKind == JsonValueKind.String) options = options with { Unit = u.GetString() };
        if (fields.TryGetValue("golds", out var g) && g.ValueKind == JsonValueKind.Array)
            options =
                options
                with
                { OtherGolds = [.. g.EnumerateArray().Where(x => x.ValueKind == JsonValueKind.String).Select(x => x.GetString()!)] };
        return options;
    }
}
