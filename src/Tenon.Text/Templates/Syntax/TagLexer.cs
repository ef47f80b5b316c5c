using System.Globalization;
using System.Numerics;
using System.Text;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Syntax;

/// <summary>The inside of <c>{{ ... }}</c> and <c>{% ... %}</c>: names, literals and operators up to the end of the tag.</summary>
internal sealed class TagLexer(string source, int at, int line, bool variable, List<Token> tokens)
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",",
        ";"];

    private readonly Stack<char> _open = new();

    /// <summary>False where the template ended inside the tag.</summary>
    internal bool Closed { get; private set; }

    /// <summary>True where the tag ended in <c>-</c>.</summary>
    internal bool StripsAfter { get; private set; }

    /// <summary>True where the tag ended in <c>+</c>.</summary>
    internal bool KeepsNewline { get; private set; }

    /// <summary>Reads to the end of the tag; where that is, and its line.</summary>
    internal (int At, int Line) Read()
    {
        while (at < source.Length)
        {
            if (_open.Count == 0 && TryEnd()) return (at, line);
            var c = source[at];
            if (PyText.IsSpace(c))
            {
                if (c == '\n') line++;
                at++;
            }
            else if (char.IsAsciiDigit(c)) Number();
            else if (c is '\'' or '"') String(c);
            else if (ScalarAt(at) is var scalar && CaseMapping.IsWord(scalar, first: true)) Name();
            else Operator();
        }
        return (at, line);
    }

    private bool TryEnd()
    {
        var close = variable ? "}}" : "%}";
        var mark = source[at] == '-' || (source[at] == '+' && !variable) ? source[at] : '\0';
        if (string.CompareOrdinal(source, mark == '\0' ? at : at + 1, close, 0, 2) != 0) return false;
        tokens.Add(new Token(variable ? TokenKind.VariableEnd : TokenKind.BlockEnd, "", line));
        at += mark == '\0' ? 2 : 3;
        (Closed, StripsAfter, KeepsNewline) = (true, mark == '-', mark == '+');
        return true;
    }

    private void Name()
    {
        var from = at;
        while (at < source.Length && CaseMapping.IsWord(ScalarAt(at), first: false)) at += char.IsSurrogatePair(source, at) ? 2 : 1;
        tokens.Add(new Token(TokenKind.Name, source[from..at], line));
    }

    private int ScalarAt(int i) =>
        i + 1 < source.Length && char.IsSurrogatePair(source[i], source[i + 1]) ? char.ConvertToUtf32(source, i) : source[i];

    private void Number()
    {
        // A number right behind a dot is an index (x.0.1), never a float.
        if ((at == 0 || source[at - 1] != '.') && FloatLength() is > 0 and var length)
        {
            var text = source.Substring(at, length);
            at += length;
            tokens.Add(
                new Token(TokenKind.Float, text, line,
                double.Parse(text.Replace("_", ""), NumberStyles.Float, CultureInfo.InvariantCulture)));
            return;
        }
        var from = at;
        var prefix = source[at] == '0' && at + 1 < source.Length ? char.ToLowerInvariant(source[at + 1]) : '\0';
        Func<char, bool> digit =
            prefix switch { 'b' => c => c is '0' or '1', 'o' => c => c is >= '0' and <= '7', 'x' => char.IsAsciiHexDigit, _ => _ => false };
        if (prefix is 'b' or 'o' or 'x' && Run(at + 2, digit) is var end && end > at + 2) at = end;
        else at = source[at] == '0' ? Run(at, c => c == '0') : Run(at, char.IsAsciiDigit);
        var digits = source[from..at];
        tokens.Add(new Token(TokenKind.Integer, digits, line, PyInt.Parse(digits, 0) ?? BigInteger.Zero));
    }

    /// <summary>The length of a float literal here, or 0.</summary>
    private int FloatLength()
    {
        var i = Run(at, char.IsAsciiDigit);
        var fraction = i + 1 < source.Length && source[i] == '.' && char.IsAsciiDigit(source[i + 1]) ? Run(i + 1, char.IsAsciiDigit) : -1;
        var mantissa = fraction > 0 ? fraction : i;
        if (mantissa < source.Length && source[mantissa] is 'e' or 'E')
        {
            var e = mantissa + 1;
            if (e < source.Length && source[e] is '+' or '-') e++;
            if (e < source.Length && char.IsAsciiDigit(source[e])) return Run(e, char.IsAsciiDigit) - at;
        }
        return fraction > 0 ? fraction - at : 0;
    }

    /// <summary>Behind a run of digits that single underscores may part.</summary>
    private int Run(int i, Func<char, bool> digit)
    {
        while (i < source.Length && (digit(source[i]) || (source[i] == '_' && i + 1 < source.Length && digit(source[i + 1])))) i++;
        return i;
    }

    private void String(char quote)
    {
        var end = at + 1;
        while (end < source.Length && source[end] != quote) end += source[end] == '\\' ? 2 : 1;
        if (end >= source.Length) throw TemplateException.Syntax($"unexpected char {Repr.Quote(quote.ToString())} at {at}", line);
        var body = source[(at + 1)..end];
        tokens.Add(new Token(TokenKind.String, body, line, Unescape(body)));
        line += body.Count(c => c == '\n');
        at = end + 1;
    }

    private void Operator()
    {
        foreach (var symbol in Operators)
        {
            if (string.CompareOrdinal(source, at, symbol, 0, symbol.Length) != 0) continue;
            Balance(symbol[0]);
            tokens.Add(new Token(TokenKind.Operator, symbol, line));
            at += symbol.Length;
            return;
        }
        throw TemplateException.Syntax($"unexpected char {Repr.Quote(PyText.FromScalar(ScalarAt(at)))} at {at}", line);
    }

    private void Balance(char c)
    {
        if (c is '(' or '[' or '{') _open.Push(c switch { '(' => ')', '[' => ']', _ => '}' });
        if (c is not (')' or ']' or '}')) return;
        if (!_open.TryPop(out var expected)) throw TemplateException.Syntax($"unexpected '{c}'", line);
        if (expected != c) throw TemplateException.Syntax($"unexpected '{c}', expected '{expected}'", line);
    }

    /// <summary>Python's escapes in string literals; an unknown one stays as it stands.</summary>
    private string Unescape(string s)
    {
        if (!s.Contains('\\')) return s;
        var to = new StringBuilder(s.Length);
        for (var i = 0; i < s.Length; i++)
        {
            if (s[i] != '\\')
            {
                to.Append(s[i]);
                continue;
            }
            var c = s[++i];
            switch (c)
            {
                case '\n': break;
                case '\\' or '\'' or '"': to.Append(c); break;
                case 'a': to.Append('\a'); break;
                case 'b': to.Append('\b'); break;
                case 'f': to.Append('\f'); break;
                case 'n': to.Append('\n'); break;
                case 'r': to.Append('\r'); break;
                case 't': to.Append('\t'); break;
                case 'v': to.Append('\v'); break;
                case 'x': to.AppendScalar(Hex(2, s, ref i)); break;
                case 'u': to.AppendScalar(Hex(4, s, ref i)); break;
                case 'U': to.AppendScalar(Hex(8, s, ref i)); break;
                case >= '0' and <= '7':
                    var value = 0;
                    var end = Math.Min(i + 3, s.Length);
                    for (; i < end && s[i] is >= '0' and <= '7'; i++) value = value * 8 + s[i] - '0';
                    i--;
                    to.AppendScalar(value);
                    break;
                case 'N': throw TemplateException.Syntax("the escape \\N{...} is not supported in chat templates", line);
                default: to.Append('\\').Append(c); break;
            }
        }
        return to.ToString();
    }

    private int Hex(int digits, string s, ref int i)
    {
        var from = i + 1;
        if (from + digits > s.Length || !s.AsSpan(from, digits).ToArray().All(char.IsAsciiHexDigit))
            throw TemplateException.Syntax($"truncated \\{s[i]}{new string('X', digits)} escape", line);
        var value = uint.Parse(s.AsSpan(from, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (value > 0x10FFFF) throw TemplateException.Syntax("illegal Unicode character", line);
        i += digits;
        return (int)value;
    }
}
