using System.Buffers;

namespace Tenon.MathAnswers;

/// <summary>
/// Where a text thinks and where it answers: blocks between the tags that reasoning models write. What stands inside a block is never the
/// answer,
/// and a block that is still open at the end of the text has none. A prompt may open the block (templates that end in
/// <c>&lt;think&gt;</c>), so
/// that the completion begins inside it. Every scan is linear.
/// </summary>
public static class ThinkBlocks
{
    /// <summary>Says that a text begins inside a block whose tag is not known: the first closing tag of any kind ends it.</summary>
    public const string UnknownTag = "";

    private static readonly (string Open, string Close)[] Tags = [.. ThinkTags.All];

    private static readonly SearchValues<string> AnyTag =
        SearchValues.Create([.. Tags.SelectMany(t => new[] { t.Open, t.Close })], StringComparison.Ordinal);

    // What stands between the turns of a conversation in the common templates: behind it another voice speaks.
    private static readonly SearchValues<string> TurnMarks = SearchValues.Create(
        ["<|", "<｜", "[INST]", "[/INST]", "<start_of_turn>", "<end_of_turn>", "<s>", "</s>", "<eos>", "<bos>"], StringComparison.Ordinal);

    /// <summary>
    /// The opening tag of the block that a rendered prompt leaves open, or null. The tag ends the prompt, or begins a line of its last turn
    /// (an
    /// answer that was begun for the model); a tag that a system prompt merely names opens nothing.
    /// </summary>
    public static string? LeftOpen(string prompt)
    {
        if (Scan(prompt, null) is not { Open: { } tag, Start: var start }) return null;
        var behind = prompt.AsSpan(start + tag.Length);
        if (behind.IsWhiteSpace()) return tag;
        var before = prompt.AsSpan(0, start).TrimEnd(' ');
        var leads = before.Length == 0 || before[^1] is '\n' or '>' or ']';
        return leads && behind.IndexOfAny(TurnMarks) < 0 ? tag : null;
    }

    /// <summary>
    /// The text behind the last closed block (all of it where there is none); null where the text ends inside a block.
    /// <paramref name="opened"/> is the opening tag that the prompt left open, <see cref="UnknownTag"/> for any, null for none.
    /// </summary>
    public static string? After(string text, string? opened = null)
    {
        var (open, _, answer) = Scan(text, opened);
        if (open is not null) return null;
        return answer == 0 ? text : text[answer..];
    }

    /// <summary>The text with a semicolon in place of every tag, so that what stands before and behind one are two statements.</summary>
    internal static string Parted(string text)
    {
        if (text.AsSpan().IndexOfAny(AnyTag) < 0) return text;
        foreach (var (open, close) in Tags)
            text = text.Replace(open, "; ", StringComparison.Ordinal).Replace(close, "; ", StringComparison.Ordinal);
        return text;
    }

    // The block that is open at the end (null where none is), where its tag stands (-1: before the text), and where the text behind the
    // last closed block begins.
    private static (string? Open, int Start, int Answer) Scan(string text, string? opened)
    {
        var (open, start, answer) = (opened, -1, 0);
        for (var at = 0; ;)
        {
            var next = text.AsSpan(at).IndexOfAny(AnyTag);
            if (next < 0) return (open, start, answer);
            at += next;
            var found = text.AsSpan(at);
            foreach (var (begin, end) in Tags)
            {
                if (found.StartsWith(begin, StringComparison.Ordinal))
                {
                    if (open is null) (open, start) = (begin, at);
                    at += begin.Length;
                    break;
                }

                if (!found.StartsWith(end, StringComparison.Ordinal)) continue;
                at += end.Length;
                // A closing tag of another kind ends no block; one without a block ends what a text before this one began.
                if (open is null or UnknownTag || open == begin) (open, start, answer) = (null, -1, at);
                break;
            }
        }
    }
}
