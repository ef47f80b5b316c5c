
namespace Tenon.MathAnswers.Parsing;

/// <summary>
/// Tokens to one exact expression, by recursive descent with a depth and an element budget: lists over relations over sets over sums over
/// products over powers. A failure is a flag, not an exception: most texts that come by are prose, and prose must be cheap to refuse.
/// </summary>
internal sealed partial class Parser
{
    private readonly List<Token> _t;
    private int _p;
    private int _depth;
    private int _bars;
    private bool _failed;

    private readonly bool _extended;

    private Parser(List<Token> tokens, bool extended) => (_t, _extended) = (tokens, extended);

    /// <summary>What was written behind the values as a unit, or null.</summary>
    public string? Unit { get; private set; }

    /// <summary>
    /// Reads the whole token list; null where it is not one expression. Set-builders, cases and derivatives are read where
    /// <paramref name="extended"/>.
    /// </summary>
    public static Expr? Parse(List<Token> tokens, out string? unit, bool extended = true)
    {
        var parser = new Parser(tokens, extended);
        var result = parser.Top();
        unit = parser.Unit;
        return parser._failed ? null : result;
    }

    private Token Next => _t[_p];

    private Token Ahead(int n) => _p + n < _t.Count ? _t[_p + n] : _t[^1];

    private bool At(char op) => _t[_p].Is(op);

    private bool AtEnd => _t[_p].Kind == TokenKind.End;

    private bool Take(char op)
    {
        if (!_t[_p].Is(op)) return false;
        _p++;
        return true;
    }

    /// <summary>Fails the whole parse: every loop then sees the end of the text.</summary>
    private Expr Fail()
    {
        _failed = true;
        _p = _t.Count - 1;
        return Expr.Zero;
    }

    private Expr Top()
    {
        if (AtEnd) return Fail();
        var result = Items(topLevel: true);
        return AtEnd ? result : Fail();
    }

    /// <summary>Elements between separators, up to a closing sign: one value, a List, or a List of tuples where ';' groups ','.</summary>
    private Expr Items(bool topLevel)
    {
        if (++_depth > WorkBudget.MaxDepth) return Fail();
        var or = false;
        var first = Relation();
        var separator = Separators(ref or, topLevel);
        if (separator == '\0')
        {
            _depth--;
            return first;
        }
        var groups = new List<Expr>();
        var items = new List<Expr> { first };
        var semicolons = false;
        while (!_failed)
        {
            if (items.Count + groups.Count > WorkBudget.MaxElements) return Fail();
            if (separator == '\0') break;
            if (separator == ';')
            {
                semicolons = true;
                groups.Add(Group(items));
                items = [];
            }
            if (AtEnd || Closes(Next)) break;
            items.Add(Relation());
            separator = Separators(ref or, topLevel);
        }
        if (items.Count > 0) groups.Add(semicolons ? Group(items) : Many(items, or));
        _depth--;
        if (groups.Count == 0) return Fail();
        return groups.Count == 1 ? groups[0] : Many(groups, or);
    }

    private static Expr Group(List<Expr> items) => items.Count == 1 ? items[0] : new Expr(ExprKind.Tuple, "()", [.. items]);

    private static Expr Many(List<Expr> items, bool or) =>
        items.Count == 1 ? items[0] : new Expr(ExprKind.List, or ? "or" : "", [.. items]);

    private static bool Closes(Token t) =>
        t.Kind == TokenKind.Op && t.Op is ')' or ']' or '}' or Sign.SetClose or Sign.AngleClose
        || t.Kind == TokenKind.Command && t.Text.StartsWith("end", StringComparison.Ordinal);

    private char Separators(ref bool or, bool topLevel)
    {
        var found = '\0';
        while (Next.Kind == TokenKind.Op)
        {
            var op = Next.Op;
            if (op == Sign.Or) or = true;
            if (op is ',' or ';' or Sign.And or Sign.Or || (op == Sign.Row && topLevel)) found = op == ';' || found == ';' ? ';' : ',';
            else break;
            _p++;
        }
        return found;
    }

    private Expr Relation()
    {
        // A row that starts with a relation goes on with the chain: \begin{aligned} x &= 3+4 \\ &= 7.
        while (At('&')) _p++;
        // "= 15", "≈ 15": the side that was left out is the quantity asked for.
        if (_p == 0 && (At('=') || At(Sign.Approx))) _p++;
        var first = SetTerm();
        if (!(Next.Kind == TokenKind.Op && (Sign.IsRelation(Next.Op) || At('&') || (At(Sign.Row) && RowContinues()) || At(Sign.Mod))))
            return first;
        var sides = new List<Expr> { first };
        var ops = new List<char>();
        while (Next.Kind == TokenKind.Op && !_failed)
        {
            if (At('&')) { _p++; continue; }
            if (At(Sign.Row))
            {
                if (!RowContinues()) break;
                _p++;
                continue;
            }
            if (Sign.IsRelation(Next.Op))
            {
                ops.Add(Next.Op);
                _p++;
                while (At('&')) _p++;
                sides.Add(SetTerm());
                if (sides.Count > 64) return Fail();
            }
            else if (At(Sign.Mod) && ops.Count > 0)
            {
                _p++;
                sides[^1] = Expr.Call("pmod", sides[^1], SetTerm());
            }
            else if (Closes(Next) && At(')') && ops.Count > 0 && sides[^1].Name == "pmod") _p++;
            else break;
        }
        return ops.Count == 0 ? sides[0] : new Expr(ExprKind.Relation, new string([.. ops]), [.. sides]);
    }

    private bool RowContinues()
    {
        var q = _p + 1;
        while (q < _t.Count && _t[q].Is('&')) q++;
        return q < _t.Count && _t[q].Kind == TokenKind.Op && Sign.IsRelation(_t[q].Op);
    }

    /// <summary>Sums joined by set signs.</summary>
    private Expr SetTerm()
    {
        var left = Ratio();
        while (Next.Kind == TokenKind.Op && Next.Op is Sign.Cup or Sign.Cap or Sign.Minus && !_failed)
        {
            var name = Next.Op switch { Sign.Cup => "cup", Sign.Cap => "cap", _ => "minus" };
            _p++;
            var right = Ratio();
            left = left.Kind == ExprKind.SetOp && left.Name == name && name != "minus"
                ? new Expr(ExprKind.SetOp, name, [.. left.Args, right])
                : new Expr(ExprKind.SetOp, name, [left, right]);
            if (left.Args.Length > WorkBudget.MaxElements) return Fail();
        }
        return left;
    }

    private Expr Ratio()
    {
        var first = Sum();
        if (!At(':')) return first;
        var parts = new List<Expr> { first };
        while (Take(':') && !_failed)
        {
            parts.Add(Sum());
            if (parts.Count > 64) return Fail();
        }
        return new Expr(ExprKind.Ratio, "", [.. parts]);
    }

    private Expr Sum()
    {
        if (++_depth > WorkBudget.MaxDepth) return Fail();
        Expr? single = null;
        List<Expr>? terms = null;
        var sign = '+';
        var plusMinus = '\0';
        var started = false;
        while (!_failed)
        {
            if (Next.Kind == TokenKind.Op && Next.Op is '+' or '-' or Sign.PlusMinus or Sign.MinusPlus)
            {
                var op = Next.Op;
                _p++;
                if (op is Sign.PlusMinus or Sign.MinusPlus) plusMinus = op;
                else if (op == '-') sign = sign == '-' ? '+' : '-';
                started = true;
                continue;
            }
            if (single is not null && !started) break;
            var term = Term();
            if (plusMinus != '\0') term = new Expr(ExprKind.PlusMinus, plusMinus == Sign.PlusMinus ? "+-" : "-+", [term]);
            if (sign == '-') term = Expr.Neg(term);
            if (single is null) single = term;
            else
            {
                if (_extended && terms is null && sign == '-' && term.Kind is ExprKind.Mul
                    && term.Args is [{ IsNumber: true }, { Kind: ExprKind.Set } removed] && IsSet(single))
                {
                    // R - {2}: what is taken from a set.
                    single = new Expr(ExprKind.SetOp, "minus", [single, removed]);
                    (sign, plusMinus, started) = ('+', '\0', false);
                    continue;
                }
                terms ??= [single];
                terms.Add(term);
                if (terms.Count > WorkBudget.MaxElements) return Fail();
            }
            (sign, plusMinus, started) = ('+', '\0', false);
        }
        _depth--;
        return terms is null ? single ?? Fail() : Expr.Add([.. terms]);
    }

    private static bool IsSet(Expr e) =>
        e.Kind is ExprKind.Set or ExprKind.SetOp or ExprKind.Tuple
        || e is { Kind: ExprKind.Symbol, Name: "Reals" or "Integers" or "Naturals" or "Rationals" or "Complexes" };

    private Expr Term()
    {
        var factor = Factor();
        List<Expr>? factors = null;
        while (!_failed)
        {
            Expr next;
            if (At('*'))
            {
                _p++;
                next = SignedFactor();
            }
            else if (At('/') || At('⁄'))
            {
                _p++;
                next = Expr.Pow(Juxtaposed(), Expr.MinusOne);
            }
            else if (At(Sign.Mod) && !InRelationMod())
            {
                _p++;
                var modulus = Juxtaposed();
                factor = Expr.Call("mod", factors is null ? factor : Expr.Mul([.. factors]), modulus);
                factors = null;
                continue;
            }
            else if (UnitHere(factor, factors))
            {
                // 5 feet 6 inches is a sum, and anything else behind a unit is no product either.
                if (Next.Kind != TokenKind.Number && !AndMore(Unit!)) continue;
                if (factors is not null || !_extended) { if (_extended) return Fail(); continue; }
                factor = Compound(factor);
                continue;
            }
            else if (!_failed && StartsFactor()) next = Factor();
            else break;
            if (factors is null) factors = [factor];
            factors.Add(next);
            if (factors.Count > WorkBudget.MaxElements) return Fail();
        }
        return factors is null ? factor : Flatten(factors);
    }

    /// <summary>a \equiv b \pmod m belongs to the relation; 5 \bmod 3 is an operation.</summary>
    private bool InRelationMod()
    {
        for (var q = _p - 1; q >= 0; q--)
            if (_t[q].Is(Sign.Equiv) || _t[q].Is('=')) return _t[q].Is(Sign.Equiv);
        return false;
    }

    private static Expr Flatten(List<Expr> factors)
    {
        var deep = false;
        foreach (var f in factors) deep |= f.Kind == ExprKind.Mul;
        if (!deep) return Expr.Mul([.. factors]);
        var flat = new List<Expr>();
        foreach (var f in factors)
        {
            if (f.Kind == ExprKind.Mul) flat.AddRange(f.Args);
            else flat.Add(f);
        }
        return Expr.Mul([.. flat]);
    }

    private Expr SignedFactor()
    {
        var negative = false;
        while (Next.Kind == TokenKind.Op && Next.Op is '+' or '-')
        {
            negative ^= At('-');
            _p++;
        }
        var f = Factor();
        return negative ? Expr.Neg(f) : f;
    }

    /// <summary>What a slash divides by: one signed factor and whatever stands right behind it, so that 1/2x is 1/(2x).</summary>
    private Expr Juxtaposed()
    {
        var first = SignedFactor();
        List<Expr>? factors = null;
        while (!_failed && !UnitAhead() && StartsFactor())
        {
            factors ??= [first];
            factors.Add(Factor());
            if (factors.Count > WorkBudget.MaxElements) return Fail();
        }
        return factors is null ? first : Expr.Mul([.. factors]);
    }

    /// <summary>The bracket that ends [0,1[ has nothing behind it.</summary>
    private bool OpensNothing() =>
        Ahead(1).Kind == TokenKind.End || Closes(Ahead(1)) || (Ahead(1).Kind == TokenKind.Op && Ahead(1).Op is Sign.Cup or Sign.Cap or ',');

    private bool StartsFactor()
    {
        var t = Next;
        return t.Kind switch
        {
            TokenKind.Letter or TokenKind.Func or TokenKind.Word or TokenKind.Text => true,
            TokenKind.Number => !(_t[_p - 1].Kind == TokenKind.Number),
            TokenKind.Command => !t.Text.StartsWith("end", StringComparison.Ordinal),
            TokenKind.Op => (t.Op == '[' && !OpensNothing())
                || t.Op is '(' or '{' or Sign.FloorOpen or Sign.CeilOpen or Sign.SetOpen or Sign.AngleOpen
                || (t.Op is '|' or Sign.Norm && _bars == 0),
            _ => false,
        };
    }
}
