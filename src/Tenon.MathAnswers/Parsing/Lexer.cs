using System.Globalization;
using System.Text;

namespace Tenon.MathAnswers.Parsing;

/// <summary>
/// Cuts an answer, LaTeX or plain, into tokens: one pass, no backtracking. Spacing, sizing and dollar signs vanish here; numbers come out
/// exact; the content of \text{...} is read as mathematics where it holds no words. Returns false where the text cannot be mathematics.
/// </summary>
internal sealed partial class Lexer
{
    private readonly string _s;
    private readonly List<Token> _out;
    private int _p;
    private bool _space;
    private int _depth;
    private int _nested;
    private bool _upright;
    // Braces that are the argument of a fraction or a root: no list stands in them, so commas are separators of thousands.
    private int _arguments;

    private Lexer(string text, List<Token> tokens, int nested)
    {
        (_s, _out, _nested) = (text, tokens, nested);
    }

    /// <summary>True where a doubled backslash before a letter is an escaping fault and not the end of a row.</summary>
    private bool Doubled =>
        !(_s.Contains("matrix", StringComparison.Ordinal) || _s.Contains("array", StringComparison.Ordinal)
        || _s.Contains("align", StringComparison.Ordinal)
        || _s.Contains("cases", StringComparison.Ordinal) || _s.Contains("gather", StringComparison.Ordinal));

    /// <summary>True where a number was read with commas that could also separate a list.</summary>
    public bool HasCommaNumber { get; private set; }

    /// <summary>True where a currency sign was dropped.</summary>
    public string? Currency { get; private set; }

    /// <summary>True: digits with commas are lists, never one number.</summary>
    public bool CommasSeparate { get; init; }

    /// <summary>True: only what Math-Verify reads as a number is one (1E3 but not 1e3, no thin spaces, nothing recurring).</summary>
    public bool MathVerify { get; init; }

    /// <summary>Reads a whole text; null where it is too long, unbalanced in its commands or not readable.</summary>
    public static Lexer? Read(string text, List<Token> tokens, bool commasSeparate = false, bool mathVerify = false)
    {
        if (text.Length > WorkBudget.MaxExpressionChars) return null;
        var lexer = new Lexer(text, tokens, 0) { CommasSeparate = commasSeparate, MathVerify = mathVerify };
        if (!lexer.Run()) return null;
        tokens.Add(new Token(TokenKind.End, ""));
        return lexer;
    }

    private bool Run()
    {
        while (_p < _s.Length)
        {
            var c = _s[_p];
            if (char.IsWhiteSpace(c) || c is '~' or '$' or '\u200b' or '\ufeff')
            {
                _space = true;
                _p++;
            }
            else if (char.IsAsciiDigit(c)) { if (!Number()) return false; }
            else if (c == '.') { if (!Dot()) return false; }
            else if (char.IsAsciiLetter(c)) Letters();
            else if (c == '\\') { if (!Backslash()) return false; }
            else if (!Signs(c)) return false;
        }
        return true;
    }

    private void Emit(Token token)
    {
        _out.Add(token with { SpaceBefore = _space, Upright = token.Upright || _upright });
        _space = false;
    }

    private void EmitOp(char op) => Emit(new Token(TokenKind.Op, "", op));

    // 10⁻¹⁹, 1011₂: a run of raised or lowered digits as one power or index; null for a single raised digit and for any other sign.
    private string? Raised(char c)
    {
        const string up = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", down = "₀₁₂₃₄₅₆₇₈₉";
        var signs = up.Contains(c, StringComparison.Ordinal) ? up : down.Contains(c, StringComparison.Ordinal) ? down : "";
        var end = _p;
        while (signs.Length > 0 && end < _s.Length && signs.Contains(_s[end], StringComparison.Ordinal)) end++;
        if (signs.Length == 0 || signs == up && end == _p) return null;
        var digits = new StringBuilder(signs == up ? "^{" : "_{");
        for (var i = _p - 1; i < end; i++) digits.Append("0123456789-"[signs.IndexOf(_s[i], StringComparison.Ordinal)]);
        _p = end;
        return digits.Append('}').ToString();
    }

    private bool Signs(char c)
    {
        _p++;
        switch (c)
        {
            case '(' or '[' or '{': _depth++; EmitOp(c); return true;
            case ')' or ']' or '}': _depth--; EmitOp(c); return true;
            case '+' or '/' or '^' or '_' or ',' or ';' or '%' or '|' or '&' or '\'': EmitOp(c); return true;
            case '-':
                if (Peek('>')) { _p++; EmitOp(Sign.To); }
                else EmitOp('-');
                return true;
            case '*':
                if (Peek('*')) { _p++; EmitOp('^'); }
                else EmitOp('*');
                return true;
            case ':':
                if (Peek('=')) _p++;
                EmitOp(_s[_p - 1] == '=' ? '=' : ':');
                return true;
            case '=':
                if (Peek('=')) _p++;
                EmitOp('=');
                return true;
            case '<':
                if (Peek('=')) { _p++; EmitOp(Sign.Le); }
                else EmitOp('<');
                return true;
            case '>':
                if (Peek('=')) { _p++; EmitOp(Sign.Ge); }
                else EmitOp('>');
                return true;
            case '!':
                if (Peek('=')) { _p++; EmitOp(Sign.Ne); }
                else EmitOp('!');
                return true;
            case '`' or '"': return true;
        }
        if (c is '€' or '£' or '¥' or '₹' or '₩' or '₽')
        {
            (Currency, _space) = (c.ToString(), true);
            return true;
        }
        if (c is >= '！' and <= '～') return Splice(((char)(c - '！' + '!')).ToString());
        if (Raised(c) is { } raised) return Splice(raised);
        if (LatexWords.Characters.TryGetValue(c, out var text))
        {
            if (c == '√' && _p < _s.Length && char.IsAsciiDigit(_s[_p]))
            {
                Emit(new Token(TokenKind.Func, "sqrt"));
                return true;
            }
            return Splice(text);
        }
        return char.IsLetter(c) && OtherLetters(c);
    }

    // A letter of another script is a variable where it stands alone, unless its script writes words without spaces; more of them are a
    // word.
    private bool OtherLetters(char first)
    {
        var start = _p - 1;
        while (_p < _s.Length && _s[_p] > 127
            && (char.IsLetter(_s[_p])
            || char.GetUnicodeCategory(_s[_p]) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark)
            && !LatexWords.Characters.ContainsKey(_s[_p])) _p++;
        var word = _s[start.._p];
        if (word.Length == 1 && first < '\u0900')
        {
            Emit(new Token(TokenKind.Letter, word));
            return true;
        }
        switch (word)
        {
            case "和" or "与" or "與" or "と" or "와" or "과" or "그리고" or "और": EmitOp(Sign.And); return true;
            case "或" or "或者" or "または" or "또는" or "или" or "أو" or "या": EmitOp(Sign.Or); return true;
            case "度" or "도" when AfterNumber: EmitOp(Sign.Degree); return true;
            case "градус" or "градуса" or "градусов" when AfterNumber: EmitOp(Sign.Degree); return true;
            case "процент" or "процента" or "процентов" or "パーセント" or "퍼센트" when AfterNumber: EmitOp('%'); return true;
        }
        Emit(new Token(TokenKind.Word, word));
        return true;
    }

    private bool AfterNumber => _out.Count > 0 && _out[^1].Kind == TokenKind.Number;

    private bool Peek(char c) => _p < _s.Length && _s[_p] == c;

    /// <summary>Reads another text in place, for the characters and words that stand for LaTeX.</summary>
    private bool Splice(string text, bool upright = false)
    {
        if (_nested > 24 || _out.Count > WorkBudget.MaxExpressionChars) return false;
        var inner =
            new Lexer(text, _out, _nested + 1)
            {
                _space = _space, _depth = _depth, _arguments = _arguments, _upright = upright
            || _upright, CommasSeparate = CommasSeparate, MathVerify = MathVerify
            };
        if (!inner.Run()) return false;
        HasCommaNumber |= inner.HasCommaNumber;
        _space = inner._space;
        _depth = inner._depth;
        return true;
    }

    private bool Dot()
    {
        if (_p + 1 < _s.Length && char.IsAsciiDigit(_s[_p + 1])) return Number();
        if (_p + 2 < _s.Length && _s[_p + 1] == '.' && _s[_p + 2] == '.')
        {
            _p += 3;
            EmitOp(Sign.Ellipsis);
            return true;
        }
        // A full stop at the end of the answer, or the point of "1./3".
        _p++;
        var q = _p;
        while (q < _s.Length && (char.IsWhiteSpace(_s[q]) || _s[q] is '$' or '}' or ')' or ']' or '"')) q++;
        return q >= _s.Length || _s[q] is '/' or '*' or '+' or '-' or '\\' or ',';
    }

    private void Letters()
    {
        var start = _p;
        while (_p < _s.Length && char.IsAsciiLetter(_s[_p])) _p++;
        var word = _s.AsSpan(start, _p - start);
        // sub-exponential, non-zero: one word, not a difference
        if (word.Length >= 3 && Peek('-') && !LatexWords.Functions.ContainsKey(word.ToString()))
        {
            var q = _p + 1;
            while (q < _s.Length && char.IsAsciiLetter(_s[q])) q++;
            if (q - _p > 3 && word.Length + q - _p > 7 && (q == _s.Length || !(char.IsAsciiDigit(_s[q]) || _s[q] is '^' or '_' or '(')))
            {
                _p = q;
                Emit(new Token(TokenKind.Text, _s[start..q]));
                return;
            }
        }
        // numpy's prefix, as some physics golds have it
        if ((word is "np" or "math") && Peek('.') && _p + 1 < _s.Length && char.IsAsciiLetter(_s[_p + 1]))
        {
            _p++;
            return;
        }
        if (word is "p" or "a" && (_s.AsSpan(_p).StartsWith(".m.") || _s.AsSpan(_p) is ".m"))
        {
            _p += Math.Min(3, _s.Length - _p);
            Emit(new Token(TokenKind.Word, word is "p" ? "pm" : "am"));
            return;
        }
        if (word is "U" && !MathVerify && BetweenBrackets())
        {
            EmitOp(Sign.Cup);
            return;
        }
        if (_out.Count == 0 && word.Length is 2 or 3 && word is "USD" or "US" or "EUR" or "GBP" or "INR" or "Rs" && BeforeAmount())
        {
            Currency = CurrencyOf(word);
            _space = true;
            if (Peek('.')) _p++;
            return;
        }
        if (word.Length == 1)
        {
            Emit(new Token(TokenKind.Letter, Letter(word[0])));
            return;
        }
        switch (word)
        {
            case "and" or "AND": EmitOp(Sign.And); return;
            case "or" or "OR": EmitOp(Sign.Or); return;
            case "to" when BetweenNumbers(): EmitOp(':'); return;
            case "choose" when BetweenNumbers(): EmitOp('⎚'); return;
            case "pi" or "Pi" or "PI": Emit(new Token(TokenKind.Letter, "pi")); return;
            case "inf" or "infinity" or "Infinity" or "oo": Emit(new Token(TokenKind.Letter, "infty")); return;
            case "percent" or "percentage" or "pct": EmitOp('%'); return;
            case "degrees" or "degree" or "deg": EmitOp(Sign.Degree); return;
        }
        if (Multiplier(word)) return;
        var text = word.ToString();
        if (LatexWords.Functions.ContainsKey(text)) Emit(new Token(TokenKind.Func, LatexWords.Functions[text]));
        else Emit(new Token(TokenKind.Word, text));
    }

    // (1,2) U (3,4): a union
    private bool BetweenBrackets() =>
        _out is [.., { Kind: TokenKind.Op, Op: ')' or ']' or Sign.SetClose }] && _s.AsSpan(_p).TrimStart(" ~") is var rest
        && (rest.StartsWith("(") || rest.StartsWith("[") || rest.StartsWith("\\left") || rest.StartsWith("\\{"));

    // USD 50, US\$50, Rs. 50
    private bool BeforeAmount() =>
        !MathVerify && _s.AsSpan(_p).TrimStart(" .\\$~") is [var digit, ..] && char.IsAsciiDigit(digit);

    private static string CurrencyOf(ReadOnlySpan<char> word) => word switch
    {
        "EUR" or "eur" => "€",
        "GBP" or "gbp" => "£",
        "INR" or "inr" or "Rs" or "rs" or "rs." => "₹",
        _ => "$",
    };

    private static readonly string[] OneLetter = [.. Enumerable.Range(0, 128).Select(i => ((char)i).ToString())];

    private static string Letter(char c) => c < 128 ? OneLetter[c] : c.ToString();

    private bool Backslash()
    {
        _p++;
        if (_p >= _s.Length) return true;
        var c = _s[_p];
        if (c == '\\')
        {
            _p++;
            if (_p < _s.Length && char.IsAsciiLetter(_s[_p]) && Doubled) return Command();
            EmitOp(Sign.Row);
            return true;
        }
        if (char.IsAsciiLetter(c)) return Command();
        _p++;
        switch (c)
        {
            case '{': _depth++; EmitOp(Sign.SetOpen); return true;
            case '}': _depth--; EmitOp(Sign.SetClose); return true;
            case '%': EmitOp('%'); return true;
            case '|': EmitOp(Sign.Norm); return true;
            case '&': EmitOp(Sign.And); return true;
            case '$': Currency = "$"; _space = true; return true;
            case '(' or ')' or '[' or ']' or ',' or ';' or ':' or '!' or ' ' or '/' or '#' or '\n' or '>': _space = true; return true;
            case '_': EmitOp('_'); return true;
            default: return char.IsWhiteSpace(c);
        }
    }

    /// <summary>Reads a braced argument as raw text, without its braces; null where there is none.</summary>
    private string? RawArgument() => Braces.Argument(_s, ref _p);

    private static string Squeeze(ReadOnlySpan<char> text)
    {
        var b = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsWhiteSpace(c) || c is '~' or '$')
            {
                if (b.Length > 0 && b[^1] != ' ') b.Append(' ');
            }
            else b.Append(c);
        }
        return b.ToString().Trim();
    }
}
