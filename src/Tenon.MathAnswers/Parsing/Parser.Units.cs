using System.Text;
using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>Units behind a value: read, kept as text, and left out of the expression.</summary>
internal sealed partial class Parser
{
    private bool UnitAhead()
    {
        var t = Next;
        return t.Kind switch
        {
            TokenKind.Text => true,
            TokenKind.Word => _p > 0
                && (Units.IsWord(t.Text)
                || (_t[_p - 1].Kind == TokenKind.Number && (t.Text[0] > 127 || (t.Text.Length > 3 && char.IsAsciiLetterLower(t.Text[0]))))),
            // µm: the prefix is an italic letter, the unit is not.
            TokenKind.Letter when _extended && t.Text == "mu" =>
                _p > 0 && (Ahead(1).Kind == TokenKind.Text || (Ahead(1).Kind is TokenKind.Letter or TokenKind.Word && Ahead(1).Upright)),
            // 4\,\Omega: a capital Omega right behind a number is the ohm, behind \mathrm{k} too.
            TokenKind.Letter when _extended && t.Text == "Omega" => _p > 0 && _t[_p - 1].Kind == TokenKind.Number,
            TokenKind.Letter => t.Upright && !t.Bold && _p > 0 && t.Text is not ("e" or "i" or "d" or "pi") && t.Text.Length == 1,
            _ => false,
        };
    }

    /// <summary>Takes a unit at this place: words, upright letters, their powers and quotients, up to the next separator.</summary>
    private bool UnitHere(Expr factor, List<Expr>? factors)
    {
        if (UnitFraction() is > 0 and var length && factor.Kind != ExprKind.Text)
        {
            var quotient = new StringBuilder();
            for (var q = _p + 2; q < _p + length - 1; q++) quotient.Append(_t[q].Is('}') ? "/" : _t[q].Is('{') ? "" : TokenText(_t[q]));
            Unit ??= quotient.ToString();
            _p += length;
            return true;
        }
        if (!UnitAhead() || (factors is null && factor.Kind is ExprKind.Text)) return false;
        if (Next.Kind == TokenKind.Letter && Next.Text != "mu" && !EndsInUnit()) return false;
        var b = new StringBuilder();
        while (!_failed)
        {
            var t = Next;
            if (t.Kind is TokenKind.Text or TokenKind.Word
                || (t.Kind == TokenKind.Letter && (t.Upright || b.Length > 0 || (t.Text is "mu" or "Omega" && UnitAhead()))))
            {
                if (b.Length > 0 && b[^1] is not ('/' or '*')) b.Append(' ');
                b.Append(t.Text);
                _p++;
            }
            else if (b.Length > 0 && t.Kind == TokenKind.Op && t.Op is '/' or '*' or '^' or '(' or '-' or ')' or '{' or '}'
                && StillUnit(t.Op))
            {
                if (t.Op is not ('{' or '}')) b.Append(t.Op);
                _p++;
            }
            else if (b.Length > 0 && t.Kind == TokenKind.Number && b[^1] is '^' or '-')
            {
                b.Append(t.Text);
                _p++;
            }
            else break;
            if (b.Length > 200) break;
        }
        if (b.Length == 0) return false;
        Unit ??= b.ToString();
        return true;
    }

    /// <summary>
    /// 5 feet 6 inches, 2 hours 30 minutes: the second value, in the first one's unit, is added. Units that do not fit together make no
    /// value.
    /// </summary>
    private Expr Compound(Expr value)
    {
        var first = Unit!.EndsWith(" and", StringComparison.Ordinal) ? Unit[..^4] : Unit;
        while (!_failed && (Next.Kind == TokenKind.Number || AndMore(first)))
        {
            if (At(Sign.And)) _p++;
            var part = Next.Number!;
            _p++;
            Unit = null;
            if (!UnitHere(part, null) || !part.IsNumber || !value.IsNumber || !Units.TryConvert(Unit!, first, out var factor, out _)
                || factor >= Rational.One) return Fail();
            value = Expr.Num(value.Value + (part.Value * factor), value.IsDecimal || part.IsDecimal);
        }
        Unit = first;
        return value;
    }

    /// <summary>5', 16'', 5' 6'': feet and inches behind a number; null where no such signs stand here.</summary>
    private Expr? FeetAndInches(Expr value)
    {
        var primes = 0;
        while (Ahead(primes).Is('\'')) primes++;
        if (!_extended || primes is 0 or > 2 || !value.IsNumber || value.Kind != ExprKind.Number) return null;
        _p += primes;
        Unit ??= primes == 2 ? "inches" : "feet";
        if (primes == 2 || Next.Kind != TokenKind.Number || !Ahead(1).Is('\'') || !Ahead(2).Is('\'')) return value;
        var inches = Next.Number!;
        if (inches.Kind != ExprKind.Number) return value;
        _p += 3;
        return Expr.Num(value.Value + (inches.Value / 12), value.IsDecimal || inches.IsDecimal);
    }

    /// <summary>"and 30 minutes" behind hours.</summary>
    private bool AndMore(string first) =>
        _extended && At(Sign.And) && Ahead(1).Kind == TokenKind.Number && Ahead(2).Kind is TokenKind.Text or TokenKind.Word
        && Units.TryConvert(Ahead(2).Text, first, out var factor, out _) && factor < Rational.One;

    /// <summary>\frac{m}{s} in upright letters or words: the number of its tokens, 0 where it is no unit.</summary>
    private int UnitFraction()
    {
        if (!_extended || !Next.IsCommand("frac")) return 0;
        var (q, parts) = (_p + 1, 0);
        while (parts < 2)
        {
            if (q >= _t.Count || !_t[q].Is('{')) return 0;
            var start = ++q;
            while (q < _t.Count && !_t[q].Is('}'))
            {
                var t = _t[q];
                var unit = t.Kind == TokenKind.Text || (t.Kind is TokenKind.Letter or TokenKind.Word && t.Upright)
                    || (q > start && (t.Is('^') || t.Is('*') || t.Kind == TokenKind.Number));
                if (!unit) return 0;
                q++;
            }
            if (q == start) return 0;
            q++;
            parts++;
        }
        return q - _p;
    }

    private int _unitBraces;

    /// <summary>A bracket belongs to the unit only where the unit opened it; a slash only before another unit.</summary>
    private bool StillUnit(char op)
    {
        switch (op)
        {
            case '{' or '(':
                if (op == '(' && !(Ahead(1).Kind is TokenKind.Text or TokenKind.Word)) return false;
                _unitBraces++;
                return true;
            case '}' or ')':
                if (_unitBraces == 0) return false;
                _unitBraces--;
                return true;
            case '/' or '*': return Ahead(1).Kind is TokenKind.Text or TokenKind.Word or TokenKind.Letter || Ahead(1).Is('(');
            case '-': return _t[_p - 1].Is('^') || _t[_p - 1].Is('{');
            default: return true;
        }
    }

    /// <summary>An upright letter is a unit only at the end of the element: 5\,\mathrm{m} yes, \mathrm{K} x no.</summary>
    private bool EndsInUnit()
    {
        for (var q = _p; q < _t.Count; q++)
        {
            var t = _t[q];
            if (t is { Kind: TokenKind.Letter, Text: "Omega" }) continue;
            if (t.Kind == TokenKind.End
                || (t.Kind == TokenKind.Op && t.Op is ',' or ';' or ')' or ']' or Sign.And or Sign.Or or Sign.SetClose or '=')) return true;
            var unit = t.Kind is TokenKind.Text or TokenKind.Number || (t.Kind == TokenKind.Letter && t.Upright)
                || (t.Kind == TokenKind.Word && (t.Upright || Units.IsWord(t.Text)))
                || (t.Kind == TokenKind.Op && t.Op is '/' or '*' or '^' or '-' or '{' or '}');
            if (!unit) return false;
        }
        return true;
    }
}
