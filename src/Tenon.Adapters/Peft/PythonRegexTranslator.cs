using System.Globalization;
using System.Text;

namespace Tenon.Adapters.Peft;

/// <summary>Rewrites one pattern of Python's re in .NET's dialect; an <see cref="ArgumentException"/> says what is wrong or not supported.</summary>
internal sealed class PythonRegexTranslator(string pattern)
{
    private readonly StringBuilder to = new();
    private readonly Dictionary<string, int> names = [];
    private readonly Stack<bool> groups = new();
    private int at;
    private int groupCount;
    private int lookBehind;

    // Whether the last item can be repeated: not at a start, after an anchor or after another quantifier.
    private bool repeatable;

    internal string Run()
    {
        while (at < pattern.Length)
        {
            var c = pattern[at++];
            switch (c)
            {
                case '\\': Escape(inClass: false); break;
                case '[': Class(); break;
                case '(': Open(); break;
                case ')':
                    if (!groups.TryPop(out var wasLookBehind)) throw Bad("unbalanced parenthesis");
                    if (wasLookBehind) lookBehind--;
                    to.Append(')');
                    repeatable = true;
                    break;
                case '*' or '+' or '?': Quantifier(c.ToString()); break;
                case '{': Braces(); break;
                case '^' or '$':
                    to.Append(c);
                    repeatable = false;
                    break;
                case '|':
                    if (lookBehind > 0) throw Unsupported("alternatives inside a look-behind");
                    to.Append('|');
                    repeatable = false;
                    break;
                case '.':
                    to.Append('.');
                    repeatable = true;
                    break;
                default: Literal(c); break;
            }
        }
        return groups.Count == 0 ? to.ToString() : throw Bad("missing ), unterminated subpattern");
    }

    private void Literal(char c)
    {
        if (c is '#' or ' ' or '}' or ']') to.Append('\\');
        to.Append(c);
        repeatable = true;
    }

    private void Open()
    {
        // A comment is as if it were not there: what stands before it can still be repeated.
        if (Take("?#"))
        {
            Until(')');
            return;
        }
        repeatable = false;
        if (!Take("?"))
        {
            groupCount++;
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
            if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsLetterOrDigit(c) || c == '_')) throw Bad($"bad character in group name '{name}'");
            // Numbered instead of named: .NET numbers named groups after all others.
            if (!names.TryAdd(name, ++groupCount)) throw Bad($"redefinition of group name '{name}'");
            Push("(", false);
        }
        else if (Take("P="))
        {
            var name = Until(')');
            to.Append("(?:\\").Append(names.TryGetValue(name, out var group) ? group : throw Bad($"unknown group name '{name}'")).Append(')');
            repeatable = true;
        }
        else if (Take("("))
        {
            var group = Until(')');
            var number = names.TryGetValue(group, out var named) ? named : int.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw Bad($"unknown group name '{group}'");
            Push($"(?({number})", false);
        }
        else Flags();
    }

    private void Flags()
    {
        var begin = at - 2;
        var flags = "";
        while (at < pattern.Length && (char.IsAsciiLetter(pattern[at]) || pattern[at] == '-')) flags += pattern[at++];
        if (flags.Length == 0 || at == pattern.Length || pattern[at] is not (':' or ')')) throw Bad($"unknown extension ?{flags}{(at < pattern.Length ? pattern[at] : "")}");
        foreach (var c in flags)
            if (c == 'x') throw Unsupported("verbose mode (?x)");
            else if (!"aimsu-".Contains(c)) throw Bad(c == 'L' ? "cannot use the L flag with a str pattern" : "unknown flag");
        // Paths are ASCII, so that a (ASCII) and u (Unicode) mean the same.
        var kept = flags.Replace("a", "").Replace("u", "").TrimEnd('-');
        if (pattern[at++] == ':')
        {
            Push($"(?{kept}:", false);
            return;
        }
        if (begin != 0) throw Bad("global flags not at the start of the expression");
        if (flags.Contains('-')) throw Bad("missing :");
        if (kept.Length > 0) to.Append("(?").Append(kept).Append(')');
    }

    private void Push(string open, bool isLookBehind)
    {
        to.Append(open);
        groups.Push(isLookBehind);
        if (isLookBehind) lookBehind++;
    }

    private void Braces()
    {
        var close = pattern.IndexOf('}', at);
        var body = close < 0 ? "" : pattern[at..close];
        var parts = body.Split(',');
        if (body.Length == 0 || body == "," || parts.Length > 2 || !body.All(c => char.IsAsciiDigit(c) || c == ','))
        {
            to.Append("\\{");
            repeatable = true;
            return;
        }
        at = close + 1;
        var low = parts[0].Length == 0 ? "0" : parts[0];
        if (parts.Length == 2 && parts[1].Length > 0 && int.Parse(low, CultureInfo.InvariantCulture) > int.Parse(parts[1], CultureInfo.InvariantCulture)) throw Bad("min repeat greater than max repeat");
        Quantifier(parts.Length == 1 ? $"{{{low}}}" : $"{{{low},{parts[1]}}}", isFixed: parts.Length == 1 || low == parts[1]);
    }

    private void Quantifier(string text, bool isFixed = false)
    {
        if (!repeatable) throw Bad(to.Length > 0 && to[^1] is '*' or '+' or '?' or '}' ? "multiple repeat" : "nothing to repeat");
        if (lookBehind > 0 && !isFixed) throw Unsupported("a look-behind of changing width");
        to.Append(text);
        if (Take("?")) to.Append('?');
        else if (Take("+")) throw Unsupported("possessive quantifiers");
        repeatable = false;
    }

    /// <summary>A bracket as a .NET class; an inner '[' is escaped, because .NET would read '-[' as a subtraction.</summary>
    private void Class()
    {
        to.Append('[');
        if (Take("^")) to.Append('^');
        for (var first = true; ; first = false)
        {
            if (at == pattern.Length) throw Bad("unterminated character set");
            var c = pattern[at++];
            if (c == ']' && !first) break;
            if (c == '\\') Escape(inClass: true);
            else
            {
                if (c is '[' or ']' or '^') to.Append('\\');
                to.Append(c);
            }
        }
        to.Append(']');
        repeatable = true;
    }

    private void Escape(bool inClass)
    {
        if (at == pattern.Length) throw Bad("bad escape (end of pattern)");
        var c = pattern[at++];
        repeatable = true;
        if (char.IsAsciiDigit(c)) Digits(c, inClass);
        else if ("dDsSwW".Contains(c)) to.Append('\\').Append(c);
        else if ("afnrtv".Contains(c)) to.Append('\\').Append(c);
        else if (c == 'b' && inClass) to.Append("\\b");
        else if (!inClass && c is 'b' or 'B' or 'A')
        {
            to.Append('\\').Append(c);
            repeatable = false;
        }
        else if (!inClass && c == 'Z')
        {
            to.Append("\\z");
            repeatable = false;
        }
        else if (c is 'x' or 'u' or 'U') Hex(c);
        else if (c == 'N') throw Unsupported("\\N{...}");
        else if (char.IsAsciiLetter(c)) throw Bad($"bad escape \\{c}");
        else to.Append(char.IsAscii(c) && !char.IsWhiteSpace(c) ? "\\" : "").Append(c);
    }

    private void Digits(char first, bool inClass)
    {
        var digits = first.ToString();
        var octal = first == '0' || inClass;
        while (at < pattern.Length && digits.Length < 3 && (octal ? pattern[at] is >= '0' and <= '7' : char.IsAsciiDigit(pattern[at]) && digits.Length < 2 || pattern[at] is >= '0' and <= '7' && digits.All(d => d <= '7')))
            digits += pattern[at++];
        if (octal || digits.Length == 3)
        {
            if (!digits.All(d => d <= '7')) throw Bad($"bad escape \\{digits}");
            to.Append("\\u").Append(Convert.ToInt32(digits, 8).ToString("x4", CultureInfo.InvariantCulture));
            return;
        }
        var group = int.Parse(digits, CultureInfo.InvariantCulture);
        if (group > groupCount) throw Bad($"invalid group reference {group}");
        to.Append("(?:\\").Append(group).Append(')');
    }

    private void Hex(char kind)
    {
        var length = kind switch { 'x' => 2, 'u' => 4, _ => 8 };
        if (at + length > pattern.Length || !pattern.AsSpan(at, length).ToArray().All(char.IsAsciiHexDigit)) throw Bad($"incomplete escape \\{kind}");
        var scalar = uint.Parse(pattern.AsSpan(at, length), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (scalar > 0xFFFF) throw Unsupported("a character above U+FFFF");
        to.Append("\\u").Append(scalar.ToString("x4", CultureInfo.InvariantCulture));
        at += length;
    }

    private bool Take(string text)
    {
        if (string.CompareOrdinal(pattern, at, text, 0, text.Length) != 0) return false;
        at += text.Length;
        return true;
    }

    private string Until(char end)
    {
        var close = pattern.IndexOf(end, at);
        if (close < 0) throw Bad($"missing {end}, unterminated name");
        var text = pattern[at..close];
        at = close + 1;
        return text;
    }

    private ArgumentException Bad(string message) => new($"{message} at position {at}");

    private ArgumentException Unsupported(string what) => new($"{what} at position {at}, which is not supported here");
}
