using System.Collections.Frozen;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>What is an answer, and what is prose about one: by the words beside the mathematics.</summary>
internal static partial class AnswerExtractor
{
    /// <summary>True where the text is an answer and not prose about one: it parses, and holds no run of words.</summary>
    private static bool IsAnswer(string text, out Reading? reading)
    {
        reading = null;
        if (text.Length > WorkBudget.MaxExpressionChars || BeginsWithConclusion(text)) return false;
        var words = Words(text, out var prose);
        // "x is 5", "Let x = 5": a small word beside mathematics makes a sentence of it.
        if (words > 1 || (prose && text.AsSpan().IndexOfAny("0123456789=\\") >= 0)) return false;
        // Notation that is not read (a set-builder, a limit) is still an answer: it is compared as text.
        reading = Reading.Of(text);
        // A word beside a value ("therefore 15", "15 (fifteen)") is prose; a word alone is an answer.
        if (words == 1 && reading.Expr is { } e
            && (e.Kind is ExprKind.Mul or ExprKind.Add && e.Any(x => x.Kind == ExprKind.Text)
            || e.Kind == ExprKind.Relation && Array.Exists(e.Args, HasLooseWord)
            || e.Kind == ExprKind.List && e.Args[0].Kind == ExprKind.Relation && Array.Exists(e.Args[0].Args, HasLooseWord))) return false;
        return (reading.Expr is not null
            || (words == 0 && text.Length <= 400 && text.Contains('\\') && !text.Contains('$') && !text.Contains('\n')));
    }

    // "Therefore, a + b = 28": a sentence, and no list.
    private static bool BeginsWithConclusion(string text)
    {
        if (text.Length > 0 && text[0] > 127 && AnswerWords.Conclusion.Begins(text.AsSpan())) return true;
        var comma = text.IndexOf(',');
        return comma is > 3 and < 20 && char.IsAsciiLetter(text[0]) && AnswerWords.Conclusion.Begins(text.AsSpan(0, comma))
            && text.AsSpan(0, comma).IndexOfAnyInRange('0', '9') < 0;
    }

    private static bool HasLooseWord(Expr side) =>
        side.Kind is ExprKind.Mul or ExprKind.Add && Array.Exists(side.Args, a => a.Kind == ExprKind.Text || HasLooseWord(a));

    /// <summary>
    /// Bare words (two letters or more, no command, no \text content) that are neither units nor functions nor and/or: 0, 1, or 2 for more.
    /// </summary>
    private static int Words(string text, out bool prose)
    {
        var count = 0;
        prose = false;
        for (var i = 0; i < text.Length && count < 2; i++)
        {
            if (text[i] == '\\')
            {
                i++;
                var start = i;
                while (i < text.Length && char.IsAsciiLetter(text[i])) i++;
                if (text.AsSpan(start, i - start) is "text" or "mbox" or "textbf" or "mathrm" or "textnormal" or "begin" or "end"
                    or "operatorname")
                {
                    var open = text.IndexOf('{', Math.Min(i, text.Length));
                    var close = open < 0 ? -1 : Boxes.Close(text, open);
                    if (close > 0) i = close;
                }
                i--;
                continue;
            }
            if (text[i] > 127 && char.IsLetter(text[i]) || IsMixedWord(text, i))
            {
                count += OtherWord(text, ref i);
                continue;
            }
            if (!char.IsAsciiLetter(text[i])) continue;
            var from = i;
            while (i < text.Length && char.IsAsciiLetter(text[i])) i++;
            var word = text.AsSpan(from, i - from);
            i--;
            if (word.Length < 2 || word is "and" or "or" or "pi" or "percent" or "inf" or "infinity" or "np") continue;
            var w = word.ToString();
            if (word.Length < 4 && w is not ("one" or "two" or "all" or "any" or "no" or "yes"))
                prose |= SmallWords.Contains(w.ToLowerInvariant());
            if (word.Length < 4 ? SmallWords.Contains(w.ToLowerInvariant()) : !Units.IsWord(w) && !LatexWords.Functions.ContainsKey(w))
                count++;
        }
        return count;
    }

    // A run of letters of another script: two words' worth where it says more than a unit does.
    private static int OtherWord(string text, ref int i)
    {
        var from = i;
        var ascii = !IsMathLetter(text[i]) && !IsUnspaced(text[i]);
        while (i + 1 < text.Length
            && (text[i + 1] > 127 && (char.IsLetter(text[i + 1]) || IsMark(text[i + 1])) || ascii && char.IsAsciiLetter(text[i + 1]))) i++;
        var length = i + 1 - from;
        // "的值为-3": words before the first figure say what it is, and are no unit.
        if (IsUnspaced(text[from]) && length > 1 && text.AsSpan(0, from).IndexOfAnyInRange('0', '9') < 0
            && text.AsSpan(i).IndexOfAnyInRange('0', '9') >= 0) return 2;
        if (IsUnspaced(text[from]) || IsMathLetter(text[from])) return length == 1 ? 0 : length <= 3 ? 1 : 2;
        // "El área es 36": a short plain word before or behind makes prose of it.
        return HasPlainNeighbour(text, from, i + 1) ? 2 : 1;
    }

    // A word of Latin letters with marks ("Kết", "größte") that begins with a plain one; "aπ" is none.
    private static bool IsMixedWord(string text, int i)
    {
        var at = i;
        while (at < text.Length && char.IsAsciiLetter(text[at])) at++;
        return at > i && at < text.Length && text[at] > 127 && char.IsLetter(text[at]) && !IsMathLetter(text[at]) && !IsUnspaced(text[at]);
    }

    private static bool HasPlainNeighbour(string text, int from, int end)
    {
        var before = text.AsSpan(0, from).TrimEnd(' ');
        var after = text.AsSpan(end).TrimStart(' ');
        return before.Length > 1 && before.Length < from && char.IsAsciiLetter(before[^1]) && char.IsAsciiLetter(before[^2])
            || after.Length > 1 && after.Length < text.Length - end && char.IsAsciiLetter(after[0]) && char.IsAsciiLetter(after[1]);
    }

    // Letters of formulas and units that are no words: Greek ones, blackboard ones, µ, º, Å.
    private static bool IsMathLetter(char c) =>
        c is >= '\u0370' and <= '\u03ff' or >= '\u2100' and <= '\u214f' or '\u00b5' or '\u00ba' or '\u00aa' or '\u00c5';

    private static bool IsMark(char c) => char.GetUnicodeCategory(c)
        is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;

    /// <summary>Short words of prose; other runs of two or three letters are products of variables (bx, dx, abc).</summary>
    private static readonly FrozenSet<string> SmallWords = new[]
    {
        "is", "of", "to", "we", "so", "it", "in", "on", "at", "as", "be", "by", "if", "no", "the", "for", "are", "was", "has", "not", "but",
        "can", "get", "let", "all", "an", "my", "you", "he", "she", "its", "this",
        "our", "his", "her", "how", "one", "two", "out", "may", "use", "now", "had", "any", "why", "who", "do", "up", "us", "me", "hmm",
        "ok", "yes", "i'm", "too", "see", "got", "add", "sum",
    }.ToFrozenSet();
}
