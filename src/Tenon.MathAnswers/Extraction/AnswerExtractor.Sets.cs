using System.Buffers;
using System.Text.RegularExpressions;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>Sets, inequalities and pairs in brackets that a sentence says to its end.</summary>
internal static partial class AnswerExtractor
{
    private const int MostLeads = 40;

    // Behind one of these a sentence may say a set to its end.
    private static readonly SearchValues<string> SetLeads = SearchValues.Create(
        [" is ", " are ", " for ", " when ", " whenever ", " if ", " where ", " by ", " of ", ", ", ": ", " that ", " equals ", " be ",
            " satisfy ",
        " satisfies ", " satisfying ", " need ", " have ", " get ", " obtain ", " requires ", " require ", " means ", " gives ",
        " range ", " take ", " takes ", " in ",
        " ranges ", " lie ", " lies ", " vary ", " varies ", "So ", "Thus ", "Hence ", " continuous ", " defined ", " differentiable "],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> OrderCommands =
        SearchValues.Create(["\\le", "\\ge", "\\ne", "\\lt", "\\gt"], StringComparison.Ordinal);

    private static readonly SearchValues<char> OrderSigns = SearchValues.Create("<>≤≥≠");

    // "The domain is all real numbers except 2.", "It holds when x < 1 or x > 2.": a set in words or in plain inequalities.
    private static string? SetInWords(string sentence)
    {
        var ordered = sentence.AsSpan().IndexOfAny(OrderSigns) >= 0 || sentence.Contains('\\')
            && sentence.AsSpan().IndexOfAny(OrderCommands) >= 0;
        if (!ordered && !WordSets.HasSignal(sentence)) return null;
        if (ordered) sentence = WithUnions(sentence);
        if (Members(sentence) is { } members) return members;
        for (var (from, tries) = (0, 0); tries < MostLeads; tries++)
        {
            var next = sentence.AsSpan(from).IndexOfAny(SetLeads);
            if (next < 0) break;
            var at = from + next;
            from = at + 1;
            var cut = sentence.AsSpan(at + 1).IndexOf(' ');
            if (cut < 0) break;
            var words = Reading.Strip(sentence[(at + cut + 2)..]);
            var must = sentence.AsSpan(at).StartsWith(" be ", StringComparison.OrdinalIgnoreCase);
            // "x must be 4 or more", while "n must be at least 5" may say the least n.
            if (must && !words.Contains(" or ", StringComparison.Ordinal) && !words.StartsWith("less", StringComparison.Ordinal)
                && !words.StartsWith("greater", StringComparison.Ordinal)) continue;
            if (WordSets.Find(words) is not null || ordered && IsOrder(words)) return words;
        }

        return ordered && IsOrder(Reading.Strip(sentence)) ? Reading.Strip(sentence) : null;
    }

    private static readonly string[] UnionWords =
    [
        " as well as for ", " as well as when ", " as well as if ", " as well as ", " and also for ", " and for ", " and when ", " and if ",
        " or for ", " or when ", " or if ", " or else ",
    ];

    // "holds for x < -1 and for x > 2": both ranges belong to it.
    private static string WithUnions(string sentence)
    {
        foreach (var word in UnionWords)
            if (sentence.Contains(word, StringComparison.Ordinal)) sentence = sentence.Replace(word, " or ", StringComparison.Ordinal);
        return Exceptions().Replace(sentence, ", ");
    }

    // "x > 1 with x ≠ 3"
    [GeneratedRegex(@",? (?:with|where|but|provided|provided that|as long as|excluding|except|such that) (?=\$?[a-zA-Z] ?(?:\\ne|≠|!=))")]
    private static partial Regex Exceptions();

    private static readonly SearchValues<string> MemberWords = SearchValues.Create(
        [" are in the domain", " is in the domain", " are solutions", " is a solution", " satisfy the", " satisfies the", " are valid",
            " are allowed", " are possible", " belong to", " belongs to", " will work", " work."], StringComparison.Ordinal);

    // "All reals other than 1 and 2 are in the domain."
    private static string? Members(string sentence)
    {
        if (!sentence.StartsWith("All ", StringComparison.Ordinal) && !sentence.StartsWith("Every ", StringComparison.Ordinal)
            && !sentence.StartsWith("Any ", StringComparison.Ordinal)) return null;
        var at = sentence.AsSpan().IndexOfAny(MemberWords);
        return at > 0 && sentence.Length - at < 60 && WordSets.Find(sentence[..at]) is not null ? sentence[..at] : null;
    }

    // "x < -1 or x > 5", "-1 < x < 5": inequalities and nothing else.
    private static bool IsOrder(string text) =>
        text.Length <= 100 && (text.AsSpan().IndexOfAny(OrderSigns) >= 0 || text.AsSpan().IndexOfAny(OrderCommands) >= 0) && IsAnswer(text,
            out var reading)
        && reading?.Expr is { Kind: ExprKind.Relation or ExprKind.List };

    // "The domain is the interval [-4, ∞).", "The solutions are (1, 2) and (3, 4).": the pairs in brackets that a sentence ends in.
    private static string? Group(string sentence)
    {
        var s = sentence.AsSpan().TrimEnd(" .!*");
        string? list = null;
        while (s.Length > 4 && s[^1] is ')' or ']' && OneGroup(s) is { } group)
        {
            list = list is null ? group : group + " , " + list;
            s = s[..^group.Length].TrimEnd();
            if (s.EndsWith(" and")) s = s[..^4].TrimEnd();
            s = s.TrimEnd(" ,");
        }

        return list;
    }

    private static string? OneGroup(ReadOnlySpan<char> s)
    {
        var depth = 0;
        for (var i = s.Length - 1; i >= 0; i--)
        {
            if (s[i] is ')' or ']') depth++;
            else if (s[i] is '(' or '[' && --depth == 0)
            {
                var group = s[i..].ToString();
                return (i == 0 || s[i - 1] is ' ' or '*') && group.Contains(',', StringComparison.Ordinal)
                    && !group.Contains('$', StringComparison.Ordinal)
                    && !(i > 1 && char.IsAsciiDigit(s[i - 2])) && IsAnswer(group, out _) ? group : null;
            }
        }

        return null;
    }
}
