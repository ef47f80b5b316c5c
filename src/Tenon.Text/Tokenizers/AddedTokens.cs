using Tenon.Text.Tokenizers.Unicode;

namespace Tenon.Text.Tokenizers;

/// <summary>A token that is found in the text before everything else.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Left out by decoding without special tokens.</param>
/// <param name="Normalized">Searched in the normalized text instead of the raw one.</param>
/// <param name="LeftStrip">Swallows white space before it.</param>
/// <param name="RightStrip">Swallows white space after it.</param>
/// <param name="SingleWord">Counts only with no word character on either side.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool Normalized, bool LeftStrip, bool RightStrip, bool SingleWord);

/// <summary>Finds added tokens: the leftmost match wins, and among those that start there the longest.</summary>
internal sealed class AddedTokens
{
    private readonly Node _root = new();

    private sealed class Node
    {
        public Dictionary<char, Node> Next { get; } = [];

        public AddedToken? Token { get; set; }
    }

    /// <summary>Takes tokens under the text that is searched for (its normalized form where they are normalized).</summary>
    public AddedTokens(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens)
        {
            if (text.Length == 0) continue;
            var node = _root;
            foreach (var c in text)
            {
                if (!node.Next.TryGetValue(c, out var next)) node.Next[c] = next = new Node();
                node = next;
            }

            node.Token ??= token;
        }
    }

    /// <summary>Cuts a text into stretches without and with a token, in order.</summary>
    public IEnumerable<(int Start, int End, AddedToken? Token)> Cut(string text)
    {
        if (_root.Next.Count == 0)
        {
            if (text.Length > 0) yield return (0, text.Length, null);
            yield break;
        }

        var done = 0;
        for (var i = 0; i < text.Length;)
        {
            if (Longest(text, i) is not { } match)
            {
                i++;
                continue;
            }

            var (start, end) = (i, match.End);
            i = match.End;
            var token = match.Token;
            if (token.SingleWord && (start > 0 && IsWordBefore(text, start) || end < text.Length && IsWordAt(text, end))) continue;
            if (token.LeftStrip)
            {
                while (start > done && UnicodeClasses.Space.Contains(text[start - 1])) start--;
                start = Math.Max(start, done);
            }

            if (token.RightStrip)
                while (end < text.Length && UnicodeClasses.Space.Contains(text[end])) end++;
            if (done < start) yield return (done, start, null);
            yield return (start, end, token);
            done = end;
        }

        if (done < text.Length) yield return (done, text.Length, null);
    }

    private (int End, AddedToken Token)? Longest(string text, int at)
    {
        (int, AddedToken)? found = null;
        var node = _root;
        while (at < text.Length && node.Next.TryGetValue(text[at], out var next))
        {
            node = next;
            at++;
            if (node.Token is { } token) found = (at, token);
        }

        return found;
    }

    private static bool IsWordAt(string text, int at) =>
        System.Text.Rune.TryGetRuneAt(text, at, out var rune) && UnicodeClasses.Word.Contains(rune.Value);

    private static bool IsWordBefore(string text, int at)
    {
        var start = at >= 2 && char.IsLowSurrogate(text[at - 1]) && char.IsHighSurrogate(text[at - 2]) ? at - 2 : at - 1;
        return IsWordAt(text, start);
    }
}
