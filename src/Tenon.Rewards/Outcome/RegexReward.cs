using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tenon.Rewards.Outcome;

/// <summary>
/// A regular expression matches the completion, and where asked its group is the gold. Matching is linear in the text (.NET's
/// non-backtracking
/// engine); with <c>backtracking: true</c> a match that takes too long makes the completion wrong, so no text can stop a run.
/// </summary>
public sealed class RegexReward(RegexSettings settings) : IReward
{
    private readonly ConcurrentDictionary<string, Regex?> _patterns = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Name => "regex";

    /// <inheritdoc/>
    public bool IsOutcome => settings.Outcome;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        var pattern = settings.Pattern ?? ColumnOf(problem);
        if (pattern is null) return Verdict.Skip("no-pattern");
        if (_patterns.GetOrAdd(pattern, p => settings.Compile(p, out _)) is not { } regex) return Verdict.Skip("pattern-broken");
        var gold = problem.Answer.Trim();
        if (settings.Gold && gold.Length == 0) return Verdict.Skip("empty-gold");
        if (TextOf(completion, out var reason) is not { } text) return Result(false, reason);
        try
        {
            if (LastMatch(regex, text) is not { } match) return Result(false, "no-match");
            if (!settings.Gold) return Result(true, "match");
            var found = (match.Groups.Count > 1 ? match.Groups[1] : match).Value.Trim();
            var same = string.Equals(found, gold, settings.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
            return Result(same, same ? "match-equal" : "match-different") with { Extracted = found };
        }
        catch (RegexMatchTimeoutException)
        {
            return Result(false, "budget");
        }
    }

    private static Match? LastMatch(Regex regex, string text)
    {
        Match? last = null;
        for (var match = regex.Match(text); match.Success; match = match.NextMatch()) last = match;
        return last;
    }

    private string? ColumnOf(Problem problem) =>
        problem.Fields is { } fields && fields.TryGetValue(settings.Column, out var value) && value.ValueKind == JsonValueKind.String
        ? value.GetString() : null;

    private string? TextOf(in Completion completion, out string reason)
    {
        reason = "unclosed-think";
        if (settings.Where == RegexPlace.All) return completion.Text;
        if (settings.Where == RegexPlace.Text) return completion.AfterThinking()?.Trim();
        return BoxedAnswer.Find(completion, out reason) is { } box ? BoxedAnswer.Unwrap(box) : null;
    }

    private Verdict Result(bool right, string reason) => new(right ? 1 : 0, settings.Outcome ? right : null, reason);
}
