namespace Tenon.MathAnswers.Steps;

/// <summary>Kinds of pieces that prose with sums in it is made of.</summary>
internal enum PieceKind : byte
{
    Number,
    Letter,
    Word,
    Op,
    Open,
    Close,
    Relation,
    Arrow,
    Percent,
    Root,

    /// <summary>A sign behind an operand: <c>!</c>, a raised 2 or 3.</summary>
    Bang,

    /// <summary>Punctuation: a place where a sum may begin or end.</summary>
    Stop,

    /// <summary>A sign that belongs to something this reader does not know.</summary>
    Other,
}

/// <summary>One piece of a line: where it stands, its text as an expression has it, and whether it touches the piece before.</summary>
internal readonly record struct Piece(PieceKind Kind, string Text, int Start, int End, bool Touches);

/// <summary>Cuts a line of prose into numbers, words and signs: one pass, no backtracking.</summary>
internal static class PlainTokens
{
    private const int MaxNumber = 60;

    public static List<Piece> Of(string line)
    {
        var pieces = new List<Piece>();
        var p = 0;
        while (p < line.Length)
        {
            var c = line[p];
            if (char.IsWhiteSpace(c)) { p++; continue; }
            var start = p;
            var (kind, text) = Next(line, ref p);
            if (text.Length == 0) continue;
            pieces.Add(new Piece(kind, text, start, p, start > 0 && !char.IsWhiteSpace(line[start - 1])));
        }
        return pieces;
    }

    private static (PieceKind Kind, string Text) Next(string s, ref int p)
    {
        var c = s[p];
        if (char.IsAsciiDigit(c)
            || (c == '.' && p + 1 < s.Length && char.IsAsciiDigit(s[p + 1])
            && (p == 0 || s[p - 1] is 'x' or 'X' || !char.IsAsciiLetterOrDigit(s[p - 1])))) return Number(s, ref p);
        if (char.IsLetter(c)) return Word(s, ref p);
        p++;
        switch (c)
        {
            case '$' or '€' or '£' or '¥' or '₹': return (PieceKind.Op, "");
            case '+': return (PieceKind.Op, "+");
            case '-' when p < s.Length && s[p] == '>': p++; return (PieceKind.Arrow, "->");
            case '-' when p < s.Length && s[p] == '-':
                while (p < s.Length && s[p] == '-') p++;
                return (PieceKind.Stop, "--");
            case '-' or '−' or '–' or '‐' or '‑': return (PieceKind.Op, "-");
            case '×' or '·' or '⋅' or '∙' or '✕' or '⨯': return (PieceKind.Op, "*");
            case '÷' or '∕': return (PieceKind.Op, "/");
            case '*' when p < s.Length && s[p] == '*':
                p++;
                // 2**3 is a power; **bold** is not.
                return p >= 3 && IsOperand(s[p - 3]) && p < s.Length && IsOperand(s[p]) ? (PieceKind.Op, "^") : (PieceKind.Op, "");
            case '*' or '/' or '^': return (PieceKind.Op, c.ToString());
            case '(' or '[': return (PieceKind.Open, "(");
            case ')' or ']': return (PieceKind.Close, ")");
            case '=' when p < s.Length && s[p] == '>': p++; return (PieceKind.Arrow, "=>");
            case '=' when p < s.Length && s[p] == '=':
                p++;
                return p < s.Length && s[p] == '=' ? Run(s, ref p, '=') : (PieceKind.Relation, "=");
            case '=': return (PieceKind.Relation, "=");
            case '≈' or '≅' or '≃': return (PieceKind.Relation, "≈");
            case '~' when p < s.Length && s[p] == '=': p++; return (PieceKind.Relation, "≈");
            case '⇒' or '→' or '⟹' or '⟶' or '∴' or '↔' or '⇔': return (PieceKind.Arrow, "=>");
            case '%': return (PieceKind.Percent, "%");
            case '√': return (PieceKind.Root, "sqrt");
            case '!' when p < s.Length && s[p] == '=': p++; return (PieceKind.Other, "!=");
            case '!': return (PieceKind.Bang, "!");
            case '²' or '³': return (PieceKind.Bang, c == '²' ? "^2" : "^3");
            case '°': return (PieceKind.Word, "degree");
            case '.' or ',' or ';' or ':' or '?' or '"' or '“' or '”' or '`' or '|' or '#' or '—' or '•'
                or '…':
                return (PieceKind.Stop, c.ToString());
            default: return (PieceKind.Other, c.ToString());
        }
    }

    private static bool IsOperand(char c) => char.IsAsciiLetterOrDigit(c) || c is '(' or ')';

    private static (PieceKind Kind, string Text) Run(string s, ref int p, char c)
    {
        while (p < s.Length && s[p] == c) p++;
        return (PieceKind.Stop, "===");
    }

    private static (PieceKind Kind, string Text) Number(string s, ref int p)
    {
        var start = p;
        while (p < s.Length && char.IsAsciiDigit(s[p])) p++;
        var digits = p - start;
        if (digits is >= 1 and <= 3)
            while (p < s.Length && s[p] == ',' && Three(s, p + 1)) p += 4;
        if (p + 1 < s.Length && s[p] == '.' && char.IsAsciiDigit(s[p + 1]))
        {
            p++;
            while (p < s.Length && char.IsAsciiDigit(s[p])) p++;
        }
        var text = s[start..p].Replace(",", "", StringComparison.Ordinal);
        // 0900 is a time or a code.
        if (text.Length > MaxNumber || (text.Length > 1 && text[0] == '0' && text[1] != '.')) return (PieceKind.Other, "number");
        // 12:30, 3:4, 1st, 1.2.3, 5_2: no plain number.
        if (p + 1 < s.Length && s[p] is ':' or '.' or '_' && char.IsAsciiDigit(s[p + 1]))
        {
            while (p < s.Length && (char.IsAsciiDigit(s[p]) || s[p] is ':' or '.' or '_')) p++;
            return (PieceKind.Other, "time");
        }
        if (p + 1 < s.Length
            && (s.AsSpan(p).StartsWith("st") || s.AsSpan(p).StartsWith("nd") || s.AsSpan(p).StartsWith("rd")
            || s.AsSpan(p).StartsWith("th")) && (p + 2 == s.Length || !char.IsLetter(s[p + 2])))
        {
            p += 2;
            return (PieceKind.Other, "ordinal");
        }
        return (PieceKind.Number, text[0] == '.' ? "0" + text : text);
    }

    private static bool Three(string s, int q) =>
        q + 2 < s.Length && char.IsAsciiDigit(s[q]) && char.IsAsciiDigit(s[q + 1]) && char.IsAsciiDigit(s[q + 2])
        && (q + 3 == s.Length || !char.IsAsciiDigit(s[q + 3]));

    private static (PieceKind Kind, string Text) Word(string s, ref int p)
    {
        var start = p;
        while (p < s.Length)
        {
            if (char.IsLetter(s[p])) p++;
            else if (s[p] is '\'' or '’' && p + 1 < s.Length && char.IsLetter(s[p + 1])) p += 2;
            else if (s[p] == '-' && p - start >= 2 && p + 2 < s.Length && char.IsLetter(s[p + 1]) && char.IsLetter(s[p + 2])) p++;
            else break;
        }
        // H2O, A1, x_1: a name; "because1+1" lacks its space, and "5x4" is a product.
        if (p < s.Length && (s[p] == '_' || (char.IsAsciiDigit(s[p]) && p - start <= 2 && s[start..p] is not ("x" or "X"))))
        {
            while (p < s.Length && (char.IsLetterOrDigit(s[p]) || s[p] == '_')) p++;
            return (PieceKind.Word, s[start..p]);
        }
        var text = s[start..p];
        return text.Length == 1 && char.IsAsciiLetter(text[0]) ? (PieceKind.Letter, text) : (PieceKind.Word, text);
    }
}
