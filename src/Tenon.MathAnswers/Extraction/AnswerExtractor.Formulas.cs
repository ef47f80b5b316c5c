using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>Formulas between dollar signs and brackets, and the last number of a text.</summary>
internal static partial class AnswerExtractor
{
    /// <summary>The formulas of a sentence, joined where only separators stand between them.</summary>
    private static string? FirstFormulas(string text)
    {
        var all = Formulas(text);
        if (all.Count == 0) return null;
        var result = all[0].Text;
        for (var i = 1; i < all.Count; i++)
        {
            if (Boxes.Separator(text.AsSpan(all[i - 1].End, all[i].Start - all[i - 1].End), out var or) is null) break;
            result += (or ? " or " : " , ") + all[i].Text;
        }
        if (PercentBehind(text.AsSpan(all[0].End)) && all.Count == 1) result += "\\%";
        return result;
    }

    // What stands behind the one formula of a sentence.
    private static string? BehindFormula(string text) => Formulas(text) is [var only] ? UnitBehind.Of(text.AsSpan(only.End)) : null;

    /// <summary>The last formula, or the last number where one stands behind it.</summary>
    private static Extracted? Last(string text)
    {
        var tail = text.Length > 20_000 ? text[^20_000..] : text;
        var all = Formulas(tail);
        var end = all.Count > 0 ? all[^1].End : 0;
        if (Stated(tail[end..]) is { } stated) return stated;
        if (LastNumber(tail[end..]) is { } number) return new Extracted(number, "last-number");
        return LastFormula(tail, all) is { } formula ? new Extracted(formula, "last-formula") : null;
    }

    private static readonly System.Buffers.SearchValues<char> FormulaSigns = System.Buffers.SearchValues.Create("\\π√^×⁰¹⁴⁵⁶⁷⁸⁹⁻");

    /// <summary>
    /// "The probability is \frac{1}{2}.": what the last sentence says in bare LaTeX or signs; null where that is a plain number or prose.
    /// </summary>
    private static Extracted? Stated(string text)
    {
        var at = text.LastIndexOf(" is ", StringComparison.Ordinal);
        if (at < 0 || text.AsSpan(at).IndexOfAny(FormulaSigns) < 0) return null;
        var said = Reading.Strip(text[(at + 4)..]);
        return said.Length is > 0 and <= 100 && said.AsSpan().IndexOfAny(FormulaSigns) >= 0 && !said.Contains('\n')
            && IsAnswer(said, out var reading) && reading?.Expr is { } ? new Extracted(said, "last-statement") { Reading = reading } : null;
    }

    private static string? LastFormula(string tail, List<Formula> all)
    {
        if (all.Count == 0) return null;
        var result = all[^1].Text;
        for (var i = all.Count - 1; i > 0 && all.Count - i < 64; i--)
        {
            if (Boxes.Separator(tail.AsSpan(all[i - 1].End, all[i].Start - all[i - 1].End), out var or) is null) break;
            result = all[i - 1].Text + (or ? " or " : " , ") + result;
        }
        if (PercentBehind(tail.AsSpan(all[^1].End))) result += "\\%";
        return result;
    }

    private static string FirstLine(string s)
    {
        s = s.TrimStart();
        var end = s.IndexOf('\n');
        return (end < 0 ? s : s[..end]).Trim();
    }

    // "$4.00 + $2.00 = $6.00": a sign before a figure opens no formula where the next one of its line does not close it.
    private static bool IsMoney(ReadOnlySpan<char> text, int at)
    {
        if (at + 1 >= text.Length || !char.IsAsciiDigit(text[at + 1]) || at > 0 && text[at - 1] == '$') return false;
        var rest = text[(at + 1)..];
        var next = rest.IndexOfAny('$', '\n');
        return next < 0 || rest[next] == '\n'
            || rest[next - 1] is ' ' or '(' or '=' or '*' or '/' or '-' or '+' && next + 1 < rest.Length
            && char.IsAsciiDigit(rest[next + 1]);
    }

    private readonly record struct Formula(string Text, int Start, int End);

    private static readonly List<Formula> NoFormulas = [];

    /// <summary>Everything between $...$, $$...$$, \(...\) and \[...\], in order.</summary>
    private static List<Formula> Formulas(string text)
    {
        if (text.AsSpan().IndexOfAny('$', '\\') < 0) return NoFormulas;
        var found = new List<Formula>();
        var (noRound, noSquare) = (false, false);
        var i = 0;
        while (i < text.Length)
        {
            var (open, close) = (0, "");
            if (text[i] == '$' && IsMoney(text, i)) { i++; continue; }
            if (text[i] == '$') (open, close) = text.AsSpan(i).StartsWith("$$") ? (2, "$$") : (1, "$");
            else if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == '(') (open, close) = (2, "\\)");
            else if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == '[') (open, close) = (2, "\\]");
            else if (text[i] == '\\') i++;
            if (open == 0 || (close == "\\)" && noRound) || (close == "\\]" && noSquare)) { i++; continue; }
            var end = i + open;
            while (end < text.Length && !text.AsSpan(end).StartsWith(close)) end += text[end] == '\\' && close[0] == '$' ? 2 : 1;
            if (end >= text.Length)
            {
                // No further search for a sign that the rest of the text does not hold: the scan stays linear.
                noRound |= close == "\\)";
                noSquare |= close == "\\]";
                i += open;
                continue;
            }
            var content = text[(i + open)..end].Trim();
            // in$^2$, 60$^\circ$: a power of what stands before it is no formula of its own.
            if (content.Length > 0 && content[0] != '^' && end - i < WorkBudget.MaxExpressionChars)
                found.Add(new Formula(content, i, end + close.Length));
            i = end + close.Length;
        }
        return found;
    }

    // "1 3/4": where the whole number before a proper fraction begins.
    private static int MixedStart(string text, int start, int end)
    {
        var slash = text.AsSpan(start, end - start).IndexOf('/');
        if (slash is < 1 or > 3 || start < 2 || text[start - 1] != ' ' || !char.IsAsciiDigit(text[start - 2])
            || !int.TryParse(text.AsSpan(start, slash), out var above)
            || !int.TryParse(text.AsSpan(start + slash + 1, end - start - slash - 1), out var below)
            || above >= below) return start;
        var whole = start - 1;
        while (whole > 0 && char.IsAsciiDigit(text[whole - 1])) whole--;
        return whole > 0 && (char.IsLetterOrDigit(text[whole - 1]) || text[whole - 1] is '/' or '.' or ',' or '^') ? start : whole;
    }

    /// <summary>The last number of a text, with its sign, decimals, thousands and percent sign.</summary>
    private static string? LastNumber(string text)
    {
        for (var end = text.Length; end > 0; end--)
        {
            if (!char.IsAsciiDigit(text[end - 1])) continue;
            var start = end;
            while (start > 0 && end - start < 400
                && (char.IsAsciiDigit(text[start - 1])
                || (text[start - 1] is '.' or ',' or '/' or ':' && start > 1 && char.IsAsciiDigit(text[start - 2])))) start--;
            // Digits that belong to a name (x10, A2B) or to a unit (cm^2, in$^2$) are no number.
            if (start > 0 && char.IsLetter(text[start - 1])
                || start > 2 && text[start - 1] == '^' && (text[start - 2] == '$' || char.IsLetter(text[start - 2])))
            {
                end = start;
                continue;
            }
            start = MixedStart(text, start, end);
            if (start > 0 && text[start - 1] is '.' && start < text.Length && char.IsAsciiDigit(text[start])) start--;
            if (start > 0 && text[start - 1] is '-' or '−' && (start == 1 || !char.IsLetterOrDigit(text[start - 2]))) start--;
            return text[start..end] + (PercentBehind(text.AsSpan(end)) ? "\\%" : "");
        }
        return null;
    }
}
