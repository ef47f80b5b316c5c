using System.Text;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// The values in a sentence of any language: runs of mathematics between words. Letters of other scripts and words of two letters or more
/// end a
/// run; single Latin and Greek letters, commands, functions, digits and signs belong to it.
/// </summary>
internal static class ValueSpans
{
    private const int MostSpans = 64;

    /// <summary>One value and what stands between it and the one before.</summary>
    internal readonly record struct Span(string Text, string Before);

    /// <summary>The values of a sentence in order.</summary>
    public static List<Span> Of(string sentence)
    {
        var found = new List<Span>();
        var run = new StringBuilder();
        var between = new StringBuilder();
        for (var i = 0; i < sentence.Length && found.Count < MostSpans; i++)
        {
            var c = sentence[i];
            if (c == '\\' && i + 1 < sentence.Length)
            {
                i = Command(sentence, i, run);
                continue;
            }

            if (!IsLetter(c))
            {
                run.Append(c is '“' or '”' or '「' or '」' or '『' or '』' or '*' or '`' or '"' or '、' ? ' ' : c);
                continue;
            }

            var start = i;
            // "解集为x": a word of a script without spaces ends where plain letters begin.
            var unspaced = AnswerExtractor.IsUnspaced(c);
            while (i + 1 < sentence.Length && IsLetter(sentence[i + 1]) && AnswerExtractor.IsUnspaced(sentence[i + 1]) == unspaced) i++;
            var word = sentence.AsSpan(start, i + 1 - start);
            if (Belongs(word)) run.Append(word);
            else
            {
                Close(run, between, found);
                between.Append(word).Append(' ');
            }
        }

        Close(run, between, found);
        return found;
    }

    /// <summary>The last value, with those that "and" or "or" joins to it; empty where there is none.</summary>
    public static Extracted Last(string sentence, string rule)
    {
        var all = Of(sentence);
        if (all.Count == 0) return new Extracted("", rule);
        var (text, hedged) = (all[^1].Text, false);
        for (var i = all.Count - 1; i > 0; i--)
        {
            var joint = all[i].Before.Trim();
            var or = joint is "或" or "或者" or "または" or "또는" or "или" or "أو" or "या" or "oder" or "ou" or "atau" or "veya" or "hoặc";
            if (!or
                && joint
                is not ("和" or "与" or "與" or "と" or "와" or "과" or "그리고" or "и" or "و" or "और" or "und" or "et" or "ve" or "và" or "dan"))
                break;
            hedged |= or;
            text = all[i - 1].Text + " , " + text;
        }

        return new Extracted(text, rule, hedged);
    }

    private static bool IsLetter(char c) => char.IsLetter(c) ? c is not ('ℝ' or 'ℤ' or 'ℕ' or 'ℚ' or 'ℂ' or 'π') : c > 127 && IsMark(c);

    private static bool IsMark(char c) =>
        char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.NonSpacingMark
        or System.Globalization.UnicodeCategory.SpacingCombiningMark;

    private static bool Belongs(ReadOnlySpan<char> word)
    {
        if (word.Length == 1) return char.IsAsciiLetter(word[0]) || word[0] is >= 'α' and <= 'ω' or >= 'Α' and <= 'Ω';
        return word.Length <= 7 && char.IsAscii(word[0]) && (word is "pi" or "sqrt" || LatexWords.Functions.ContainsKey(word.ToString()));
    }

    // A command with the braces behind it, so that \text{...} and \frac{...}{...} stay whole.
    private static int Command(string s, int at, StringBuilder run)
    {
        var end = at + 1;
        if (!char.IsAsciiLetter(s[end])) end++;
        else
            while (end < s.Length && char.IsAsciiLetter(s[end])) end++;
        for (var braces = 0; braces < 3 && end < s.Length && s[end] == '{'; braces++)
        {
            var close = Boxes.Close(s, end);
            if (close < 0) break;
            end = close + 1;
        }

        run.Append(s, at, end - at);
        return end - 1;
    }

    private static void Close(StringBuilder run, StringBuilder between, List<Span> found)
    {
        var text = run.ToString();
        run.Clear();
        var value = Trim(text);
        if (!IsValue(value))
        {
            between.Append(text.Trim()).Append(' ');
            return;
        }

        found.Add(new Span(value, between.ToString().Trim()));
        between.Clear();
    }

    private static string Trim(string text)
    {
        var s = text.AsSpan().Trim(" .,;:!?'，、…\n\r\t");
        for (var before = -1; before != s.Length && s.Length > 1;)
        {
            before = s.Length;
            if (s[0] is ')' or ']' or '=' or '≈' or '/' or '—' or '–') s = s[1..];
            else if (s[^1] is '(' or '[' or '{' or '=' or '-' or '—' or '–' or '/') s = s[..^1];
            else if (s[0] == '(' && s[1..].IndexOf(')') < 0) s = s[1..];
            else if (s[^1] == ')' && s[..^1].IndexOf('(') < 0) s = s[..^1];
            else if (s[0] == '-' && s.Length > 1 && s[1] == ' ') s = s[1..];
            s = s.Trim(" .,;:!?'，、…\n\r\t");
        }

        return s.ToString();
    }

    private static bool IsValue(string text)
    {
        if (text.Length == 0) return false;
        foreach (var c in text)
            if (char.IsAsciiDigit(c) || c is '\\' or 'π' or '√' or '∞' or '∅') return true;
        var bare = text.Trim('(', ')', ' ', '$');
        return (bare.Length == 1 && char.IsAsciiLetterUpper(bare[0])) || (bare.Length > 2 && bare.AsSpan().IndexOfAny("=+<>≤≥") > 0);
    }
}
