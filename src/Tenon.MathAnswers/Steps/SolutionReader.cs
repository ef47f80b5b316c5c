namespace Tenon.MathAnswers.Steps;

/// <summary>
/// Finds the statements of a worked solution: formulas between delimiters or in environments, sums in lines of prose, calculator marks
/// (<c>&lt;&lt;48/2=24&gt;&gt;</c>). Blocks of program code are left out. One pass over the text.
/// </summary>
internal static class SolutionReader
{
    public const int MaxStatements = 2000;
    private const int MaxLine = 20_000;
    private const int MaxFormula = 4000;
    private const int MaxNextLine = 200;

    private static readonly string[] Environments =
        ["align", "aligned", "gather", "gathered", "equation", "eqnarray", "multline", "alignat", "split"];

    /// <summary>The statements in the order of the text; <paramref name="complete"/> is false where there were too many.</summary>
    public static List<Statement> Read(string text, out bool complete)
    {
        var found = new List<Statement>();
        Side? previous = null;
        var (line, p, fenced) = (1, 0, false);
        while (p < text.Length && found.Count < MaxStatements)
        {
            var end = text.IndexOf('\n', p);
            if (end < 0) end = text.Length;
            var span = text.AsSpan(p, end - p);
            if (span.TrimStart().StartsWith("```")) (fenced, previous) = (!fenced, null);
            else if (!fenced && span.Length <= MaxLine && !span.IsWhiteSpace())
            {
                var (next, lines) = Line(text, p, end, line, found, ref previous);
                line += lines;
                p = next;
            }
            if (p <= end)
            {
                p = end + 1;
                line++;
            }
        }
        complete = p >= text.Length;
        return found;
    }

    /// <summary>
    /// One line, and what a display that opens in it takes of the next ones; answers the place behind and the lines passed.
    /// </summary>
    private static (int Next, int Lines) Line(string text, int p, int end, int line, List<Statement> found, ref Side? previous)
    {
        var plainFrom = p;
        var passed = 0;
        var start = p;
        for (var q = p; q < end;)
        {
            if (Formula(text, q, end, out var from, out var to, out var next))
            {
                Plain(text[plainFrom..q], line + passed, found, ref previous, formulaFollows: true);
                var before = SentenceBefore(text, start, q);
                if (to - from <= MaxFormula)
                    found.AddRange(
                        FormulaSplitter.Split(text[from..to], line + passed + Breaks(text, q, from), before, SentenceAfter(text, next)));
                previous = null;
                passed += Breaks(text, q, next);
                q = plainFrom = next;
                if (next > end)
                {
                    end = text.IndexOf('\n', Math.Min(next, text.Length));
                    if (end < 0) end = text.Length;
                }
                continue;
            }
            q++;
        }
        Plain(text[plainFrom..end], line + passed, found, ref previous, formulaFollows: false);
        return (end + 1, passed + 1);
    }

    private static void Plain(string piece, int line, List<Statement> found, ref Side? previous, bool formulaFollows)
    {
        if (piece.Contains("<<", StringComparison.Ordinal)) piece = Marks(piece, line, found);
        if (piece.AsSpan().IndexOfAny('=', '≈', '≅') < 0)
        {
            previous = formulaFollows ? null : PlainScanner.Trailing(piece);
            return;
        }
        if (piece.Contains('\\', StringComparison.Ordinal))
        {
            // LaTeX without delimiters: read as a formula where the line is nothing else.
            previous = null;
            if (IsBareFormula(piece)) found.AddRange(FormulaSplitter.Split(piece, line, "", ""));
            return;
        }
        found.AddRange(PlainScanner.Scan(piece, line, ref previous));
    }

    /// <summary>
    /// Takes the calculator's marks out, so that "48/2 = &lt;&lt;48/2=24>>24" reads on without them; each is a statement of its own.
    /// </summary>
    private static string Marks(string piece, int line, List<Statement> found)
    {
        var rest = new System.Text.StringBuilder(piece.Length);
        var p = 0;
        while (p < piece.Length)
        {
            var open = piece.IndexOf("<<", p, StringComparison.Ordinal);
            var close = open < 0 ? -1 : piece.IndexOf(">>", open, StringComparison.Ordinal);
            if (close < 0) break;
            rest.Append(piece, p, open - p);
            Side? none = null;
            found.AddRange(PlainScanner.Scan(piece[(open + 2)..close], line, ref none));
            p = close + 2;
        }
        return rest.Append(piece, p, piece.Length - p).ToString();
    }

    private static bool IsBareFormula(string piece)
    {
        var run = 0;
        var command = false;
        for (var i = 0; i < piece.Length; i++)
        {
            if (piece[i] == '\\') (command, run) = (true, 0);
            else if (char.IsAsciiLetter(piece[i]))
            {
                if (!command && ++run >= 3) return false;
            }
            else (command, run) = (false, 0);
        }
        return piece.Length <= MaxFormula;
    }

    /// <summary>A formula that opens at <paramref name="q"/>: its content and the place behind its closing sign.</summary>
    private static bool Formula(string s, int q, int end, out int from, out int to, out int next)
    {
        (from, to, next) = (0, 0, 0);
        if (s[q] == '\\' && q + 1 < s.Length)
        {
            if (s[q + 1] is '[' or '(')
            {
                var close =
                    s.IndexOf(s[q + 1] == '[' ? "\\]" : "\\)", q + 2, Math.Min(s.Length - q - 2, MaxFormula * 2), StringComparison.Ordinal);
                if (close < 0) return false;
                (from, to, next) = (q + 2, close, close + 2);
                return true;
            }
            if (s.AsSpan(q).StartsWith("\\begin{"))
            {
                foreach (var name in Environments)
                    foreach (var star in (ReadOnlySpan<string>)["", "*"])
                    {
                        if (!s.AsSpan(q + 7).StartsWith(name + star + "}")) continue;
                        var mark = "\\end{" + name + star + "}";
                        var close = s.IndexOf(mark, q, Math.Min(s.Length - q, MaxFormula * 2), StringComparison.Ordinal);
                        if (close < 0) return false;
                        (from, to, next) = (q, close + mark.Length, close + mark.Length);
                        return true;
                    }
            }
            return false;
        }
        if (s[q] != '$' || (q > 0 && s[q - 1] == '\\')) return false;
        if (q + 1 < s.Length && s[q + 1] == '$')
        {
            var close = s.IndexOf("$$", q + 2, Math.Min(s.Length - q - 2, MaxFormula * 2), StringComparison.Ordinal);
            if (close < 0) return false;
            (from, to, next) = (q + 2, close, close + 2);
            return true;
        }
        return Dollars(s, q, end, out from, out to, out next);
    }

    /// <summary>
    /// A dollar sign opens a formula where its partner stands in the same line and what lies between is no prose and no price.
    /// </summary>
    private static bool Dollars(string s, int q, int end, out int from, out int to, out int next)
    {
        (from, to, next) = (0, 0, 0);
        var close = q + 1;
        while (close < end && (s[close] != '$' || s[close - 1] == '\\')) close++;
        if (close >= end && close > q + 1 && s.AsSpan(q, close - q).Contains('\\'))
        {
            // LaTeX goes on in the next line.
            while (close < s.Length && close < end + MaxNextLine && s[close] != '$' && !(s[close] == '\n' && close > end)) close++;
            if (close >= s.Length || s[close] != '$' || s[close - 1] == '\\') return false;
        }
        else if (close >= end || close == q + 1) return false;
        var after = close + 1 < s.Length ? s[close + 1] : ' ';
        if (char.IsAsciiDigit(after)) return false;
        var content = s.AsSpan(q + 1, close - q - 1);
        if (char.IsWhiteSpace(content[^1]) && char.IsAsciiDigit(content[0])) return false;
        // $20 - $: a price, the operator waits for the next one.
        var trimmed = content.TrimEnd();
        if (trimmed.Length == 0
            || (trimmed[^1] is '+' or '-' or '*' or '/' or '=' or '(' or 'x' or '×' or '÷' && char.IsAsciiDigit(content[0]))) return false;
        if (HasProse(content)) return false;
        (from, to, next) = (q + 1, close, close + 1);
        return true;
    }

    private static bool HasProse(ReadOnlySpan<char> content)
    {
        var (run, command, braces, words) = (0, false, 0, 0);
        foreach (var c in content)
        {
            if (c == '\\') (command, run) = (true, 0);
            else if (c == '{') { braces++; command = false; run = 0; }
            else if (c == '}') { braces--; run = 0; }
            else if (char.IsAsciiLetter(c))
            {
                if (!command && braces == 0 && ++run == 3) words++;
            }
            else (command, run) = (false, 0);
        }
        return words >= 2 || (words >= 1 && char.IsAsciiDigit(content[0]));
    }

    private static int Breaks(string s, int from, int to)
    {
        var n = 0;
        for (var i = from; i < to && i < s.Length; i++) if (s[i] == '\n') n++;
        return n;
    }

    private static string SentenceBefore(string s, int lineStart, int at)
    {
        var from = Math.Max(lineStart, at - 100);
        var cut = s.LastIndexOf(". ", Math.Max(from, at - 1), Math.Max(0, at - 1 - from), StringComparison.Ordinal);
        return s[(cut >= from ? cut + 1 : from)..at];
    }

    private static string SentenceAfter(string s, int at)
    {
        for (var i = at; i < s.Length && i < at + 100; i++)
            if (s[i] is '\n' or '?' or ';' || (s[i] == '.' && (i + 1 == s.Length || char.IsWhiteSpace(s[i + 1])))) return s[at..(i + 1)];
        return at >= s.Length ? "" : s[at..Math.Min(s.Length, at + 100)];
    }
}
