using System.Numerics;
using System.Text;
using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>Powers, postfix signs, variables, functions.</summary>
internal sealed partial class Parser
{
    private Expr Factor()
    {
        if (++_depth > WorkBudget.MaxDepth) return Fail();
        var e = Postfix(Atom());
        _depth--;
        return e;
    }

    private Expr Postfix(Expr e)
    {
        var raised = false;
        while (!_failed && Next.Kind == TokenKind.Op)
        {
            switch (Next.Op)
            {
                case '^':
                    _p++;
                    if (raised) return Fail();
                    var before = e;
                    e = Superscript(e);
                    raised = e.Kind == ExprKind.Power && !ReferenceEquals(before, e);
                    continue;
                case '_' when e.IsNumber && e.Value.IsInteger && !e.IsDecimal:
                    _p++;
                    e = Based(e.Value.Num.ToString(), Script());
                    continue;
                case '_' when e.Kind == ExprKind.BaseNumber && e.Extra == 0:
                    _p++;
                    e = Based(e.Name, Script());
                    continue;
                case '\'' when FeetAndInches(e) is { } length:
                    e = length;
                    continue;
                case '!':
                    _p++;
                    if (Take('!')) e = Expr.Call("factorial2", e);
                    else e = Expr.Call("factorial", e);
                    continue;
                case '%':
                    _p++;
                    e = new Expr(ExprKind.Percent, "", [e]);
                    continue;
                case Sign.Degree:
                    _p++;
                    e = Degrees(e);
                    continue;
                case '⎚':
                    _p++;
                    e = Expr.Call("binom", e, Factor());
                    continue;
            }
            break;
        }
        return e;
    }

    /// <summary>An angle, or a temperature: the C or F behind its degrees is left out.</summary>
    private Expr Degrees(Expr e)
    {
        var angle = Minutes(new Expr(ExprKind.Degree, "", [e]));
        if (_extended && Next is { Kind: TokenKind.Letter, Text: "C" or "F" } && (Ahead(1).Kind == TokenKind.End || Separates(Ahead(1))))
        {
            Unit ??= Next.Text == "C" ? "celsius" : "fahrenheit";
            _p++;
        }
        return angle;
    }

    /// <summary>45^\circ 30' 15'': minutes and seconds of an angle.</summary>
    private Expr Minutes(Expr degrees)
    {
        if (Next.Kind != TokenKind.Number || !degrees.Args[0].IsNumber) return degrees;
        var (value, q) = (degrees.Args[0].Value, _p);
        foreach (var unit in stackalloc[] { 60, 3600 })
        {
            if (_t[q].Kind != TokenKind.Number || _t[q].Number!.Kind != ExprKind.Number || q + 1 >= _t.Count) break;
            var part = _t[q].Number!.Value;
            var r = q + 1;
            if (_t[r].Is('^')) r++;
            var primes = 0;
            var braces = _t[r].Is('{');
            if (braces) r++;
            while (r < _t.Count && _t[r].Is('\'')) { r++; primes++; }
            if (primes != (unit == 60 ? 1 : 2) || (braces && !_t[r].Is('}'))) break;
            if (braces) r++;
            value += part / unit;
            q = r;
        }
        if (q == _p) return degrees;
        _p = q;
        return new Expr(ExprKind.Degree, "", [Expr.Num(value)]);
    }

    private Expr Superscript(Expr e)
    {
        if (At(Sign.Degree)) return e;
        if (At('*') || At('\'')) { _p++; return e.Kind == ExprKind.Symbol ? Expr.Sym(e.Name + "*") : Expr.Call("star", e); }
        if (At('{') && (Ahead(1).Is(Sign.Degree) || Ahead(1).Is('\'')))
        {
            var q = 1;
            var primes = "";
            while (Ahead(q).Is('\'')) { primes += "'"; q++; }
            var degree = Ahead(q).Is(Sign.Degree);
            if (degree) q++;
            if (!Ahead(q).Is('}')) return Fail();
            _p += q + 1;
            if (degree) return Degrees(e);
            if (_extended && e.IsNumber && primes.Length is 1 or 2)
            {
                Unit ??= primes.Length == 2 ? "inches" : "feet";
                return e;
            }

            return Expr.Sym(NameOf(e) + primes);
        }
        if (At('{') && Ahead(1).Is('*') && Ahead(2).Is('}'))
        {
            _p += 3;
            return e.Kind == ExprKind.Symbol ? Expr.Sym(e.Name + "*") : Expr.Call("star", e);
        }
        // 5^{\text{th}}: an ordinal
        if (e.IsNumber && (Ordinal(Next) || (At('{') && Ordinal(Ahead(1)) && Ahead(2).Is('}'))))
        {
            _p += At('{') ? 3 : 1;
            return e;
        }
        var exponent = Script();
        if (_extended && exponent is { Kind: ExprKind.Symbol, Name: "T" } && Transposed(e) is { } turned) return turned;
        return Expr.Pow(e, exponent);
    }

    /// <summary>(1,2)^T is a column; a matrix is turned. Null for anything else.</summary>
    private static Expr? Transposed(Expr e)
    {
        if (e is { Kind: ExprKind.Tuple, Name: "()" or "[]" }) return new Expr(ExprKind.Matrix, "", e.Args) { Extra = 1 };
        if (e.Kind != ExprKind.Matrix) return null;
        var (columns, rows) = (e.Extra, e.Args.Length / e.Extra);
        var cells = new Expr[e.Args.Length];
        for (var i = 0; i < cells.Length; i++) cells[i] = e.Args[(i % rows * columns) + (i / rows)];
        return new Expr(ExprKind.Matrix, "", cells) { Extra = rows };
    }

    private static bool Ordinal(Token t) => t.Kind is TokenKind.Text or TokenKind.Word && t.Text is "th" or "st" or "nd" or "rd";

    private static string NameOf(Expr e) => e.Kind is ExprKind.Symbol or ExprKind.Constant ? e.Name : e.ToString();

    /// <summary>What stands behind ^ or _: a group, or one token with its sign.</summary>
    private Expr Script()
    {
        if (At('{'))
        {
            _p++;
            var inner = Items(topLevel: false);
            return Take('}') ? inner : Fail();
        }
        var negative = false;
        while (Next.Kind == TokenKind.Op && Next.Op is '+' or '-')
        {
            negative ^= At('-');
            _p++;
        }
        var e = Atom();
        if (At('!')) { _p++; e = Expr.Call("factorial", e); }
        return negative ? Expr.Neg(e) : e;
    }

    private Expr Based(string digits, Expr radix)
    {
        if (_extended && radix.Kind == ExprKind.Text && WordAnswers.Number(radix.Name) is { } named) radix = Expr.Int(named);
        if (!radix.IsNumber || !radix.Value.IsInteger || radix.Value.Num < 2 || radix.Value.Num > 36) return Fail();
        var b = (int)radix.Value.Num;
        var value = BigInteger.Zero;
        foreach (var c in digits)
        {
            var d = char.IsAsciiDigit(c) ? c - '0' : c - 'A' + 10;
            if (d >= b || d < 0) return Fail();
            value = (value * b) + d;
        }
        return new Expr(ExprKind.BaseNumber, digits, []) { Value = new Rational(value), Extra = b };
    }

    /// <summary>A variable or constant with its subscript and primes, and its arguments where it is an unknown function.</summary>
    private Expr Variable()
    {
        var t = Next;
        _p++;
        var name = t.Text;
        var plain = true;
        while (!_failed)
        {
            if (At('_'))
            {
                _p++;
                name += "_" + ScriptName();
                plain = false;
            }
            else if (At('\'')) { _p++; name += "'"; plain = false; }
            else if (At('^') && Ahead(1).Is('\'')) _p++;
            else if (At('^') && Ahead(1).Is('{') && Ahead(2).Is('\''))
            {
                _p += 2;
                while (Take('\'')) name += "'";
                if (!Take('}')) return Fail();
                plain = false;
            }
            else break;
        }
        if (plain && !t.Bold)
        {
            switch (name)
            {
                case "pi": return Expr.Pi;
                case "e": return Expr.E;
                case "i": return Expr.I;
                case "infty": return Expr.Infinity;
                case "emptyset": return new Expr(ExprKind.Set, "", []);
                case "hbar" or "ell": break;
            }
        }
        if (name is "True" or "False") return Expr.Sym(name);
        if (At('(') && TakesArguments(name))
        {
            _p++;
            var inner = Items(topLevel: false);
            if (!Take(')')) return Fail();
            // C(10,3) counts choices.
            if (_extended && name == "C" && inner is { Kind: ExprKind.List, Args: [{ IsNumber: true } n, { IsNumber: true } k] }
                && k.Value <= n.Value && k.Value.Sign >= 0) return Expr.Call("binom", n, k);
            return new Expr(ExprKind.Apply, name, inner.Kind == ExprKind.List ? inner.Args : [inner]);
        }
        return Expr.Sym(name);
    }

    /// <summary>
    /// f(x) or f times x: letters that name functions take arguments, and so does any letter before a list, a lone number or a lone
    /// variable; k(k+1) is a product.
    /// </summary>
    private bool TakesArguments(string name)
    {
        var head = name.TrimEnd('\'');
        var cut = head.IndexOf('_', StringComparison.Ordinal);
        if (cut > 0) head = head[..cut];
        if (name.Contains('\'', StringComparison.Ordinal)) return true;
        if (head is "f" or "g" or "h" or "F" or "G" or "H" or "O" or "W" or "E" or "P" or "Phi" or "phi" or "psi" or "Psi" or "Theta"
            or "Omega" or "zeta" or "Gamma" or "delta" or "erf" or "Var") return true;
        var depth = 0;
        var tokens = 0;
        for (var q = _p; q < _t.Count; q++)
        {
            var t = _t[q];
            if (t.Kind == TokenKind.Op && t.Op is '(' or '{' or '[') depth++;
            else if (t.Kind == TokenKind.Op && t.Op is ')' or '}' or ']')
            {
                if (--depth == 0) return tokens == 1;
            }
            else if (depth == 1 && t.Is(',')) return true;
            else if (++tokens > 24) return false;
        }
        return false;
    }

    /// <summary>A subscript as part of a name: its tokens, squeezed together.</summary>
    private string ScriptName()
    {
        if (!At('{'))
        {
            var t = Next;
            if (t.Kind == TokenKind.End) return "";
            _p++;
            return TokenText(t);
        }
        var b = new StringBuilder();
        var depth = 0;
        do
        {
            if (At('{')) depth++;
            else if (At('}')) depth--;
            else if (AtEnd) { Fail(); return ""; }
            else b.Append(TokenText(Next));
            _p++;
        }
        while (depth > 0 && b.Length < 200);
        if (depth > 0) Fail();
        return b.ToString();
    }

    internal static string TokenText(Token t) =>
        t.Kind == TokenKind.Op ? t.Op.ToString() : t.Kind == TokenKind.Text ? t.Text.Replace(" ", "", StringComparison.Ordinal) : t.Text;

    private Expr Function()
    {
        var name = Next.Text;
        _p++;
        Expr? radix = null;
        Expr? power = null;
        while (Next.Kind == TokenKind.Op && Next.Op is '_' or '^' && !_failed)
        {
            if (Take('_')) radix = LogBase();
            else
            {
                _p++;
                power = Script();
            }
        }
        if (power is { IsNumber: true } && power.Value == -1
            && name is "sin" or "cos" or "tan" or "cot" or "sec" or "csc" or "sinh" or "cosh" or "tanh")
        {
            name = "a" + name;
            power = null;
        }
        var args = Arguments(name);
        if (_failed) return Expr.Zero;
        if (radix is not null)
        {
            if (name != "log") return Fail();
            args = [args[0], radix];
        }
        var e = name switch
        {
            "sqrt" => Expr.Pow(args[0], Expr.Num(Rational.Half)),
            "cbrt" => Expr.Call("root", args[0], Expr.Num(3)),
            "exp" => Expr.Pow(Expr.E, args[0]),
            "cis" => Expr.Add(Expr.Call("cos", args[0]), Expr.Mul(Expr.I, Expr.Call("sin", args[0]))),
            _ => Expr.Call(name, args),
        };
        return power is null ? e : Expr.Pow(e, power);
    }

    /// <summary>The base of a logarithm: TeX takes one character without braces, so \log_23 is log base 2 of 3.</summary>
    private Expr LogBase()
    {
        if (Next.Kind == TokenKind.Number && Next.Number!.IsNumber && Next.Text.Length > 1 && !Next.Number.IsDecimal && Next.Text != "10"
            && Next.Text.All(char.IsAsciiDigit) && !StartsArgumentAfter())
        {
            var t = Next;
            _t[_p] =
                new Token(TokenKind.Number,
                t.Text[1..])
                {
                    Number =
                Expr.Num(new Rational(BigInteger.Parse(t.Text[1..], System.Globalization.CultureInfo.InvariantCulture)))
                };
            return Expr.Num(t.Text[0] - '0');
        }
        return Script();
    }

    private bool StartsArgumentAfter() =>
        Ahead(1).Kind is TokenKind.Letter or TokenKind.Number or TokenKind.Command or TokenKind.Func || Ahead(1).Is('(') || Ahead(1).Is('{')
        || Ahead(1).Is('|');

    private Expr[] Arguments(string name)
    {
        if (At('(') || At('{') || At('[') || (At(Sign.SetOpen) && name is "max" or "min" or "gcd" or "lcm"))
        {
            var close = Next.Op switch { '(' => ')', '{' => '}', '[' => ']', _ => Sign.SetClose };
            _p++;
            var inner = Items(topLevel: false);
            if (!Take(close)) { Fail(); return []; }
            return inner.Kind == ExprKind.List || (inner.Kind == ExprKind.Set && inner.Args.Length > 0) ? inner.Args : [inner];
        }
        var negative = false;
        while (Next.Kind == TokenKind.Op && Next.Op is '+' or '-')
        {
            negative ^= At('-');
            _p++;
        }
        var first = Factor();
        List<Expr>? factors = null;
        while (!_failed && Next.Kind != TokenKind.Func && Next.Kind != TokenKind.Text && !UnitAhead() && StartsFactor() && !At('('))
        {
            factors ??= [first];
            factors.Add(Factor());
            if (factors.Count > WorkBudget.MaxElements) { Fail(); return []; }
        }
        var arg = factors is null ? first : Expr.Mul([.. factors]);
        return [negative ? Expr.Neg(arg) : arg];
    }
}
