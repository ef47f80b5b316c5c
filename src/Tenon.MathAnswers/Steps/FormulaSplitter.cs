using System.Text;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Steps;

/// <summary>Cuts a LaTeX formula into statements: rows, arrows, commas and words at the top level separate, relations chain.</summary>
internal sealed class FormulaSplitter
{
    private static readonly HashSet<string> Arrows =
        ["implies", "Rightarrow", "Longrightarrow", "iff", "Leftrightarrow", "Longleftrightarrow", "therefore", "because", "rightarrow",
        "to", "longrightarrow", "Leftarrow", "leadsto"];
    private static readonly HashSet<string> Spaces = ["quad", "qquad", "label", "tag", "nonumber", "notag", "displaystyle", "hfill"];

    private static readonly Dictionary<string, char> Relations = new()
    {
        ["le"] = Sign.Le, ["leq"] = Sign.Le, ["leqslant"] = Sign.Le, ["ge"] = Sign.Ge, ["geq"] = Sign.Ge, ["geqslant"] = Sign.Ge,
        ["lt"] = '<', ["gt"] = '>', ["ne"] = Sign.Ne, ["neq"] = Sign.Ne,
        ["approx"] = Sign.Approx, ["simeq"] = Sign.Approx, ["equiv"] = Sign.Equiv, ["doteq"] = Sign.Approx, ["in"] = '?', ["notin"] = '?',
        ["sim"] = '?', ["propto"] = '?', ["cong"] = '?', ["not"] = '?', ["mid"] = '?', ["subset"] = '?', ["subseteq"] = '?',
        ["parallel"] = '?', ["perp"] = '?', ["coloneqq"] = ':',
    };

    private readonly string _s;
    private readonly List<Statement> _found = [];
    private readonly StringBuilder _side = new();
    private readonly List<string> _sides = [];
    private readonly StringBuilder _ops = new();
    private string _before;
    private string? _words;
    private string? _modulus;
    private bool _follows;
    private bool _rowStart;
    private int _line;
    private int _startLine;
    private string? _last;
    private bool _rowsAreSteps;

    private FormulaSplitter(string formula, int line, string before) => (_s, _line, _startLine, _before) = (formula, line, line, before);

    /// <summary>The statements of a formula that starts on a line; the words around it decide what doubts there are.</summary>
    public static List<Statement> Split(string formula, int line, string before, string after)
    {
        var splitter = new FormulaSplitter(formula, line, before);
        splitter.Run();
        for (var i = 0; i < splitter._found.Count; i++)
            splitter._found[i] = splitter._found[i]
                with
            { After = i == splitter._found.Count - 1 ? splitter._found[i].After + after : splitter._found[i].After };
        return splitter._found;
    }

    private void Run()
    {
        var depth = 0;
        for (var p = 0; p < _s.Length;)
        {
            var c = _s[p];
            if (c == '\n') _line++;
            if (c == '\\')
            {
                if (!Command(ref p, ref depth)) return;
                continue;
            }
            if (c is '{' or '(' or '[') depth++;
            else if (c is '}' or ')' or ']') depth--;
            if (depth == 0 && Top(c, ref p)) continue;
            _side.Append(c == '\n' ? ' ' : c);
            p++;
        }
        Close(false);
    }

    /// <summary>Signs outside all brackets; true where the sign was taken.</summary>
    private bool Top(char c, ref int p)
    {
        switch (c)
        {
            case '&': p++; return true;
            case ';': Close(false); p++; return true;
            case ',' when !Thousands(p):
                Close(false);
                p++;
                return true;
            case '=' when p + 1 < _s.Length && _s[p + 1] == '>': Close(true); p += 2; return true;
            case '=': Relate('='); p++; if (p < _s.Length && _s[p] == '=') p++; return true;
            case '≈': Relate(Sign.Approx); p++; return true;
            case '≡': Relate(Sign.Equiv); p++; return true;
            case '<' or '>' when p + 1 < _s.Length && _s[p + 1] == '=': Relate(c == '<' ? Sign.Le : Sign.Ge); p += 2; return true;
            case '<' or '>' or Sign.Le or Sign.Ge or Sign.Ne: Relate(c); p++; return true;
            case '⇒' or '→' or '⟹' or '⇔': Close(true); p++; return true;
            case ':' when p + 1 < _s.Length && _s[p + 1] == '=': Relate(':'); p += 2; return true;
            case ':': Relate('?'); p++; return true;
            default: return false;
        }
    }

    /// <summary>The comma of 28,672 and 28,\!672.</summary>
    private bool Thousands(int p)
    {
        if (p == 0 || !char.IsAsciiDigit(_s[p - 1])) return false;
        var behind = _s.AsSpan(p + 1);
        if (behind.StartsWith("\\!")) behind = behind[2..];
        return behind.Length >= 3 && char.IsAsciiDigit(behind[0]) && char.IsAsciiDigit(behind[1]) && char.IsAsciiDigit(behind[2]);
    }

    private bool Command(ref int p, ref int depth)
    {
        var start = p++;
        if (p >= _s.Length) return true;
        if (_s[p] == '\\')
        {
            p++;
            if (depth > 0) { _side.Append("\\\\"); return true; }
            if (p < _s.Length && _s[p] == '[') p = Math.Max(p, _s.IndexOf(']', p) + 1);
            RowEnd(p);
            return true;
        }
        if (!char.IsAsciiLetter(_s[p]))
        {
            // \{ and \} are brackets of sets.
            if (_s[p] == '{') depth++;
            else if (_s[p] == '}') depth--;
            _side.Append(_s, start, 2);
            p++;
            return true;
        }
        while (p < _s.Length && char.IsAsciiLetter(_s[p])) p++;
        var name = _s[(start + 1)..p];
        if (name is "begin" or "end") return Environment(name, ref p, ref depth, start);
        if (name is "left" or "right" or "big" or "Big" or "bigl" or "bigr" or "middle")
        {
            if (p < _s.Length && _s[p] == '.') p++;
            return true;
        }
        if (depth == 0)
        {
            if (Arrows.Contains(name)) { Close(true); return true; }
            if (Relations.TryGetValue(name, out var sign)) { Relate(sign); return true; }
            if (name is "pmod" or "mod" or "pod")
            {
                _modulus = Braces.Argument(_s, ref p) ?? "?";
                return true;
            }
            if (name is "text" or "mbox" or "textrm" or "textbf" or "mathrm" or "intertext" or "textit") return TextAt(ref p, start);
            if (name is "quad" or "qquad") { _side.Append(' '); if (_sides.Count > 0) Close(false); return true; }
            if (name is "label" or "tag") { Braces.Argument(_s, ref p); return true; }
            if (Spaces.Contains(name)) return true;
        }
        _side.Append(_s, start, p - start);
        if (name is "boxed" or "fbox" or "cancel" or "underline") _side.Append(' ');
        return true;
    }

    private bool Environment(string name, ref int p, ref int depth, int start)
    {
        var environment = Braces.Argument(_s, ref p);
        if (environment is null) return false;
        var plain = environment.TrimEnd('*');
        if (plain is "align" or "aligned" or "gather" or "gathered" or "split" or "equation" or "eqnarray" or "multline" or "alignat"
            or "displaymath")
        {
            if (plain == "alignat" && name == "begin") Braces.Argument(_s, ref p);
            _rowsAreSteps = name == "begin";
            return true;
        }
        depth += name == "begin" ? 1 : -1;
        if (depth > 60) return false;
        _side.Append(_s, start, p - start);
        return true;
    }

    /// <summary>Words inside the formula separate statements; a unit behind a number stays with it.</summary>
    private bool TextAt(ref int p, int start)
    {
        var mark = p;
        var content = Braces.Argument(_s, ref p);
        if (content is null)
        {
            _side.Append(_s, start, mark - start);
            return true;
        }
        var words = content.Trim(' ', '~', ',', '.', ':', ';');
        var separates = words.Length > 0
            && words.Split(' ')
            .Any(w => Doubts.Ends(w.Trim(',', '.')) || w.Trim(',', '.') is "so" or "for" or "from" or "in" or "gives" or "to");
        if (separates)
        {
            if (_sides.Count > 0 || _side.ToString().Trim().Length > 0)
            {
                var count = _found.Count;
                Close(false);
                if (_found.Count > count) _found[^1] = _found[^1] with { After = " " + words };
            }
            _before = words;
        }
        else _side.Append(_s, start, p - start);
        return true;
    }

    private void Relate(char op)
    {
        var side = _side.ToString().Trim();
        _side.Clear();
        if (side.Length == 0 && _sides.Count == 0)
        {
            // "= 7" at the start of a row goes on with the row before.
            if (_last is not null && _rowStart) side = _last;
            else if (_last is null) { _sides.Add(""); _ops.Append(op); _startLine = _line; return; }
        }
        if (_sides.Count == 0) _startLine = _line;
        _rowStart = false;
        _sides.Add(side);
        _ops.Append(op);
    }

    private void RowEnd(int p)
    {
        var q = p;
        while (q < _s.Length && (char.IsWhiteSpace(_s[q]) || _s[q] == '&')) q++;
        // A row that ends in an operator or relation goes on below.
        var open = _side.ToString().Trim();
        if (open.Length == 0 && _sides.Count > 0) return;
        if (open.Length > 0
            && (open[^1] is '+' or '-' or '*' || open.EndsWith("\\cdot", StringComparison.Ordinal)
            || open.EndsWith("\\times", StringComparison.Ordinal))) return;
        if (q < _s.Length && _s[q] is '+' or '-' && _sides.Count > 0) return;
        Close(_rowsAreSteps);
        _rowStart = true;
    }

    private void Close(bool arrow)
    {
        var side = _side.ToString().Trim();
        _side.Clear();
        if (_sides.Count > 0)
        {
            _sides.Add(side);
            var text = new StringBuilder();
            for (var i = 0; i < _sides.Count; i++)
            {
                if (i > 0) text.Append(' ').Append(_ops[i - 1]).Append(' ');
                text.Append(_sides[i]);
            }
            if (_found.Count < SolutionReader.MaxStatements)
                _found.Add(
                    new Statement(_startLine, text.ToString(), [.. _sides.Select(s => new Side(s, s.Length == 0 ? null : s))],
                    _ops.ToString())
                    {
                        IsFormula = true,
                        // "+ 12 = 30" in a row of its own goes on from rows above, as a sum in columns does.
                        OpenLeft = _sides[0].Length == 0 || _sides[0].StartsWith('+') || _sides[0].StartsWith("- ", StringComparison.Ordinal),
                        Before = _before,
                        After = _words ?? "",
                        Follows = _follows,
                        Modulus = _modulus,
                    });
            _last = side;
            _before = "";
        }
        else if (side.Length > 0) _last = side;
        _sides.Clear();
        _ops.Clear();
        _modulus = null;
        _words = null;
        _follows = arrow && (_found.Count > 0);
        _rowStart = false;
        _startLine = _line;
    }
}
