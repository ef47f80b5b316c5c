using System.Text;

namespace Tenon.MathAnswers.Steps;

/// <summary>
/// Finds the sums in a line of prose: <c>7 stickers/page * 6 pages = 42 stickers</c> is 7*6 = 42. Words are units only where an operator or
/// a
/// relation goes on behind them. What touches a sum without being understood leaves it open, and an open sum is never called wrong.
/// </summary>
internal sealed class PlainScanner
{
    private const int MaxPieces = 160;
    private const int MaxUnitWords = 4;
    private const int MaxDepth = 12;

    private readonly string _line;
    private readonly List<Piece> _t;

    private PlainScanner(string line) => (_line, _t) = (line, PlainTokens.Of(line));

    /// <summary>A run of pieces that make one side.</summary>
    private sealed record Run(int Start, int End, string Math, List<string> Units, bool Dangling);

    /// <summary>
    /// The statements of a line. A line that starts with a relation goes on from <paramref name="previous"/>, the side that ended the line
    /// before.
    /// </summary>
    public static List<Statement> Scan(string line, int number, ref Side? previous)
    {
        if (line.AsSpan().IndexOfAny('=', '≈', '≅') < 0)
        {
            previous = null;
            return [];
        }
        return new PlainScanner(line).Statements(number, ref previous);
    }

    /// <summary>The expression that a line ends in, from where a next line may go on.</summary>
    public static Side? Trailing(string line)
    {
        if (line.Length is 0 or > 200) return null;
        var scanner = new PlainScanner(line);
        return scanner.RunAt(0) is { } run && run.End == scanner._t.Count ? scanner.SideOf(run) : null;
    }

    private List<Statement> Statements(int number, ref Side? previous)
    {
        var found = new List<Statement>();
        var runs = new Dictionary<int, Run>();
        var ends = new Dictionary<int, Run>();
        for (var i = 0; i < _t.Count;)
        {
            if (RunAt(i) is not { } run) { i++; continue; }
            runs[run.Start] = run;
            ends[run.End] = run;
            i = Math.Max(run.End, i + 1);
        }
        Side? last = null;
        for (var i = 0; i < _t.Count; i++)
        {
            if (_t[i].Kind != PieceKind.Relation) continue;
            var sides = new List<Side>();
            var ops = new StringBuilder();
            ends.TryGetValue(i, out var first);
            var start = first?.Start ?? NameStart(i);
            if (first is not null) sides.Add(SideOf(first));
            else if (i == 0 && previous is not null) sides.Add(previous);
            else sides.Add(new Side(_line[_t[start].Start.._t[i].Start].Trim(), null));
            Run? right = null;
            var at = i;
            while (at < _t.Count && _t[at].Kind == PieceKind.Relation)
            {
                ops.Append(_t[at].Text);
                if (!runs.TryGetValue(at + 1, out right)) break;
                sides.Add(SideOf(right));
                at = right.End;
            }
            if (sides.Count <= ops.Length) ops.Length = Math.Max(0, sides.Count - 1);
            var end = right?.End ?? Math.Min(at + 1, _t.Count);
            if (sides.Count >= 2)
            {
                var (from, to) = (_t[start].Start, _t[Math.Max(end, start + 1) - 1].End);
                found.Add(new Statement(number, _line[from..to], sides, ops.ToString())
                {
                    Before = Sentence(_line[..from], fromEnd: true),
                    After = Sentence(_line[to..], fromEnd: false),
                    OpenLeft = first is not null && OpenBefore(start),
                    OpenRight = right is null || right.Dangling || OpenBehind(right.End),
                    Follows = Arrow(start),
                });
                last = end == _t.Count ? sides[^1] : null;
            }
            i = Math.Max(i, end - 1);
        }
        previous = last;
        return found;
    }

    private Side SideOf(Run run) => new(_line[_t[run.Start].Start.._t[run.End - 1].End], run.Math) { Units = run.Units };

    /// <summary>Where the words before a relation begin.</summary>
    private int NameStart(int relation)
    {
        var i = relation;
        while (i > 0 && relation - i < 8 && _t[i - 1].Kind is PieceKind.Word or PieceKind.Letter) i--;
        return i;
    }

    private bool Arrow(int start) => start > 0 && _t[start - 1].Kind == PieceKind.Arrow;

    private static string Sentence(string text, bool fromEnd)
    {
        if (fromEnd)
        {
            var cut = text.LastIndexOfAny(['.', ';', '?', '!']);
            var s = cut >= 0 ? text[(cut + 1)..] : text;
            return s.Length > 100 ? s[^100..] : s;
        }
        for (var i = 0; i < text.Length && i < 100; i++)
            if (text[i] is ';' or '?' or '!' || (text[i] == '.' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1]))))
                return text[..(i + 1)];
        return text.Length > 100 ? text[..100] : text;
    }

    /// <summary>True where what stands before the run may belong to it.</summary>
    private bool OpenBefore(int start)
    {
        if (_t[start] is { Kind: PieceKind.Op, Text: "+" }) return true;
        if (start == 0) return false;
        var t = _t[start - 1];
        switch (t.Kind)
        {
            case PieceKind.Stop when start > 1 && _t[start - 2].Kind == PieceKind.Op: return true;
            case PieceKind.Stop:
                return t.Text == "," && start > 1
                && _t[start - 2].Kind is PieceKind.Number or PieceKind.Letter or PieceKind.Percent
                || t.Text is ":" && start > 1 && _t[start - 2].Kind == PieceKind.Number && _t[start].Touches;
            case PieceKind.Open or PieceKind.Arrow or PieceKind.Relation: return false;
            case PieceKind.Word when Doubts.Modifies(t.Text): return true;
            case PieceKind.Word or PieceKind.Letter:
                return (start > 1 && _t[start - 2].Kind == PieceKind.Op)
                || NumberNear(start - 1, t.Text);
            // A dash before a sum at the start of a line is a bullet; elsewhere it is unread.
            case PieceKind.Op: return start > 1;
            default: return true;
        }
    }

    /// <summary>3 boxes of 6 + 4: a quantity that the sum is counted by, or 3 apples 2 + 4: one that touches it.</summary>
    private bool NumberNear(int word, string text)
    {
        if (Doubts.Ends(text)) return false;
        if (word > 0 && _t[word - 1].Kind == PieceKind.Number) return true;
        if (Doubts.Labels(text)) return true;
        if (text is not ("of" or "by" or "with" or "to" or "the" or "from")) return false;
        for (var i = word - 1; i >= 0 && i > word - 4; i--)
        {
            if (_t[i].Kind is PieceKind.Number or PieceKind.Percent) return true;
            if (_t[i].Kind == PieceKind.Word && Doubts.Modifies(_t[i].Text)) return true;
            if (_t[i].Kind is not (PieceKind.Word or PieceKind.Letter)) return false;
        }
        return false;
    }

    private bool OpenBehind(int end)
    {
        if (end >= _t.Count) return false;
        var t = _t[end];
        switch (t.Kind)
        {
            case PieceKind.Stop: return t.Text is "…" or "|";
            case PieceKind.Close or PieceKind.Arrow or PieceKind.Relation: return false;
            case PieceKind.Word when Doubts.Continues(t.Text): return true;
            case PieceKind.Word when t.Text is "and" or "&":
                return end + 1 < _t.Count
                && (_t[end + 1].Kind == PieceKind.Letter
                || (_t[end + 1].Kind == PieceKind.Number && end + 2 < _t.Count
                && _t[end + 2] is { Kind: PieceKind.Op, Text: "/", Touches: true }));
            // 5 feet 6 inches
            case PieceKind.Word: return (t.Touches && t.Text.Length == 1) || (end + 1 < _t.Count && _t[end + 1].Kind == PieceKind.Number);
            case PieceKind.Letter: return t.Touches || t.Text is not ("a" or "A" or "I");
            case PieceKind.Bang when t.Text == "!": return end + 1 < _t.Count && _t[end + 1].Touches;
            case PieceKind.Open: return end + 1 >= _t.Count || _t[end + 1].Kind != PieceKind.Word || Doubts.Continues(_t[end + 1].Text);
            default: return true;
        }
    }

    private Run? RunAt(int start)
    {
        var units = new List<string>();
        var b = new StringBuilder();
        var (p, dangling) = (start, false);
        if (!Sum(ref p, b, units, start + MaxPieces, 0, ref dangling) || p == start) return null;
        return new Run(start, p, b.ToString(), units, dangling);
    }

    /// <summary>Operands and operators from <paramref name="p"/>; true where at least one operand was read.</summary>
    private bool Sum(ref int p, StringBuilder b, List<string> units, int limit, int depth, ref bool dangling)
    {
        if (p < _t.Count && _t[p] is { Kind: PieceKind.Op, Text: "+" or "-" } && p + 1 < _t.Count && _t[p + 1].Touches)
        {
            if (_t[p].Text == "-") b.Append('-');
            p++;
        }
        if (!Operand(ref p, b, units, limit, depth)) return false;
        while (p < _t.Count && p < limit)
        {
            var q = UnitsEnd(p, depth);
            var op = Operator(q, p);
            if (op is null) break;
            var (length, mark) = (b.Length, q);
            var next = q + (op.Length > 1 && op == "()" ? 0 : 1);
            b.Append(op == "()" ? "*" : op);
            if (next < _t.Count && _t[next] is { Kind: PieceKind.Op, Text: "-" } && op != "-" && next + 1 < _t.Count
                && _t[next + 1].Touches)
            {
                b.Append('-');
                next++;
            }
            var before = units.Count;
            for (var i = p; i < q; i++) if (_t[i].Kind is PieceKind.Word or PieceKind.Letter) units.Add(_t[i].Text);
            if (!Operand(ref next, b, units, limit, depth))
            {
                b.Length = length;
                units.RemoveRange(before, units.Count - before);
                dangling |= _t[mark].Kind != PieceKind.Letter;
                break;
            }
            p = next;
        }
        // Words before a relation or a closing bracket are units of the last operand.
        var end = UnitsEnd(p, depth);
        if (end > p && end < _t.Count && (_t[end].Kind == PieceKind.Relation || (depth > 0 && _t[end].Kind == PieceKind.Close)))
        {
            for (var i = p; i < end; i++) if (_t[i].Kind is PieceKind.Word or PieceKind.Letter) units.Add(_t[i].Text);
            p = end;
        }
        else if (depth == 0 && p < _t.Count && _t[p].Kind == PieceKind.Word && !Doubts.Continues(_t[p].Text)) units.Add("\0" + _t[p].Text);
        return true;
    }

    /// <summary>Behind the words that may be units: at most four, with slashes between.</summary>
    private int UnitsEnd(int p, int depth)
    {
        var q = p;
        var words = 0;
        while (q < _t.Count && words < MaxUnitWords)
        {
            if (_t[q].Kind == PieceKind.Word && !Doubts.Ends(_t[q].Text)) words++;
            else if (!(_t[q].Kind == PieceKind.Op && _t[q].Text == "/" && (q > p || q == 0 || _t[q - 1].Kind == PieceKind.Number)
                && q + 1 < _t.Count && _t[q + 1].Kind == PieceKind.Word)) break;
            q++;
        }
        if (q == p) return p;
        var follows = q < _t.Count
            && (_t[q].Kind is PieceKind.Op or PieceKind.Relation || IsTimes(q) || (depth > 0 && _t[q].Kind == PieceKind.Close));
        return follows ? q : p;
    }

    /// <summary>The operator at a place: a sign, x between numbers, of behind a part, or "()" for two factors that touch.</summary>
    private string? Operator(int q, int p)
    {
        if (q >= _t.Count) return null;
        var t = _t[q];
        if (t.Kind == PieceKind.Op) return t.Text;
        if (IsTimes(q)) return "*";
        if (t is { Kind: PieceKind.Word, Text: "of" } && q == p && q > 0 && q + 1 < _t.Count
            && _t[q + 1].Kind is PieceKind.Number or PieceKind.Open
            && (_t[q - 1].Kind == PieceKind.Percent
            || (q > 2 && _t[q - 1].Kind == PieceKind.Number && _t[q - 2] is { Kind: PieceKind.Op, Text: "/" }))) return "*";
        if (q == p && t.Touches && q > 0 && t.Kind == PieceKind.Open
            && _t[q - 1].Kind is PieceKind.Number or PieceKind.Close or PieceKind.Letter) return "()";
        return null;
    }

    private bool IsTimes(int q) =>
        q > 0 && _t[q] is { Kind: PieceKind.Letter, Text: "x" or "X" } && q + 1 < _t.Count
        && (_t[q + 1].Kind == PieceKind.Number || (_t[q + 1].Kind == PieceKind.Open && !_t[q].Touches))
        && _t[q - 1].Kind is PieceKind.Number or PieceKind.Close or PieceKind.Percent or PieceKind.Word;

    private bool Operand(ref int p, StringBuilder b, List<string> units, int limit, int depth)
    {
        if (p >= _t.Count || p >= limit) return false;
        var t = _t[p];
        switch (t.Kind)
        {
            case PieceKind.Number:
                // 2 1/2 is a mixed number.
                if (p + 3 < _t.Count && _t[p + 1].Kind == PieceKind.Number && _t[p + 2] is { Kind: PieceKind.Op, Text: "/", Touches: true }
                    && _t[p + 3] is { Kind: PieceKind.Number, Touches: true } && !t.Text.Contains('.', StringComparison.Ordinal))
                {
                    b.Append('(').Append(t.Text).Append('+').Append(_t[p + 1].Text).Append('/').Append(_t[p + 3].Text).Append(')');
                    p += 4;
                    break;
                }
                b.Append(t.Text);
                p++;
                if (p < _t.Count && _t[p].Kind == PieceKind.Percent) { b.Append('%'); p++; }
                else if (p < _t.Count && _t[p].Kind == PieceKind.Letter && (_t[p].Touches || IsFactor(p)) && !IsTimes(p)
                    && !(p + 1 < _t.Count && _t[p + 1] is { Touches: true, Kind: PieceKind.Number }))
                {
                    b.Append('*').Append(_t[p].Text);
                    p++;
                }
                break;
            case PieceKind.Letter:
                if (t.Text is "a" or "A" or "I" && !Joined(p)) return false;
                p++;
                if (p < _t.Count && _t[p].Touches && _t[p].Kind is PieceKind.Number or PieceKind.Letter) return false;
                b.Append(t.Text);
                break;
            case PieceKind.Root:
                p++;
                b.Append("sqrt(");
                if (p >= _t.Count || _t[p].Kind is not (PieceKind.Number or PieceKind.Open) || !Operand(ref p, b, units, limit, depth))
                    return false;
                b.Append(')');
                break;
            case PieceKind.Open when depth < MaxDepth:
                p++;
                b.Append('(');
                var inner = false;
                if (!Sum(ref p, b, units, limit, depth + 1, ref inner) || inner || p >= _t.Count || _t[p].Kind != PieceKind.Close)
                    return false;
                p++;
                b.Append(')');
                break;
            default: return false;
        }
        while (p < _t.Count && _t[p] is { Kind: PieceKind.Bang, Touches: true } bang)
        {
            // 5! = 120, but "= 5!" at the end of a sentence is only loud.
            if (bang.Text == "!" && !(p + 1 < _t.Count && _t[p + 1].Kind is PieceKind.Op or PieceKind.Relation or PieceKind.Close)) break;
            b.Append(bang.Text);
            p++;
        }
        return true;
    }

    /// <summary>15 j = 45 j - 900: the letter behind a space belongs to the number where a sign goes on behind it.</summary>
    private bool IsFactor(int p) =>
        _t[p].Text is not ("a" or "A" or "I" or "x" or "X") && p + 1 < _t.Count && _t[p + 1].Kind is PieceKind.Op or PieceKind.Relation;

    /// <summary>True where the letter stands beside an operator or relation: a variable, no article.</summary>
    private bool Joined(int p) =>
        (p + 1 < _t.Count && _t[p + 1].Kind is PieceKind.Op or PieceKind.Relation)
        || (p > 0 && _t[p - 1].Kind is PieceKind.Op or PieceKind.Relation);
}
