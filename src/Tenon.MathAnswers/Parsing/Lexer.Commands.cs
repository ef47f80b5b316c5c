namespace Tenon.MathAnswers.Parsing;

/// <summary>LaTeX commands and the content of \text{...}.</summary>
internal sealed partial class Lexer
{
    private bool Command()
    {
        var start = _p;
        while (_p < _s.Length && char.IsAsciiLetter(_s[_p])) _p++;
        if (Peek('*')) _p++;
        var found = LatexWords.Command(_s.AsSpan(start, _p - start).TrimEnd('*'));
        var name = found.Text;
        switch (found.Kind)
        {
            case CommandKind.Ignored:
                _space = true;
                if (name is "left" or "right" && Peek('.')) _p++;
                // \boxed5: the box around one character.
                return true;
            case CommandKind.DropArgument:
                RawArgument();
                _space = true;
                return true;
            case CommandKind.Sign:
                if (found.Sign is Sign.SetOpen or '[' or '(') _depth++;
                if (found.Sign is Sign.SetClose or ']' or ')') _depth--;
                EmitOp(found.Sign);
                return true;
            case CommandKind.Function:
                Emit(new Token(TokenKind.Func, name));
                return true;
            case CommandKind.Words: return TextCommand(name);
            case CommandKind.Font: return Font(name);
            case CommandKind.Unread: return false;
        }
        switch (name)
        {
            case "frac" or "dfrac" or "tfrac" or "cfrac" or "sfrac": return WithArguments("frac", 2);
            case "binom" or "dbinom" or "tbinom": return WithArguments("binom", 2);
            case "sqrt": return Root();
            case "sum" or "prod" or "lim" or "int":
                if (MathVerify && name is "lim" or "int") return false;
                Emit(new Token(TokenKind.Command, name));
                return true;
            case "pmod" or "pod":
                EmitOp(Sign.Mod);
                return true;
            case "not":
                while (_p < _s.Length && _s[_p] == ' ') _p++;
                if (Peek('=')) { _p++; EmitOp(Sign.Ne); return true; }
                if (_s.AsSpan(_p).StartsWith("\\in")) { _p += 3; EmitOp(Sign.NotIn); return true; }
                return false;
            case "begin" or "end":
                if (RawArgument() is not { } environment) return false;
                environment = environment.TrimEnd('*');
                if (name == "begin" && environment is "array" or "tabular" && name == "begin") RawArgument();
                _depth += name == "begin" ? 1 : -1;
                Emit(new Token(TokenKind.Command, name + " " + environment));
                return environment != "cases" || !MathVerify;
            case "cr" or "newline": EmitOp(Sign.Row); return true;
            case "angle" when !MathVerify && (AfterNumber || _out is [.., { Kind: TokenKind.Op, Op: '}' or ')' }]):
                // 2\angle 60^\circ: modulus and argument
                Emit(new Token(TokenKind.Func, "cis"));
                return true;
            case "infin": Emit(new Token(TokenKind.Letter, "infty")); return true;
            case "varnothing": Emit(new Token(TokenKind.Letter, "emptyset")); return true;
            case "top" or "intercal": Emit(new Token(TokenKind.Letter, "T")); return true;
        }
        if (found.Kind == CommandKind.Accent) Emit(new Token(TokenKind.Command, "accent " + (name is "overline" ? "bar" : name)));
        else Emit(new Token(TokenKind.Letter, name switch { "varphi" => "phi", "vartheta" => "theta", "varepsilon" => "epsilon", "Pi" => "pi", "geqslantx" => "ge", _ => name }));
        return true;
    }

    /// <summary>\frac12, \frac1{2}, \frac{1}2: TeX takes one character where there are no braces.</summary>
    private bool WithArguments(string name, int count)
    {
        Emit(new Token(TokenKind.Command, name));
        for (var i = 0; i < count; i++)
            if (!OneArgument()) return false;
        return true;
    }

    private bool Root()
    {
        Emit(new Token(TokenKind.Command, "sqrt"));
        while (_p < _s.Length && char.IsWhiteSpace(_s[_p])) _p++;
        if (Peek('['))
        {
            var close = _s.IndexOf(']', _p);
            if (close < 0) return false;
            EmitOp('[');
            if (!Splice(_s.Substring(_p + 1, close - _p - 1))) return false;
            EmitOp(']');
            _p = close + 1;
        }
        return OneArgument();
    }

    private bool OneArgument()
    {
        while (_p < _s.Length && char.IsWhiteSpace(_s[_p])) _p++;
        if (_p >= _s.Length) return false;
        if (_s[_p] == '{')
        {
            if (RawArgument() is not { } inner) return false;
            (_depth, _arguments) = (_depth + 1, _arguments + 1);
            EmitOp('{');
            if (!Splice(inner)) return false;
            EmitOp('}');
            (_depth, _arguments) = (_depth - 1, _arguments - 1);
            return true;
        }
        if (char.IsAsciiDigit(_s[_p]))
        {
            Emit(NumberToken(_s[_p] - '0'));
            _p++;
            return true;
        }
        // A letter or command follows on its own; a parenthesis is what plain "sqrt(x)" turned into.
        if (char.IsAsciiLetter(_s[_p]))
        {
            Emit(new Token(TokenKind.Letter, Letter(_s[_p++])));
            return true;
        }
        if (_s[_p] == '\\' || _s[_p] == '(' || _s[_p] == '-' || _s[_p] > 127)
        {
            if (_s[_p] == '\\') return Backslash();
            return Signs(_s[_p]);
        }
        return false;
    }

    private bool TextCommand(string name)
    {
        string? content = RawArgument();
        if (content is null)
        {
            while (_p < _s.Length && _s[_p] == ' ') _p++;
            if (_p >= _s.Length || !char.IsAsciiLetterOrDigit(_s[_p])) return _p >= _s.Length || name is "mathrm" or "text";
            content = _s[_p++].ToString();
        }
        if (content.Contains('\\'))
        {
            if (content.Contains("\\$", StringComparison.Ordinal)) Currency = "$";
            content = content.Replace("\\ ", " ", StringComparison.Ordinal).Replace("\\,", " ", StringComparison.Ordinal)
                .Replace("\\$", "", StringComparison.Ordinal);
        }
        var text = Squeeze(content);
        if (text.Length == 0)
        {
            _space = true;
            return true;
        }
        if (IsGrouped(text)) return Grouped(text);
        if (Adjoins(text)) return true;
        if (name.StartsWith("operatorname", StringComparison.Ordinal))
        {
            if (LatexWords.Functions.TryGetValue(text, out var f)) Emit(new Token(TokenKind.Func, f));
            else Emit(new Token(TokenKind.Letter, text));
            return true;
        }
        var bare = text.Trim(' ', '.', ',').ToLowerInvariant();
        switch (bare)
        {
            case "and" or "&": EmitOp(Sign.And); return true;
            case "or": EmitOp(Sign.Or); return true;
            case "cis" when !MathVerify: Emit(new Token(TokenKind.Func, "cis")); return true;
            case "usd" or "us" or "eur" or "gbp" or "inr" or "rs" or "rs." when !MathVerify && _out.Count == 0:
                Currency = CurrencyOf(bare);
                _space = true;
                return true;
            case "percent" or "percentage" or "pct": EmitOp('%'); return true;
            case "degrees" or "degree" or "deg": EmitOp(Sign.Degree); return true;
            case "about" or "approximately" or "approx" or "roughly" or "exactly" or "option" or "choice": _space = true; return true;
            case "to" when BetweenNumbers(): EmitOp(':'); return true;
            case "" when text.Contains(','): EmitOp(','); return true;
        }
        // A label before the value, \text{Answer: } 7, \text{The answer is } 7.
        if ((text[^1] == ':' && text.Length > 2) || (!MathVerify && _out.Count == 0 && bare.EndsWith(" is", StringComparison.Ordinal)))
        {
            _space = true;
            return true;
        }
        if (Multiplier(bare)) return true;
        if (bare.StartsWith("option ", StringComparison.Ordinal) || bare.StartsWith("choice ", StringComparison.Ordinal))
            text = text[7..].TrimStart();
        if (IsMathematics(text) || (char.IsAsciiDigit(text[0]) && text.Length < 60 && !text.Contains('\\')))
            return Splice(text, upright: true);
        // \text{A and B}: a list in words.
        if (!MathVerify && text.Contains(" and ", StringComparison.Ordinal)
            && text.Replace(" and ", ", ", StringComparison.Ordinal) is var list && IsMathematics(list)) return Splice(list, upright: true);
        Emit(new Token(TokenKind.Text, text));
        return true;
    }

    /// <summary>3 to 4 is a ratio.</summary>
    private bool BetweenNumbers()
    {
        if (MathVerify || _out.Count == 0 || _out[^1].Kind != TokenKind.Number) return false;
        var q = _p;
        while (q < _s.Length && _s[q] is ' ' or '~' or '$') q++;
        return q < _s.Length && char.IsAsciiDigit(_s[q]);
    }

    /// <summary>1.2 million: the word multiplies the number before it.</summary>
    private bool Multiplier(ReadOnlySpan<char> word)
    {
        var zeros = word switch { "thousand" => 3, "million" => 6, "billion" => 9, "trillion" => 12, _ => 0 };
        if (zeros == 0 || _out.Count == 0 || _out[^1].Kind != TokenKind.Number || MathVerify) return false;
        EmitOp('*');
        var power = new Numbers.Rational(System.Numerics.BigInteger.Pow(10, zeros));
        Emit(new Token(TokenKind.Number, "1e" + zeros) { Number = Expr.Num(power) });
        return true;
    }

    /// <summary>True where the content of \text holds no words: numbers, single letters, a choice in parentheses, a time.</summary>
    private static bool IsMathematics(string text)
    {
        var run = 0;
        foreach (var c in text)
        {
            run = char.IsLetter(c) ? run + 1 : 0;
            if (run > 1 || c is '\\' or '?' or '!' || c > 127) return false;
        }
        return true;
    }

    private bool Font(string name)
    {
        while (_p < _s.Length && char.IsWhiteSpace(_s[_p])) _p++;
        var content = Peek('{') ? RawArgument() : _p < _s.Length && char.IsAsciiLetterOrDigit(_s[_p]) ? _s[_p++].ToString() : "";
        if (content is null) return false;
        content = content.Trim();
        if (IsGrouped(content)) return Grouped(content);
        if (Adjoins(content)) return true;
        if (content.Length == 1 && char.IsAsciiLetter(content[0]))
        {
            var letter = name switch
            {
                "mathbb" =>
                    content switch
                    {
                        "R" => "Reals",
                        "Z" => "Integers",
                        "N" => "Naturals",
                        "Q" => "Rationals",
                        "C" => "Complexes",
                        _ =>
                    "bb" + content
                    },
                "mathcal" or "mathscr" => "cal" + content,
                "mathfrak" => "frak" + content,
                _ => content,
            };
            Emit(new Token(TokenKind.Letter, letter) { Bold = true });
            return true;
        }
        return IsMathematics(content) || content.Contains('\\') ? Splice(content) : EmitText(Squeeze(content));
    }

    /// <summary>1,234 or 1,234.5 in a font of its own is one number, wherever it stands.</summary>
    private static bool IsGrouped(string text)
    {
        if (text.Length is < 5 or > 40 || !char.IsAsciiDigit(text[0]) || text[0] == '0') return false;
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        if (comma is < 1 or > 3) return false;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? text.Length : point;
        for (var i = 0; i < text.Length; i++)
        {
            if (i == point) continue;
            var isComma = i < whole && i >= comma && (i - comma) % 4 == 0;
            if (isComma ? text[i] != ',' : !char.IsAsciiDigit(text[i])) return false;
        }

        return (whole - comma) % 4 == 0 && point != text.Length - 1;
    }

    private bool Grouped(string text)
    {
        HasCommaNumber |= _depth == _arguments;
        return Splice(CommasSeparate && _depth == _arguments ? text : text.Replace(",", "", StringComparison.Ordinal));
    }

    /// <summary>\mathbf{1}\mathbf{2}: digits right behind a number go on with it.</summary>
    private bool Adjoins(string digits)
    {
        if (MathVerify || _space || digits.Length > 9 || _out.Count == 0
            || _out[^1] is not { Kind: TokenKind.Number, Number: { IsNumber: true, IsDecimal: false } number } || !number.Value.IsInteger)
            return false;
        foreach (var c in digits)
            if (!char.IsAsciiDigit(c)) return false;
        if (digits.Length == 0 || number.Value.Bits > 200) return false;
        var value =
            Expr.Num((number.Value * new Numbers.Rational(System.Numerics.BigInteger.Pow(10, digits.Length)))
            + new Numbers.Rational(long.Parse(digits, System.Globalization.CultureInfo.InvariantCulture)));
        _out[^1] = _out[^1] with { Text = _out[^1].Text + digits, Number = value };
        return true;
    }

    private bool EmitText(string text)
    {
        Emit(new Token(TokenKind.Text, text));
        return true;
    }
}
