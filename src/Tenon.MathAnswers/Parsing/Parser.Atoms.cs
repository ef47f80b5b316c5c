using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>Numbers, groups, brackets, matrices, words, units.</summary>
internal sealed partial class Parser
{
    private Expr Atom()
    {
        if (++_depth > WorkBudget.MaxDepth) return Fail();
        var e = AtomInner();
        _depth--;
        return e;
    }

    private Expr AtomInner()
    {
        var t = Next;
        switch (t.Kind)
        {
            case TokenKind.Number:
                _p++;
                return Mixed(t.Number!);
            case TokenKind.Letter: return Variable();
            case TokenKind.Func: return Function();
            case TokenKind.Word: return Word();
            case TokenKind.Text:
                _p++;
                return new Expr(ExprKind.Text, t.Text, []);
            case TokenKind.Command: return Command(t.Text);
            case TokenKind.Op: return Bracketed(t.Op);
            default: return Fail();
        }
    }

    /// <summary>2\frac12 and 2 1/2 are mixed numbers: the parts add.</summary>
    private Expr Mixed(Expr number)
    {
        if (!number.IsNumber || number.IsDecimal || !number.Value.IsInteger) return number;
        if (Next.IsCommand("frac") && PlainFraction(_p, out var fraction, out var end) && (_p < 2 || !_t[_p - 2].IsCommand("frac")))
        {
            _p = end;
            return Expr.Num(number.Value + fraction);
        }
        if (Next.Kind == TokenKind.Number && Next.SpaceBefore && Ahead(1).Is('/') && Ahead(2).Kind == TokenKind.Number && IsPlain(Next)
            && IsPlain(Ahead(2)))
        {
            var (n, d) = (Next.Number!.Value, Ahead(2).Number!.Value);
            if (d.IsZero) return Fail();
            _p += 3;
            return Expr.Num(number.Value + (n / d));
        }
        return number;
    }

    private static bool IsPlain(Token t) =>
        t.Kind == TokenKind.Number && t.Number is { IsNumber: true, IsDecimal: false } n && n.Value.IsInteger;

    private bool PlainFraction(int at, out Rational value, out int end)
    {
        (value, end) = (Rational.Zero, at);
        var q = at + 1;
        if (!PlainArgument(ref q, out var n) || !PlainArgument(ref q, out var d) || d.IsZero) return false;
        (value, end) = (n / d, q);
        return true;
    }

    private bool PlainArgument(ref int q, out Rational value)
    {
        value = Rational.Zero;
        var braces = _t[q].Is('{');
        if (braces) q++;
        if (q >= _t.Count || !IsPlain(_t[q])) return false;
        value = _t[q++].Number!.Value;
        return !braces || (q < _t.Count && _t[q++].Is('}'));
    }

    private Expr Command(string name)
    {
        _p++;
        switch (name)
        {
            case "frac" when Derivative() is { } derivative: return derivative;
            case "frac":
                var n = TexArgument();
                var d = TexArgument();
                if (n.IsNumber && d.IsNumber && !d.Value.IsZero && !n.IsDecimal && !d.IsDecimal) return Expr.Num(n.Value / d.Value);
                return Expr.Div(n, d);
            case "binom":
                return Expr.Call("binom", TexArgument(), TexArgument());
            case "sqrt":
                Expr? degree = null;
                if (Take('['))
                {
                    degree = Sum();
                    if (!Take(']')) return Fail();
                }
                var radicand = At('(') ? Bracketed('(') : TexArgument();
                return degree is null || (degree.IsNumber && degree.Value == 2) ? Expr.Pow(radicand, Expr.Num(Rational.Half))
                    : Expr.Call("root", radicand, degree);
        }
        if (name is "sum" or "prod") return BigOperator(name);
        if (name == "lim") return Limit();
        if (name == "int") return Integral();
        if (name.StartsWith("accent ", StringComparison.Ordinal)) return Accent(name[7..]);
        if (name.StartsWith("begin ", StringComparison.Ordinal)) return Environment(name[6..]);
        return Fail();
    }

    private Expr TexArgument()
    {
        if (Take('{'))
        {
            var inner = Items(topLevel: false);
            return Take('}') ? inner : Fail();
        }
        if (Next.Kind == TokenKind.Number)
        {
            var number = Next.Number!;
            _p++;
            return number;
        }
        if (Next.Kind == TokenKind.Letter)
        {
            var one = Next;
            _p++;
            return one.Text switch { "pi" => Expr.Pi, "e" => Expr.E, "i" => Expr.I, "infty" => Expr.Infinity, _ => Expr.Sym(one.Text) };
        }
        if (At('-')) { _p++; return Expr.Neg(TexArgument()); }
        return Atom();
    }

    /// <summary>\sum_{k=1}^{n} body: index, lower end, upper end, body.</summary>
    private Expr BigOperator(string name)
    {
        Expr? range = null;
        Expr? upper = null;
        while (Next.Kind == TokenKind.Op && Next.Op is '_' or '^' && !_failed)
        {
            var isLower = At('_');
            _p++;
            if (!isLower) upper = Script();
            else
            {
                if (!Take('{')) return Fail();
                range = Relation();
                if (!Take('}')) return Fail();
            }
        }
        if (_failed || upper is null || range is not { Kind: ExprKind.Relation, Name: "=" }
            || range.Args[0].Kind != ExprKind.Symbol && range.Args[0].Kind != ExprKind.Constant) return Fail();
        var body = Term();
        var index = Expr.Sym(range.Args[0].Name + "#");
        return Expr.Call(name, index, range.Args[1], upper, Replace(body, range.Args[0], index));
    }

    private static Expr Replace(Expr e, Expr from, Expr to)
    {
        if (e.Kind == from.Kind && e.Name == from.Name && e.Args.Length == 0) return to;
        return e.Args.Length == 0 ? e : e.With(Array.ConvertAll(e.Args, a => Replace(a, from, to)));
    }

    private Expr Accent(string accent)
    {
        var name = ScriptName();
        while (At('_'))
        {
            _p++;
            name += "_" + ScriptName();
        }
        if (name.Length == 0) return Fail();
        name = accent + "(" + name + ")";
        if (At('(') && TakesArguments(name))
        {
            _p++;
            var inner = Items(topLevel: false);
            if (!Take(')')) return Fail();
            return new Expr(ExprKind.Apply, name, inner.Kind == ExprKind.List ? inner.Args : [inner]);
        }
        return Expr.Sym(name);
    }

    private Expr Bracketed(char open)
    {
        switch (open)
        {
            case '{':
                _p++;
                if (Take('}')) return new Expr(ExprKind.Set, "", []);
                var group = Items(topLevel: false);
                if (!Take('}')) return Fail();
                return group.Kind == ExprKind.List ? new Expr(ExprKind.Set, "", group.Args) : group;
            case Sign.SetOpen:
                _p++;
                if (Take(Sign.SetClose)) return new Expr(ExprKind.Set, "", []);
                if (SetBuilder() is { } builder) return builder;
                if (_extended && Next.IsCommand("begin array"))
                {
                    // A lone brace before an array opens cases; nothing closes it.
                    _p++;
                    return Cases("array");
                }
                var elements = Items(topLevel: false);
                if (!Take(Sign.SetClose)) return Fail();
                return new Expr(ExprKind.Set, "", elements.Kind == ExprKind.List ? elements.Args : [elements]);
            case '(' or '[' or Sign.AngleOpen or ']':
                // ]0,1[ is the French open interval; a closing bracket starts nothing else.
                var french = open == ']';
                _p++;
                var inside = Items(topLevel: false);
                var close = Next.Kind == TokenKind.Op ? Next.Op : '\0';
                if (!(close is ')' or ']' or Sign.AngleClose || (close == '[' && (french || open is '[' or '(')))) return Fail();
                _p++;
                var left = open == Sign.AngleOpen ? '(' : french ? '(' : open;
                var right = close == Sign.AngleClose ? ')' : close == '[' ? ')' : close;
                if (inside.Kind == ExprKind.List) return new Expr(ExprKind.Tuple, left.ToString() + right, inside.Args);
                if (inside.Kind == ExprKind.Tuple && open != '(' && inside.Name == "()") return inside;
                return french ? Fail() : inside;
            case '|' or Sign.Norm:
                _p++;
                _bars++;
                var magnitude = _extended ? SetTerm() : Sum();
                _bars--;
                if (!Take(open)) return Fail();
                return magnitude.Kind == ExprKind.Matrix ? Expr.Call("det", magnitude) : Expr.Call(open == '|' ? "abs" : "norm", magnitude);
            case Sign.FloorOpen or Sign.CeilOpen:
                _p++;
                var rounded = Sum();
                if (!Take(open == Sign.FloorOpen ? Sign.FloorClose : Sign.CeilClose)) return Fail();
                return Expr.Call(open == Sign.FloorOpen ? "floor" : "ceil", rounded);
            case Sign.Ellipsis:
                _p++;
                return Expr.Sym("…");
            case Sign.PlusMinus or Sign.MinusPlus:
                _p++;
                return new Expr(ExprKind.PlusMinus, open == Sign.PlusMinus ? "+-" : "-+", [Factor()]);
            default: return Fail();
        }
    }

    private Expr Environment(string name)
    {
        if (name is "cases" or "dcases" or "rcases") return Cases(name);
        if (name is "matrix" or "pmatrix" or "bmatrix" or "Bmatrix" or "vmatrix" or "Vmatrix" or "smallmatrix" or "array" or "psmallmatrix")
        {
            var cells = new List<Expr>();
            var columns = 0;
            var row = 0;
            while (!_failed)
            {
                if (Next.IsCommand("end " + name)) break;
                if (Take(Sign.Row))
                {
                    if (row == 0) continue;
                    if (columns != 0 && row != columns) return Fail();
                    (columns, row) = (row, 0);
                    continue;
                }
                if (row > 0 && !Take('&')) return Fail();
                cells.Add(SetTerm());
                row++;
                if (cells.Count > WorkBudget.MaxElements) return Fail();
            }
            if (_failed || !Next.IsCommand("end " + name) || cells.Count == 0) return Fail();
            _p++;
            if (columns != 0 && row != 0 && row != columns) return Fail();
            if (columns == 0) columns = row;
            if (columns == 0 || cells.Count % columns != 0) return Fail();
            var matrix = new Expr(ExprKind.Matrix, "", [.. cells]) { Extra = columns };
            return name == "vmatrix" ? Expr.Call("det", matrix) : matrix;
        }
        if (name is "aligned" or "align" or "equation" or "gather" or "gathered" or "split" or "displaymath" or "math" or "eqnarray"
            or "multline")
        {
            var inner = Items(topLevel: true);
            if (!Next.IsCommand("end " + name)) return Fail();
            _p++;
            return inner;
        }
        return Fail();
    }

    /// <summary>A run of bare letters: a product of variables (ab), or a word.</summary>
    private Expr Word()
    {
        var t = Next;
        var alone = (_p == 0 || Separates(_t[_p - 1])) && (Ahead(1).Kind == TokenKind.End || Separates(Ahead(1)));
        if (t.Text.Length >= 4
            || (alone && (t.Text.Length > 2 || t.Text is "No") && char.IsAsciiLetterUpper(t.Text[0]) && char.IsAsciiLetterLower(t.Text[1])))
        {
            _p++;
            if (At('_') && t.Text.Length < 12) { _p++; return Expr.Sym(t.Text + "_" + ScriptName()); }
            return new Expr(ExprKind.Text, t.Text, []);
        }
        // The letters become tokens of their own, so that the last one can take its subscript, power and arguments.
        _t.RemoveAt(_p);
        for (var i = t.Text.Length - 1; i >= 0; i--)
            _t.Insert(_p, new Token(TokenKind.Letter, t.Text[i].ToString(), '\0', i == 0 && t.SpaceBefore) { Upright = t.Upright });
        return Variable();
    }

    private static bool Separates(Token t) =>
        t.Kind == TokenKind.Op && t.Op is ',' or ';' or '(' or ')' or '{' or '}' or '[' or ']' or '=' or Sign.And or Sign.Or or Sign.SetOpen
        or Sign.SetClose;
}
