using Tenon.Rewards.Settings;

namespace Tenon.Rewards.MathAnswers;

/// <summary>How the math reward judges.</summary>
public sealed record MathRewardSettings : ICheckedSettings
{
    /// <summary>The rules: <c>tenon</c>, <c>math-verify</c> or <c>boxed</c>.</summary>
    public string Profile { get; init; } = "tenon";

    /// <summary><c>answer</c>: unevaluated answers count (8+1 for 9). <c>value</c>: a plain number is wanted, so that copying the question never pays.</summary>
    public string Require { get; init; } = "answer";

    /// <summary>Relative tolerance; unset means the profile's own rule. A problem's own <c>tolerance</c> column wins.</summary>
    public double? Tolerance { get; init; }

    /// <summary>The reward of a right answer.</summary>
    public double Right { get; init; } = 1;

    /// <summary>The reward of a wrong answer.</summary>
    public double Wrong { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingFault> Faults()
    {
        if (!RuleProfile.All.Any(p => p.Name == Profile)) yield return new("profile", $"expected {string.Join(", ", RuleProfile.All.Select(p => p.Name))}, got '{Profile}'");
        if (Require is not ("answer" or "value")) yield return new("require", $"expected answer or value, got '{Require}'");
        if (Tolerance is not (null or (>= 0 and < 1))) yield return new("tolerance", "expected a relative tolerance from 0 to below 1");
        if (!(Right > Wrong)) yield return new("right", "expected more than 'wrong'");
    }
}
