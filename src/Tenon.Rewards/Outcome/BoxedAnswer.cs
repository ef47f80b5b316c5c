namespace Tenon.Rewards.Outcome;

/// <summary>
/// Finds the one answer of a completion: the content of its last <c>\boxed{...}</c>, outside think blocks. Boxes that only a comma, a
/// semicolon,
/// "and" or "or" separates are a list of answers, and a list is no answer here: guessing several times never pays. Linear in the text.
/// </summary>
internal static class BoxedAnswer
{
    private const string Box = @"\boxed{";
    // Longer than any answer a task or a choice asks for; keeps every parser behind it trivially cheap.
    private const int LongestAnswer = 1000;

    /// <summary>
    /// The answer's text, trimmed, or null with the reason: <c>no-answer</c>, <c>unclosed-think</c>, <c>unclosed-box</c>,
    /// <c>several-answers</c>.
    /// </summary>
    public static string? Find(in Completion completion, out string reason)
    {
        var text = completion.AfterThinking();
        reason = "unclosed-think";
        if (text is null) return null;

        reason = "no-answer";
        var start = text.LastIndexOf(Box, StringComparison.Ordinal);
        if (start < 0) return null;
        reason = "unclosed-box";
        if (Content(text, start, out _) is not { } content) return null;

        // A box around a box: the search from the right has found the inner one; that is the answer.
        reason = "several-answers";
        if (JoinedToAnother(text, start, content)) return null;
        reason = "boxed";
        return content;
    }

    /// <summary>
    /// The verdict of a full-or-nothing reward on the boxed text, unwrapped from <c>$</c>, <c>\text{}</c> and a final stop.
    /// </summary>
    public static Verdict Judge(in Completion completion, Func<string, (bool Correct, string Reason)> decide)
    {
        if (Find(completion, out var reason) is not { } text) return new Verdict(0, false, reason);
        if (text.Length > LongestAnswer) return new Verdict(0, false, "too-long");
        text = Unwrap(text);
        var (correct, why) = decide(text);
        return new Verdict(correct ? 1 : 0, correct, why) { Extracted = text };
    }

    /// <summary>The text without <c>$</c>, <c>\text{}</c> and a final stop around it.</summary>
    public static string Unwrap(string text)
    {
        text = text.Trim().Trim('$').Trim();
        foreach (var wrap in (ReadOnlySpan<string>)[@"\text{", @"\mathrm{", @"\textbf{", @"\mathbf{"])
            if (text.StartsWith(wrap, StringComparison.Ordinal) && text.IndexOf('}') == text.Length - 1)
                text = text[wrap.Length..^1].Trim();
        return text.EndsWith('.') ? text[..^1].TrimEnd() : text;
    }

    private static string? Content(string text, int start, out int end)
    {
        var depth = 0;
        for (end = start + Box.Length - 1; end < text.Length; end++)
        {
            if (text[end] == '\\') end++;
            else if (text[end] == '{') depth++;
            else if (text[end] == '}' && --depth == 0) return text[(start + Box.Length)..end].Trim();
        }

        return null;
    }

    private static bool JoinedToAnother(string text, int start, string content)
    {
        if (start == 0) return false;
        var before = text.LastIndexOf(Box, start - 1, StringComparison.Ordinal);
        if (before < 0 || Content(text, before, out var end) is not { } other || end >= start || other == content) return false;
        var between = text[(end + 1)..start].Replace("$", "", StringComparison.Ordinal).Trim().ToLowerInvariant();
        return between is "" or "," or ";" or "/" or "and" or "or" or ", and" or ", or" or "&" or "|";
    }
}
