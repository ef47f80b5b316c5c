using System.Text.RegularExpressions;

namespace Tenon.Rewards.Format;

/// <summary>Settings of <see cref="ThinkFormatReward"/>.</summary>
public sealed partial record ThinkFormatSettings : ISettings
{
    /// <summary>The name between the angle brackets.</summary>
    public string Tag { get; init; } = "think";

    /// <summary>
    /// True where the prompt has opened the block already, so that the completion begins inside it; a known think tag at the prompt's end
    /// is seen without it.
    /// </summary>
    public bool Opened { get; init; }

    /// <summary>A second tag that must hold everything after the block (<c>answer</c> in R1's format); null for none.</summary>
    public string? AnswerTag { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (!TagName().IsMatch(Tag)) yield return new("tag", $"'{Tag}' is no tag", "a name of letters, digits, - and _");
        if (AnswerTag is not null && !TagName().IsMatch(AnswerTag))
            yield return new("answer-tag", $"'{AnswerTag}' is no tag", "a name of letters, digits, - and _");
        if (AnswerTag == Tag) yield return new("answer-tag", $"'{AnswerTag}' is the tag itself", "another name than tag");
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]*\z")]
    private static partial Regex TagName();
}

/// <summary>
/// 1 where the completion thinks between tags first and answers after: it begins with the opening tag, has each tag exactly once, and text
/// in the
/// block and behind it. Nested, doubled, missing, misspelt tags are 0, as is an empty block or an empty answer. It shapes, it judges no
/// outcome.
/// </summary>
public sealed class ThinkFormatReward(ThinkFormatSettings settings) : IReward
{
    private readonly string _open = $"<{settings.Tag}>", _close = $"</{settings.Tag}>";

    /// <inheritdoc/>
    public string Name => "think-format";

    /// <inheritdoc/>
    public bool IsOutcome => false;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        var reason = Fault(settings.Opened || completion.OpenedBlock == _open ? _open + completion.Text : completion.Text);
        return new Verdict(reason is null ? 1 : 0, null, reason ?? "format-kept");
    }

    private string? Fault(string text)
    {
        if (!text.StartsWith(_open, StringComparison.Ordinal)) return "no-opening-tag";
        var close = text.IndexOf(_close, StringComparison.Ordinal);
        if (close < 0) return "no-closing-tag";
        if (Again(text, _open, 0) || Again(text, _close, close)) return "tag-again";
        if (string.IsNullOrWhiteSpace(text[_open.Length..close])) return "empty-block";
        var answer = text[(close + _close.Length)..].Trim();
        if (settings.AnswerTag is { } tag)
        {
            string open = $"<{tag}>", end = $"</{tag}>";
            if (!answer.StartsWith(open, StringComparison.Ordinal) || !answer.EndsWith(end, StringComparison.Ordinal))
                return "no-answer-tag";
            if (Again(text, open, text.IndexOf(open, StringComparison.Ordinal))
                || Again(text, end, text.IndexOf(end, StringComparison.Ordinal))) return "tag-again";
            answer = answer[open.Length..Math.Max(open.Length, answer.Length - end.Length)];
        }

        return string.IsNullOrWhiteSpace(answer) ? "empty-answer" : null;
    }

    private static bool Again(string text, string tag, int first) => text.IndexOf(tag, first + tag.Length, StringComparison.Ordinal) >= 0;
}
