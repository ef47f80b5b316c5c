using System.Text;

namespace Tenon.Rewards.MathAnswers.Parsing;

/// <summary>Units behind a value: read, kept as text, and left out of the expression.</summary>
internal sealed partial class Parser
{
    private bool UnitAhead()
    {
        var t = Next;
        return t.Kind switch
        {
            TokenKind.Text => true,
            TokenKind.Word => _p > 0 && (Units.IsWord(t.Text) || (t.Text.Length > 3 && char.IsAsciiLetterLower(t.Text[0]) && _t[_p - 1].Kind == TokenKind.Number)),
            TokenKind.Letter => t.Upright && !t.Bold && _p > 0 && t.Text is not ("e" or "i" or "d" or "pi") && t.Text.Length == 1,
            _ => false,
        };
    }

    /// <summary>Takes a unit at this place: words, upright letters, their powers and quotients, up to the next separator.</summary>
    private bool UnitHere(Expr factor, List<Expr>? factors)
    {
        if (!UnitAhead() || (factors is null && factor.Kind is ExprKind.Text)) return false;
        if (Next.Kind == TokenKind.Letter && !EndsInUnit()) return false;
        var b = new StringBuilder();
        while (!_failed)
        {
            var t = Next;
            if (t.Kind is TokenKind.Text or TokenKind.Word || (t.Kind == TokenKind.Letter && (t.Upright || b.Length > 0)))
            {
                if (b.Length > 0 && b[^1] is not ('/' or '*')) b.Append(' ');
                b.Append(t.Text);
                _p++;
            }
            else if (b.Length > 0 && t.Kind == TokenKind.Op && t.Op is '/' or '*' or '^' or '(' or '-' or ')' or '{' or '}' && StillUnit(t.Op))
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
            if (t.Kind == TokenKind.End || (t.Kind == TokenKind.Op && t.Op is ',' or ';' or ')' or ']' or Sign.And or Sign.Or or Sign.SetClose or '=')) return true;
            var unit = t.Kind is TokenKind.Text or TokenKind.Number || (t.Kind == TokenKind.Letter && t.Upright) || (t.Kind == TokenKind.Word && (t.Upright || Units.IsWord(t.Text)))
                || (t.Kind == TokenKind.Op && t.Op is '/' or '*' or '^' or '-' or '{' or '}');
            if (!unit) return false;
        }
        return true;
    }
}
