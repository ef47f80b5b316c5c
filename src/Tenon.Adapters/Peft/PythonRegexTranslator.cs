using System.Globalization;
using System.Text;

namespace Tenon.Adapters.Peft;

/// <summary>
/// Rewrites one pattern of Python's re in .NET's dialect; an <see cref="ArgumentException"/> says what is wrong or not supported.
/// </summary>
internal sealed class PythonRegexTranslator(string pattern)
{
    private readonly StringBuilder _to = new();
    private readonly Dictionary<string, int> _names = [];
    private readonly Stack<bool> _groups = new();
    private int _at;
    private int _groupCount;
    private int _lookBehind;

    // Whether the last item can be repeated: not at a start, after an anchor or after another quantifier.
    private bool _repeatable;

    internal string Run()
    {
        while (_at < pattern.Length)
        {
            var c = pattern[_at++];
            switch (c)
            {
                case '\\': Escape(inClass: false); break;
                case '[': Class(); break;
                case '(': Open(); break;
                case ')':
                    if (!_groups.TryPop(out var wasLookBehind)) throw Bad("unbalanced parenthesis");
                    if (wasLookBehind) _lookBehind--;
                    _to.Append(')');
                    _repeatable = true;
                    break;
                case '*' or '+' or '?': Quantifier(c.ToString()); break;
                case '{': Braces(); break;
                case '^' or '$':
                    _to.Append(c);
                    _repeatable = false;
                    break;
                case '|':
                    if (_lookBehind > 0) throw Unsupported("alternatives inside a look-behind");
                    _to.Append('|');
                    _repeatable = false;
                    break;
                case '.':
                    _to.Append('.');
                    _repeatable = true;
                    break;
                default: Literal(c); break;
            }
        }
        return _groups.Count == 0 ? _to.ToString() : throw Bad("missing ), unterminated subpattern");
    }

    private void Literal(char c)
    {
        if (c is '#' or ' ' or '}' or ']') _to.Append('\\');
        _to.Append(c);
        _repeatable = true;
    }

    private void Open()
    {
        // A comment is as if it were not there: what stands before it can still be repeated.
        if (Take("?#"))
        {
            Until(')');
            return;
        }
        _repeatable = false;
        if (!Take("?"))
        {
            _groupCount++;
            Push("(", false);
        }
        else if (Take(":")) Push("(?:", false);
        else if (Take("=")) Push("(?=", false);
        else if (Take("!")) Push("(?!", false);
        else if (Take(">")) Push("(?>", false);
        else if (Take("<=")) Push("(?<=", true);
        else if (Take("<!")) Push("(?<!", true);
        else if (Take("P<"))
        {
            var name = Until('>');
            if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsLetterOrDigit(c) || c == '_'))
                throw Bad($"bad character in group name '{name}'");
            // Numbered instead of named: .NET numbers named groups after all others.
            if (!_names.TryAdd(name, ++_groupCount)) throw Bad($"redefinition of group name '{name}'");
            Push("(", false);
        }
        else if (Take("P="))
        {
            var name = Until(')');
            _to.Append("(?:\\").Append(_names.TryGetValue(name, out var group) ? group : throw Bad($"unknown group name '{name}'"))
                .Append(')');
            _repeatable = true;
        }
        else if (Take("("))
        {
            var group = Until(')');
            var number = _names.TryGetValue(group, out var named) ? named
                : int.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n
                : throw Bad($"unknown group name '{group}'");
            Push($"(?({number})", false);
        }
        else Flags();
    }

    private void Flags()
    {
        var begin = _at - 2;
        var flags = "";
        while (_at < pattern.Length && (char.IsAsciiLetter(pattern[_at]) || pattern[_at] == '-')) flags += pattern[_at++];
        if (flags.Length == 0 || _at == pattern.Length || pattern[_at] is not (':' or ')'))
            throw Bad($"unknown extension ?{flags}{(_at < pattern.Length ? pattern[_at] : "")}");
        foreach (var c in flags)
            if (c == 'x') throw Unsupported("verbose mode (?x)");
            else if (!"aimsu-".Contains(c)) throw Bad(c == 'L' ? "cannot use the L flag with a str pattern" : "unknown flag");
        // Paths are ASCII, so that a (ASCII) and u (Unicode) mean the same.
        var kept = flags.Replace("a", "").Replace("u", "").TrimEnd('-');
        if (pattern[_at++] == ':')
        {
            Push($"(?{kept}:", false);
            return;
        }
        if (begin != 0) throw Bad("global flags not at the start of the expression");
        if (flags.Contains('-')) throw Bad("missing :");
        if (kept.Length > 0) _to.Append("(?").Append(kept).Append(')');
    }

    private void Push(string open, bool isLookBehind)
    {
        _to.Append(open);
        _groups.Push(isLookBehind);
        if (isLookBehind) _lookBehind++;
    }

    private void Braces()
    {
        var close = pattern.IndexOf('}', _at);
        var body = close < 0 ? "" : pattern[_at..close];
        var parts = body.Split(',');
        if (body.Length == 0 || body == "," || parts.Length > 2 || !body.All(c => char.IsAsciiDigit(c) || c == ','))
        {
            _to.Append("\\{");
            _repeatable = true;
            return;
        }
        _at = close + 1;
        var low = parts[0].Length == 0 ? "0" : parts[0];
        if (parts.Length == 2 && parts[1].Length > 0
            && int.Parse(low, CultureInfo.InvariantCulture) > int.Parse(parts[1], CultureInfo.InvariantCulture))
            throw Bad("min repeat greater than max repeat");
        Quantifier(parts.Length == 1 ? $"{{{low}}}" : $"{{{low},{parts[1]}}}", isFixed: parts.Length == 1 || low == parts[1]);
    }

    private void Quantifier(string text, bool isFixed = false)
    {
        if (!_repeatable) throw Bad(_to.Length > 0 && _to[^1] is '*' or '+' or '?' or '}' ? "multiple repeat" : "nothing to repeat");
        if (_lookBehind > 0 && !isFixed) throw Unsupported("a look-behind of changing width");
        _to.Append(text);
        if (Take("?")) _to.Append('?');
        else if (Take("+")) throw Unsupported("possessive quantifiers");
        _repeatable = false;
    }

    /// <summary>A bracket as a .NET class; an inner '[' is escaped, because .NET would read '-[' as a subtraction.</summary>
    private void Class()
    {
        _to.Append('[');
        if (Take("^")) _to.Append('^');
        for (var first = true; ; first = false)
        {
            if (_at == pattern.Length) throw Bad("unterminated character set");
            var c = pattern[_at++];
            if (c == ']' && !first) break;
            if (c == '\\') Escape(inClass: true);
            else
            {
                if (c is '[' or ']' or '^') _to.Append('\\');
                _to.Append(c);
            }
        }
        _to.Append(']');
        _repeatable = true;
    }

    private void Escape(bool inClass)
    {
        if (_at == pattern.Length) throw Bad("bad escape (end of pattern)");
        var c = pattern[_at++];
        _repeatable = true;
        if (char.IsAsciiDigit(c)) Digits(c, inClass);
        else if ("dDsSwW".Contains(c)) _to.Append('\\').Append(c);
        else if ("afnrtv".Contains(c)) _to.Append('\\').Append(c);
        else if (c == 'b' && inClass) _to.Append("\\b");
        else if (!inClass && c is 'b' or 'B' or 'A')
        {
            _to.Append('\\').Append(c);
            _repeatable = false;
        }
        else if (!inClass && c == 'Z')
        {
            _to.Append("\\z");
            _repeatable = false;
        }
        else if (c is 'x' or 'u' or 'U') Hex(c);
        else if (c == 'N') throw Unsupported("\\N{...}");
        else if (char.IsAsciiLetter(c)) throw Bad($"bad escape \\{c}");
        else _to.Append(char.IsAscii(c) && !char.IsWhiteSpace(c) ? "\\" : "").Append(c);
    }

    private void Digits(char first, bool inClass)
    {
        var digits = first.ToString();
        var octal = first == '0' || inClass;
        while (_at < pattern.Length && digits.Length < 3
            && (octal ? pattern[_at] is >= '0' and <= '7'
            : char.IsAsciiDigit(pattern[_at]) && digits.Length < 2 || pattern[_at] is >= '0' and <= '7' && digits.All(d => d <= '7')))
            digits += pattern[_at++];
        if (octal || digits.Length == 3)
        {
            if (!digits.All(d => d <= '7')) throw Bad($"bad escape \\{digits}");
            _to.Append("\\u").Append(Convert.ToInt32(digits, 8).ToString("x4", CultureInfo.InvariantCulture));
            return;
        }
        var group = int.Parse(digits, CultureInfo.InvariantCulture);
        if (group > _groupCount) throw Bad($"invalid group reference {group}");
        _to.Append("(?:\\").Append(group).Append(')');
    }

    private void Hex(char kind)
    {
        var length = kind switch { 'x' => 2, 'u' => 4, _ => 8 };
        if (_at + length > pattern.Length || !pattern.AsSpan(_at, length).ToArray().All(char.IsAsciiHexDigit))
            throw Bad($"incomplete escape \\{kind}");
        var scalar = uint.Parse(pattern.AsSpan(_at, length), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (scalar > 0xFFFF) throw Unsupported("a character above U+FFFF");
        _to.Append("\\u").Append(scalar.ToString("x4", CultureInfo.InvariantCulture));
        _at += length;
    }

    private bool Take(string text)
    {
        if (string.CompareOrdinal(pattern, _at, text, 0, text.Length) != 0) return false;
        _at += text.Length;
        return true;
    }

    private string Until(char end)
    {
        var close = pattern.IndexOf(end, _at);
        if (close < 0) throw Bad($"missing {end}, unterminated name");
        var text = pattern[_at..close];
        _at = close + 1;
        return text;
    }

    private ArgumentException Bad(string message) => new($"{message} at position {_at}");

    private ArgumentException Unsupported(string what) => new($"{what} at position {_at}, which is not supported here");
}
