namespace Tenon.MathAnswers.Parsing;

/// <summary>Limits, integrals, derivatives, values by cases and sets by conditions.</summary>
internal sealed partial class Parser
{
    /// <summary>\lim_{x \to a} of the product behind it: variable, place, body; the name holds the side it is taken from.</summary>
    private Expr Limit()
    {
        if (!Take('_') || !Take('{')) return Fail();
        var variable = Variable();
        if (variable.Kind != ExprKind.Symbol || !Take(Sign.To)) return Fail();
        var name = "lim";
        // Only a sign behind the place is its side: 0^+, 0^{-}.
        var close = _p;
        var depth = 0;
        while (close < _t.Count && !(depth == 0 && _t[close].Is('}')))
        {
            if (_t[close].Is('{')) depth++;
            else if (_t[close].Is('}')) depth--;
            close++;
        }
        if (close >= _t.Count) return Fail();
        var end = close;
        if (end - _p >= 3 && _t[end - 1].Kind == TokenKind.Op && _t[end - 1].Op is '+' or '-' && _t[end - 2].Is('^'))
            (name, end) = ("lim" + _t[end - 1].Op, end - 2);
        else if (end - _p >= 5 && _t[end - 1].Is('}') && _t[end - 2].Kind == TokenKind.Op && _t[end - 2].Op is '+' or '-'
            && _t[end - 3].Is('{') && _t[end - 4].Is('^')) (name, end) = ("lim" + _t[end - 2].Op, end - 4);
        if (Part(_p, end) is not { } place) return Fail();
        _p = close + 1;
        var body = Term();
        var index = Expr.Sym(variable.Name + "#");
        return Expr.Call(name, index, place, Replace(body, variable, index));
    }

    /// <summary>\int_a^b body dx: variable, lower end, upper end, body; without ends the two are left out.</summary>
    private Expr Integral()
    {
        Expr? low = null;
        Expr? high = null;
        while (Next.Kind == TokenKind.Op && Next.Op is '_' or '^' && !_failed)
        {
            var lower = At('_');
            _p++;
            if (lower) low = Script();
            else high = Script();
        }
        if (_failed || low is null != high is null) return Fail();
        var (at, length) = Differential();
        if (at < 0) return Fail();
        Expr? body = at == _p ? Expr.One : Part(_p, at);
        if (body is not { IsScalar: true }) return Fail();
        var name = _t[at + length - 1].Text;
        _p = at + length;
        var variable = Expr.Sym(length == 1 ? name[1..] : name);
        var index = Expr.Sym(variable.Name + "#");
        body = Replace(body, variable, index);
        return low is null ? Expr.Call("int", index, body) : Expr.Call("int", index, low, high!, body);
    }

    /// <summary>
    /// Where the differential of this integral stands, and its tokens: one (dx as a word) or two; -1 where there is none.
    /// </summary>
    private (int At, int Length) Differential()
    {
        var (depth, open) = (0, 1);
        for (var q = _p; q < _t.Count && q < _p + 400; q++)
        {
            var t = _t[q];
            if (t.Kind == TokenKind.Op && t.Op is '(' or '{' or '[') depth++;
            else if (t.Kind == TokenKind.Op && t.Op is ')' or '}' or ']' && --depth < 0) return (-1, 0);
            if (depth > 0) continue;
            if (t.IsCommand("int")) open++;
            // xdx: the letters run together.
            if (t.Kind == TokenKind.Word && t.Text.Length is > 2 and < 6 && t.Text[^2] == 'd'
                && !t.Text.Contains("od", StringComparison.Ordinal))
            {
                _t[q] = t with { Text = t.Text[..^2], Kind = t.Text.Length == 3 ? TokenKind.Letter : TokenKind.Word };
                _t.Insert(q + 1, new Token(TokenKind.Word, t.Text[^2..]));
                continue;
            }
            var length = t.Kind == TokenKind.Word && t.Text.Length == 2 && t.Text[0] == 'd' ? 1
                : t.Kind == TokenKind.Letter && t.Text == "d" && q + 1 < _t.Count && _t[q + 1].Kind == TokenKind.Letter ? 2 : 0;
            if (length > 0 && --open == 0) return (q, length);
        }
        return (-1, 0);
    }

    /// <summary>\frac{d}{dx} of the product behind it; null where the fraction is something else.</summary>
    private Expr? Derivative()
    {
        if (!_extended || !(At('{') && Ahead(1) is { Kind: TokenKind.Letter, Text: "d" } && Ahead(2).Is('}') && Ahead(3).Is('{')))
            return null;
        var word = Ahead(4) is { Kind: TokenKind.Word, Text: { Length: 2 } text } && text[0] == 'd';
        var two = Ahead(4) is { Kind: TokenKind.Letter, Text: "d" } && Ahead(5).Kind == TokenKind.Letter;
        if (!word && !two) return null;
        var length = word ? 6 : 7;
        if (!Ahead(length - 1).Is('}')) return null;
        var name = word ? Ahead(4).Text[1..] : Ahead(5).Text;
        _p += length;
        if (!StartsFactor()) return Fail();
        return Expr.Call("diff", Expr.Sym(name), Term());
    }

    /// <summary>Values by cases up to the end of the environment.</summary>
    private Expr Cases(string name)
    {
        var parts = new List<Expr>();
        while (!_failed)
        {
            if (Next.IsCommand("end " + name)) break;
            var end = RowEnd(name);
            if (end < 0) return Fail();
            if (end > _p && !Row(_p, end, parts)) return Fail();
            _p = end;
            Take(Sign.Row);
            if (parts.Count > 64) return Fail();
        }
        if (_failed || parts.Count == 0) return Fail();
        _p++;
        return new Expr(ExprKind.Piecewise, "cases", [.. parts]);
    }

    private int RowEnd(string name)
    {
        for (var q = _p; q < _t.Count; q++)
            if (_t[q].Is(Sign.Row) || _t[q].IsCommand("end " + name)) return q;
        return -1;
    }

    /// <summary>One row: the value, a comma or ampersand or "if", the condition.</summary>
    private bool Row(int from, int to, List<Expr> parts)
    {
        var cut = from;
        var depth = 0;
        while (cut < to && !(depth == 0 && (_t[cut].Is('&') || _t[cut].Is(',') || Opens(_t[cut]))))
        {
            if (_t[cut].Kind == TokenKind.Op && _t[cut].Op is '(' or '{' or '[') depth++;
            else if (_t[cut].Kind == TokenKind.Op && _t[cut].Op is ')' or '}' or ']') depth--;
            cut++;
        }
        if (cut == from || Part(from, cut) is not { } value) return false;
        var start = cut;
        while (start < to && (_t[start].Is('&') || _t[start].Is(',') || Opens(_t[start]))) start++;
        var stop = to;
        while (stop > start && _t[stop - 1].Kind == TokenKind.Op && _t[stop - 1].Op is ',' or ';' or '.') stop--;
        parts.Add(value);
        parts.Add(Condition(start, stop));
        return true;
    }

    private static bool Opens(Token t) =>
        t.Kind is TokenKind.Text or TokenKind.Word
        && t.Text.TrimEnd(' ', ':').ToLowerInvariant() is "if" or "for" or "when" or "where" or ", if" or "otherwise" or "else"
        or "otherwise." or "for all" or "if and only if";

    /// <summary>A condition: relations, or the words as they stand. Nothing at all is "otherwise".</summary>
    private Expr Condition(int from, int to)
    {
        if (from >= to) return new Expr(ExprKind.Text, "otherwise", []);
        var words = false;
        for (var q = from; q < to; q++) words |= _t[q].Kind is TokenKind.Text or TokenKind.Word;
        if (!words && Part(from, to) is { } read) return read;
        var tokens = _t.GetRange(from, to - from);
        return new Expr(ExprKind.Text, TextForm.Of([.. tokens, new Token(TokenKind.End, "")]), []);
    }

    /// <summary>
    /// \{x \mid conditions\} and \{x : conditions\}; null where it is a set by its elements. A set of reals is read as its inequality.
    /// </summary>
    private Expr? SetBuilder()
    {
        if (!_extended) return null;
        var (depth, cut, bars) = (0, -1, 0);
        var end = _p;
        for (; end < _t.Count; end++)
        {
            var t = _t[end];
            if (t.Kind == TokenKind.End) return null;
            if (t.Kind != TokenKind.Op) continue;
            if (t.Op is '(' or '{' or '[' or Sign.SetOpen) depth++;
            else if (depth == 0 && t.Op == Sign.SetClose) break;
            else if (t.Op is ')' or '}' or ']' or Sign.SetClose) depth--;
            if (depth != 0 || t.Op is not ('|' or ':')) continue;
            if (t.Op == '|') bars++;
            if (cut < 0) cut = end;
        }
        if (end >= _t.Count || cut <= _p || (bars > 0 && _t[cut].Is('|') && bars % 2 == 0) || !States(cut + 1, end)) return null;
        if (Part(_p, cut) is not { } element || Part(cut + 1, end) is not { } condition) return null;
        _p = end + 1;
        var all = condition.Kind == ExprKind.List && condition.Name != "or" ? condition.Args : [condition];
        var variable = element.Kind == ExprKind.Relation && element.Name == Sign.In.ToString() ? element.Args[0] : element;
        var real = ReferenceEquals(variable, element) || element.Args[1] is { Kind: ExprKind.Symbol, Name: "Reals" };
        var kept =
            Array.FindAll(all, c =>
            !(c.Kind == ExprKind.Relation && c.Name == Sign.In.ToString() && c.Args[1] is { Kind: ExprKind.Symbol, Name: "Reals" }));
        if (real && variable.Kind == ExprKind.Symbol && kept.Length == 1 && IsInequalityIn(kept[0], variable.Name)) return kept[0];
        // Several conditions at once, or alternatives: read as they would be without the braces.
        if (real && variable.Kind == ExprKind.Symbol && kept.Length > 1 && Array.TrueForAll(kept, c => IsInequalityIn(c, variable.Name)))
            return new Expr(ExprKind.List, "", kept);
        if (real && variable.Kind == ExprKind.Symbol && kept is [{ Kind: ExprKind.List, Name: "or" } either]
            && Array.TrueForAll(either.Args, c => IsInequalityIn(c, variable.Name))) return either;
        return new Expr(ExprKind.SetBuilder, "set", [element, .. all]);
    }

    private static bool IsInequalityIn(Expr e, string name)
    {
        if (e.Kind != ExprKind.Relation) return false;
        foreach (var op in e.Name) if (op is not ('<' or '>' or Sign.Le or Sign.Ge or Sign.Ne)) return false;
        return e.Any(x => x.Kind == ExprKind.Symbol && x.Name == name)
            && !e.Any(x => x.Kind is ExprKind.Symbol or ExprKind.Apply && x.Name != name);
    }

    private bool States(int from, int to)
    {
        for (var q = from; q < to; q++)
            if (_t[q].Kind == TokenKind.Op && Sign.IsRelation(_t[q].Op)) return true;
        return false;
    }

    /// <summary>A piece of the tokens, read on its own; null where it is no expression.</summary>
    private Expr? Part(int from, int to)
    {
        if (to <= from || _depth + 4 > WorkBudget.MaxDepth) return null;
        var tokens = _t.GetRange(from, to - from);
        tokens.Add(new Token(TokenKind.End, ""));
        var inner = new Parser(tokens, _extended) { _depth = _depth + 4 };
        var e = inner.Top();
        return inner._failed ? null : e;
    }
}
