using Tenon.MathAnswers;
namespace Tenon.Rewards.Outcome;

/// <summary>How the math reward judges.</summary>
public sealed record MathRewardSettings : ISettings
{
    /// <summary>The rules: <c>tenon</c>, <c>math-verify</c> or <c>boxed</c>.</summary>
    public string Profile { get; init; } = "tenon";

    /// <summary>
    /// <c>answer</c>: unevaluated answers count (8+1 for 9). <c>value</c>: a plain number is wanted, so that copying the question never
    /// pays.
    /// </summary>
    [Words("answer", "value")]
    public string Require { get; init; } = "answer";

    /// <summary>Relative tolerance; unset means the profile's own rule. A problem's own <c>tolerance</c> column wins.</summary>
    [Bounds(0, 1, Below = true)]
    public double? Tolerance { get; init; }

    /// <summary>The reward of a right answer.</summary>
    public double Right { get; init; } = 1;

    /// <summary>The reward of a wrong answer.</summary>
    public double Wrong { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        var profiles = RuleProfile.All.Select(p => p.Name);
        if (!profiles.Contains(Profile)) yield return SettingsCheck.NoChoice("profile", Profile, profiles);
        if (!(Right > Wrong))
            yield return new("right", $"{Right} is not above wrong ({Wrong})", "a right answer to earn more than a wrong one");
    }
}
