using System.Numerics;
using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>
/// Numbers: integers, decimals, thousands separators (1,000 · 1{,}000 · 1\,000 · 1 000), scientific notation (1.2e-3), digits in other
/// bases with letters (152A_{11}), recurring decimals (0.\overline{3}, 0.333...).
/// </summary>
internal sealed partial class Lexer
{
    private const int MaxDigits = 5000;

    private static Token NumberToken(int digit) => new(TokenKind.Number, Letter((char)('0' + digit))) { Number = Expr.Int(digit) };

    /// <summary>
    /// A short run of digits with nothing behind it that a longer number could go on with; false, and no move, for all others.
    /// </summary>
    private bool PlainInteger()
    {
        var q = _p;
        long value = 0;
        while (q < _s.Length && char.IsAsciiDigit(_s[q]))
        {
            if (q - _p >= 17) return false;
            value = (value * 10) + (_s[q++] - '0');
        }
        if (q < _s.Length && !EndsNumber(q)) return false;
        Emit(new Token(TokenKind.Number, q - _p == 1 ? Letter(_s[_p]) : _s.Substring(_p, q - _p)) { Number = Expr.Int(value) });
        _p = q;
        return true;
    }

    // One space may be a thousands separator, or stand before one: it ends a number only before what cannot go on with it.
    private bool EndsNumber(int q) => _s[q] switch
    {
        ' ' => q + 1 < _s.Length
            && _s[q + 1] is '+' or '-' or '*' or '/' or '=' or '<' or '>' or ')' or ']' or '}' or '&' or '^' or '$' or (>= 'a' and <= 'z'),
        '\\' => q + 1 < _s.Length && (char.IsAsciiLetter(_s[q + 1]) || _s[q + 1] is '\\' or '}'),
        ')' or ']' or '}' or '/' or '^' or '+' or '-' or '*' or '=' or '<' or '>' or '&' or '$' or ':' or ';' or '%' or '!' or '|' => true,
        var c => c is >= 'a' and <= 'z' and not 'e',
    };

    private bool Number()
    {
        if (_s[_p] == '0' && _p + 2 < _s.Length && _s[_p + 1] is 'x' or 'b' or 'o' && Prefixed() || PlainInteger()) return true;
        var start = _p;
        // x_1J_0: a subscript takes its digit alone.
        if (_s[_p] != '.' && !(_p > 0 && _s[_p - 1] == '_') && BaseDigits()) return true;
        var whole = Digits();
        var group = whole.Length is >= 1 and <= 3 && whole[0] != '0';
        string? grouped = null;
        if (group && !(MathVerify && CommasSeparate)) grouped = Groups(whole);
        if (grouped is not null) whole = grouped;
        var fraction = "";
        var isDecimal = false;
        if (Peek('.') && _p + 1 < _s.Length && char.IsAsciiDigit(_s[_p + 1]))
        {
            _p++;
            fraction = Digits();
            isDecimal = true;
        }
        else if (_s.AsSpan(_p).StartsWith("{,}") && _p + 3 < _s.Length && char.IsAsciiDigit(_s[_p + 3]))
        {
            _p += 3;
            fraction = Digits();
            isDecimal = true;
        }
        if (whole.Length + fraction.Length > MaxDigits) return false;
        var value = Scaled(whole + fraction, fraction.Length);
        if (isDecimal || Peek('.')) value = Recurring(whole, fraction, value, ref isDecimal);
        var token = new Token(TokenKind.Number, _s.Substring(start, _p - start)) { Number = Expr.Num(value, isDecimal) };
        if (Exponent() is { } exponent)
        {
            if (Math.Abs(exponent) > MaxDigits)
                token = token with { Number = Expr.Mul(Expr.Num(value, true), Expr.Pow(Expr.Num(10), Expr.Num(new Rational(exponent)))) };
            else
            {
                var power = BigInteger.Pow(10, (int)Math.Abs(exponent));
                token = token with { Number = Expr.Num(exponent >= 0 ? value * new Rational(power) : value / new Rational(power), true) };
            }
        }
        Emit(token);
        return true;
    }

    // 0xFF, 0b1010, 0o17: digits of a program; the base is negative, so that they are told from digits with an index.
    private bool Prefixed()
    {
        var radix = _s[_p + 1] switch { 'x' => 16, 'b' => 2, _ => 8 };
        var q = _p + 2;
        var value = BigInteger.Zero;
        while (q < _s.Length && char.IsAsciiHexDigit(_s[q]))
        {
            var digit = char.IsAsciiDigit(_s[q]) ? _s[q] - '0' : char.ToUpperInvariant(_s[q]) - 'A' + 10;
            if (digit >= radix || q - _p > 100) return false;
            value = (value * radix) + digit;
            q++;
        }

        if (MathVerify || q == _p + 2 || q < _s.Length && (char.IsAsciiLetterOrDigit(_s[q]) || _s[q] is '^' or '_' or '(')) return false;
        var digits = _s[(_p + 2)..q].ToUpperInvariant();
        var number = new Expr(ExprKind.BaseNumber, digits, []) { Value = new Rational(value), Extra = -radix };
        Emit(new Token(TokenKind.Number, digits) { Number = number });
        _p = q;
        return true;
    }

    private static Rational Scaled(string digits, int decimals)
    {
        var n = digits.Length == 0 ? BigInteger.Zero
            : digits.Length <= 18 ? long.Parse(digits, System.Globalization.CultureInfo.InvariantCulture)
            : BigInteger.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
        return decimals == 0 ? new Rational(n) : new Rational(n, BigInteger.Pow(10, decimals));
    }

    private string Digits()
    {
        var start = _p;
        while (_p < _s.Length && char.IsAsciiDigit(_s[_p])) _p++;
        return _s.Substring(start, _p - start);
    }

    // Up to here commas are known to separate a list: its numbers need not look ahead again, each over all that follow.
    private int _listEnd;

    /// <summary>Reads the groups of three behind the first digits; null where they are no thousands.</summary>
    private string? Groups(string first)
    {
        if (_p < _listEnd && Peek(',')) return null;
        var q = _p;
        var commas = false;
        while (Separator(q, out var next, out var comma) && IsGroup(next))
        {
            q = next + 3;
            commas |= comma;
        }
        if (q == _p) return null;
        // "1,234,5" and "12,3456" are lists, not numbers with a separator; so are numbers inside brackets, (1,234).
        if (commas
            && ((q < _s.Length && (_s[q] == ',' && q + 1 < _s.Length && char.IsAsciiDigit(_s[q + 1]))) || _depth > _arguments
            || CommasSeparate))
        {
            _listEnd = q;
            return null;
        }
        if (q < _s.Length && char.IsAsciiDigit(_s[q])) return null;
        HasCommaNumber |= commas;
        var all = new System.Text.StringBuilder(first);
        foreach (var c in _s.AsSpan(_p, q - _p)) if (char.IsAsciiDigit(c)) all.Append(c);
        _p = q;
        return all.ToString();
    }

    private bool IsGroup(int q) =>
        q + 3 <= _s.Length && char.IsAsciiDigit(_s[q]) && char.IsAsciiDigit(_s[q + 1]) && char.IsAsciiDigit(_s[q + 2])
        && (q + 3 == _s.Length || !char.IsAsciiDigit(_s[q + 3]));

    /// <summary>
    /// One thousands separator at q: a comma, a braced comma, a thin or hard space, and the mixtures that MATH golds have (10,\! 000).
    /// </summary>
    private bool Separator(int q, out int next, out bool comma)
    {
        (next, comma) = (q, false);
        var thin = false;
        var hard = false;
        while (next < _s.Length)
        {
            var c = _s[next];
            if (c == ',' && !comma && !hard) { comma = true; next++; }
            else if (c == '{' && _s.AsSpan(next).StartsWith("{,}") && !comma) { hard = true; next += 3; }
            else if (c is ' ' or '{' && !comma
                && _s.AsSpan(next).TrimStart(' ').StartsWith("{, }")) { hard = true; next = _s.IndexOf('}', next) + 1; }
            else if (c == '\\' && next + 1 < _s.Length && _s[next + 1] is '!' or ',' or ' ' or ';' or ':' && c == '\\')
            {
                thin = true;
                hard |= _s[next + 1] != '!' || comma;
                next += 2;
            }
            else if (c == '~' || c is '\u2009' or '\u202f' or '\u00a0') { hard = true; next++; }
            else if (c == ' ' && (thin || (!comma && !hard && next == q && _depth == 0))) { thin = true; next++; }
            else break;
        }
        if (hard) comma = false;
        return next > q;
    }

    private long? Exponent()
    {
        if (_p + 1 >= _s.Length || _s[_p] is not ('e' or 'E') || (MathVerify && _s[_p] == 'e')) return null;
        var q = _p + 1;
        var negative = _s[q] == '-' || _s[q] == '−';
        if (negative || _s[q] == '+') q++;
        var start = q;
        while (q < _s.Length && char.IsAsciiDigit(_s[q])) q++;
        if (q == start || q - start > 9 || (q + 1 < _s.Length && _s[q] == '.' && char.IsAsciiDigit(_s[q + 1]))
            || (q < _s.Length && char.IsAsciiLetter(_s[q]))) return null;
        _p = q;
        var value = long.Parse(_s.AsSpan(start, q - start), System.Globalization.CultureInfo.InvariantCulture);
        return negative ? -value : value;
    }

    /// <summary>0.\overline{3}, 0.1\dot{6}, 0.(3) and 0.333...: the recurring decimal's exact value.</summary>
    private Rational Recurring(string whole, string fraction, Rational value, ref bool isDecimal)
    {
        var q = _p;
        var period = "";
        if (!isDecimal && Peek('.')) q++;
        foreach (var (open, close) in RecurringMarks)
        {
            if (!_s.AsSpan(q).StartsWith(open)) continue;
            var end = q + open.Length;
            while (end < _s.Length && char.IsAsciiDigit(_s[end])) end++;
            if (end == q + open.Length || !_s.AsSpan(end).StartsWith(close)) continue;
            if (open == "(" && !(isDecimal || _s[_p] == '.')) continue;
            period = _s.Substring(q + open.Length, end - q - open.Length);
            q = end + close.Length;
            break;
        }
        // 0.1\bar6, 1.\overline3: TeX takes one digit where there are no braces.
        if (period.Length == 0 && !MathVerify)
            foreach (var mark in (ReadOnlySpan<string>)["\\overline", "\\bar", "\\dot"])
            {
                var at = q + mark.Length;
                if (!_s.AsSpan(q).StartsWith(mark) || at >= _s.Length) continue;
                if (_s[at] == ' ') at++;
                if (at >= _s.Length || !char.IsAsciiDigit(_s[at])) continue;
                (period, q) = (_s.Substring(at, 1), at + 1);
                break;
            }
        if (period.Length == 0)
        {
            var dots = _s.AsSpan(_p).StartsWith("...") ? 3 : _s.AsSpan(_p).StartsWith("\\ldots") ? 6 : _s.AsSpan(_p).StartsWith("\\dots")
                ? 5 : _s.AsSpan(_p).StartsWith("…") ? 1 : 0;
            if (dots == 0 || !isDecimal) return value;
            for (var n = 1; n <= fraction.Length / 2 && period.Length == 0; n++)
            {
                // At least two whole repeats (three for a single digit) say that the digits recur.
                var repeats = 1;
                while ((repeats + 1) * n <= fraction.Length
                    && fraction.AsSpan(fraction.Length - ((repeats + 1) * n), n).SequenceEqual(fraction.AsSpan(fraction.Length - n)))
                    repeats++;
                if (repeats >= (n == 1 ? 3 : 2)) period = fraction[^n..];
            }
            if (period.Length == 0) return value;
            q = _p + dots;
        }
        if (whole.Length + fraction.Length + period.Length > MaxDigits) return value;
        _p = q;
        isDecimal = false;
        var nines = BigInteger.Pow(10, period.Length) - 1;
        return value
            + new Rational(BigInteger.Parse(period, System.Globalization.CultureInfo.InvariantCulture),
            nines * BigInteger.Pow(10, fraction.Length));
    }

    private static readonly (string Open, string Close)[] RecurringMarks =
        [("\\overline{", "}"), ("\\bar{", "}"), ("\\dot{", "}"), ("(", ")")];

    /// <summary>Digits with letters before a base, 152A_{11}; plain digits in a base are left to the parser.</summary>
    private bool BaseDigits()
    {
        var q = _p;
        var letters = 0;
        while (q < _s.Length && (char.IsAsciiDigit(_s[q]) || _s[q] is >= 'A' and <= 'Z'))
        {
            if (!char.IsAsciiDigit(_s[q])) letters++;
            q++;
        }
        if (letters == 0 || q >= _s.Length || _s[q] != '_' || q - _p > 100) return false;
        var digits = _s.Substring(_p, q - _p);
        Emit(new Token(TokenKind.Number, digits) { Number = new Expr(ExprKind.BaseNumber, digits, []) });
        _p = q;
        return true;
    }
}
