using System.Globalization;
using Tenon.Text.Tokenizers.Unicode;

namespace Tenon.Text.Tokenizers.Patterns;

/// <summary>
/// Reads the regular expressions of pre-tokenizers: the part of Oniguruma's syntax that they use. Left out, each an error that names it:
/// anchors, look-behind, back-references, inline flags other than <c>(?i:...)</c>, class intersection, <c>\w</c>.
/// </summary>
internal sealed class PatternParser
{
    private const int DeepestNesting = 100;

    // Pairs of letters that one character (a ligature, the sharp s) equals when case is ignored.
    private static readonly string[] FoldedPairs = ["ss", "ff", "fi", "fl", "st"];

    private readonly string _text;
    private int _at;
    private int _depth;
    private bool _ignoreCase;

    private PatternParser(string text) => _text = text;

    /// <summary>The parsed pattern, or an error that names the construct and its place.</summary>
    public static PatternNode Parse(string pattern)
    {
        var parser = new PatternParser(pattern);
        var node = parser.ParseChoice();
        if (parser._at < pattern.Length) throw parser.Fault("an unmatched ')'");
        return node.CanBeEmpty ? throw parser.Fault("a pattern that matches the empty text") : node;
    }

    private bool More => _at < _text.Length;

    private PatternNode ParseChoice()
    {
        if (++_depth > DeepestNesting) throw Fault($"groups nested deeper than {DeepestNesting}");
        var parts = new List<PatternNode> { ParseSequence() };
        while (Take('|')) parts.Add(ParseSequence());
        _depth--;
        return parts.Count == 1 ? parts[0] : new PatternNode.Choice(parts);
    }

    private PatternNode ParseSequence()
    {
        var parts = new List<PatternNode>();
        var start = _at;
        while (More && _text[_at] is not ('|' or ')')) parts.Add(ParseRepeat(ParseAtom()));
        if (_ignoreCase && FoldedPairs.FirstOrDefault(p => _text[start.._at].Contains(p, StringComparison.OrdinalIgnoreCase)) is { } pair)
            throw Fault($"'{pair}' with case ignored");
        return parts.Count == 1 ? parts[0] : new PatternNode.Sequence(parts);
    }

    private PatternNode ParseAtom()
    {
        switch (_text[_at])
        {
            case '(': return ParseGroup();
            case '[': return new PatternNode.One(ParseClass());
            case '.': _at++; return new PatternNode.One(CodePointSet.Of('\n').Complement());
            case '^' or '$': throw Fault($"the anchor '{_text[_at]}'");
            case '*' or '+' or '?': throw Fault($"a '{_text[_at]}' with nothing to repeat");
            case '\\': return new PatternNode.One(ParseEscape());
            default: return new PatternNode.One(Cased(TakeCodePoint()));
        }
    }

    private PatternNode ParseGroup()
    {
        _at++;
        var outer = _ignoreCase;
        bool look = false, negative = false;
        if (Take('?'))
        {
            if (Take(':')) { }
            else if (Take('=')) look = true;
            else if (Take('!')) look = negative = true;
            else if (_text.AsSpan(_at).StartsWith("i:")) { _at += 2; _ignoreCase = true; }
            else throw Fault($"the group '(?{(More ? _text[_at].ToString() : "")}'");
        }
        var body = ParseChoice();
        if (!Take(')')) throw Fault("a group that is not closed");
        _ignoreCase = outer;
        return look ? new PatternNode.Look(body, negative) : body;
    }

    private PatternNode ParseRepeat(PatternNode body)
    {
        while (More)
        {
            int min, max;
            var interval = false;
            if (Take('?')) (min, max) = (0, 1);
            else if (Take('*')) (min, max) = (0, -1);
            else if (Take('+')) (min, max) = (1, -1);
            else if (TryTakeInterval(out min, out max)) interval = true;
            else return body;

            var mode = More ? _text[_at] switch { '?' => RepeatMode.Lazy, '+' => RepeatMode.Possessive, _ => RepeatMode.Greedy }
                : RepeatMode.Greedy;
            if (mode != RepeatMode.Greedy && interval) throw Fault($"'{_text[_at]}' after an interval");
            if (mode != RepeatMode.Greedy) _at++;
            if (body is PatternNode.Look) throw Fault("a repeated look-ahead");
            if (body.CanBeEmpty) throw Fault("the repetition of a part that can match the empty text");
            if (mode == RepeatMode.Possessive && body is not PatternNode.One) throw Fault("a possessive group");
            body = new PatternNode.Repeat(body, min, max, mode);
        }
        return body;
    }

    // {n}, {n,}, {n,m}, {,m}; anything else is a plain brace.
    private bool TryTakeInterval(out int min, out int max)
    {
        min = max = 0;
        if (!More || _text[_at] != '{' || _text.IndexOf('}', _at) is not (> 0 and var end)) return false;
        var parts = _text[(_at + 1)..end].Split(',');
        if (parts.Length > 2 || !parts.All(p => p.All(char.IsAsciiDigit)) || parts.All(p => p.Length == 0)) return false;
        if (parts.Any(p => p.Length > 3)) throw Fault("an interval above 999");
        min = parts[0].Length == 0 ? 0 : int.Parse(parts[0], CultureInfo.InvariantCulture);
        max = parts.Length == 1 ? min : parts[1].Length == 0 ? -1 : int.Parse(parts[1], CultureInfo.InvariantCulture);
        if (max == 0 || (max > 0 && max < min)) throw Fault($"the interval '{_text[_at..(end + 1)]}'");
        _at = end + 1;
        return true;
    }

    private CodePointSet ParseClass()
    {
        if (++_depth > DeepestNesting) throw Fault($"classes nested deeper than {DeepestNesting}");
        _at++;
        var negative = Take('^');
        var sets = new List<CodePointSet>();
        for (var first = true; ; first = false)
        {
            if (!More) throw Fault("a class that is not closed");
            if (_text[_at] == ']' && !first) break;
            if (_text.AsSpan(_at).StartsWith("&&")) throw Fault("the class intersection '&&'");
            if (_text.AsSpan(_at).StartsWith("[:")) throw Fault("a POSIX bracket");
            sets.Add(_text[_at] == '[' ? ParseClass() : ParseClassItem());
        }
        _at++;
        _depth--;
        var set = CodePointSet.Union(sets);
        return negative ? set.Complement() : set;
    }

    private CodePointSet ParseClassItem()
    {
        var low = TakeClassPoint(out var set);
        if (set is not null) return set;
        var isRange = _at + 1 < _text.Length && _text[_at] == '-' && _text[_at + 1] is not (']' or '[');
        if (!isRange) return Cased(low);
        _at++;
        var high = TakeClassPoint(out set);
        if (set is not null || high < low) throw Fault("a class range with wrong ends");
        if (!_ignoreCase) return CodePointSet.Of([(low, high)]);
        if (high > 0x7F) throw Fault("a range beyond ASCII with case ignored");
        return CodePointSet.Union(Enumerable.Range(low, high - low + 1).Select(Cased));
    }

    // A single code point, or (through set) a whole class such as \s.
    private int TakeClassPoint(out CodePointSet? set)
    {
        set = null;
        if (_text[_at] != '\\') return TakeCodePoint();
        var escaped = ParseEscape(raw: true);
        if (escaped.Ranges is [var only] && only.First == only.Last) return only.First;
        set = escaped;
        return 0;
    }

    private CodePointSet ParseEscape(bool raw = false)
    {
        _at++;
        if (!More) throw Fault("a '\\' at the end");
        var c = _text[_at++];
        switch (c)
        {
            case 's': return UnicodeClasses.Space;
            case 'S': return UnicodeClasses.Space.Complement();
            case 'd': return UnicodeClasses.Property("Nd")!;
            case 'D': return UnicodeClasses.Property("Nd")!.Complement();
            case 'p' or 'P': return ParseProperty(c == 'P');
            case 'n': return CodePointSet.Of('\n');
            case 'r': return CodePointSet.Of('\r');
            case 't': return CodePointSet.Of('\t');
            case 'f': return CodePointSet.Of('\f');
            case 'v': return CodePointSet.Of('\v');
            case 'u': return CodePointSet.Of(TakeHex(_at, 4));
            case 'x' when More && _text[_at] == '{' && _text.IndexOf('}', _at) is > 0 and var end:
                var value = TakeHex(_at + 1, end - _at - 1);
                _at++;
                return CodePointSet.Of(value);
            case 'x': return CodePointSet.Of(TakeHex(_at, 2));
            default:
                if (char.IsAsciiLetterOrDigit(c)) throw Fault($"the escape '\\{c}'");
                _at--;
                return raw ? CodePointSet.Of(TakeCodePoint()) : Cased(TakeCodePoint());
        }
    }

    private CodePointSet ParseProperty(bool negative)
    {
        var end = More && _text[_at] == '{' ? _text.IndexOf('}', _at) : -1;
        if (end < 0) throw Fault("a property without braces");
        var name = _text[(_at + 1)..end];
        if (name.StartsWith('^')) (negative, name) = (!negative, name[1..]);
        var set = UnicodeClasses.Property(name) ?? throw Fault($"the property '{name}'");
        _at = end + 1;
        return negative ? set.Complement() : set;
    }

    private int TakeHex(int start, int count)
    {
        if (count is < 1 or > 6 || start + count > _text.Length
            || !int.TryParse(_text.AsSpan(start, count), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || value > 0x10FFFF)
            throw Fault("a code point that is no hexadecimal number");
        _at = start + count;
        return value;
    }

    private int TakeCodePoint()
    {
        var isPair = char.IsHighSurrogate(_text[_at]) && _at + 1 < _text.Length && char.IsLowSurrogate(_text[_at + 1]);
        var c = isPair ? char.ConvertToUtf32(_text[_at], _text[_at + 1]) : _text[_at];
        _at += isPair ? 2 : 1;
        return c;
    }

    private CodePointSet Cased(int c)
    {
        if (!_ignoreCase) return CodePointSet.Of(c);
        if (c > 0x7F) throw Fault($"'{char.ConvertFromUtf32(c)}' with case ignored");
        return char.IsAsciiLetter((char)c) ? UnicodeClasses.IgnoreCase((char)c) : CodePointSet.Of(c);
    }

    private bool Take(char c)
    {
        if (!More || _text[_at] != c) return false;
        _at++;
        return true;
    }

    private TenonException Fault(string what) => new(
        $"A regular expression of the tokenizer uses {what} (at character {_at}).", got: _text,
        hint: "Groups, (?i:...), look-ahead, classes, \\p{L}, \\s, \\d and the repetitions ? * + {n,m} are supported.");
}
