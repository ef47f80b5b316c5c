using System.Numerics;
using System.Text;
using Tenon.Text.Templates.Values;
using static Tenon.Text.Templates.Builtins.Filters;

namespace Tenon.Text.Templates.Builtins;

/// <summary>Filters on text.</summary>
internal static class StringFilters
{
    internal static IEnumerable<KeyValuePair<string, Func<Arguments, object?>>> All =>
    [
        Define("capitalize", "do_capitalize", "s", a => Like(a[0], CaseMapping.Capitalize)),
        Define("center", "do_center", "value width=",
            a =>
            Like(a[0],
            s =>
            StringMethods.Pad(s, PyType.Index(Absent.Or(a[1], (BigInteger)80)), " ", (room, _, width) => room / 2 + (room & width & 1)))),
        Define("e", "escape", "s", a => a[0] is Markup ? a[0] : new Markup(Html.Escaped(a[0]))),
        Define("escape", "escape", "s", a => a[0] is Markup ? a[0] : new Markup(Html.Escaped(a[0]))),
        Define("forceescape", "do_forceescape", "value", a => new Markup(Html.Escape(Repr.Str(a[0])))),
        Define("indent", "do_indent", "s width= first= blank=", Indent),
        Define("lower", "do_lower", "s", a => Like(a[0], CaseMapping.Lower)),
        Define("upper", "do_upper", "s", a => Like(a[0], CaseMapping.Upper)),
        Define("title", "do_title", "s", a => Title(Repr.Str(a[0]))),
        Define("replace", "do_replace", "s old new count=",
            a => StringMethods.ReplaceAll(Repr.Str(a[0]), Repr.Str(a[1]), Repr.Str(a[2]), Absent.Or(a[3], null) is { } n ? PyType.Index(n)
            : -1)),
        Define("safe", "do_mark_safe", "value", a => new Markup(Repr.Str(a[0]))),
        Define("string", "soft_str", "s", a => a[0] is Markup ? a[0] : Repr.Str(a[0])),
        Define("striptags", "do_striptags", "value", a => Html.StripTags(Repr.Str(a[0]))),
        Define("trim", "do_trim", "value chars=", Trim),
        Define("truncate", "do_truncate", "s length= killwords= end= leeway=", Truncate),
        Define("urlencode", "do_urlencode", "value", a => UrlEncode(a[0])),
        Define("wordcount", "do_wordcount", "s", a => WordCount(Repr.Str(a[0]))),
        Define("wordwrap", "do_wordwrap", "s width= break_long_words= wrapstring= break_on_hyphens=", WordWrap.Filter),
        Define("xmlattr", "do_xmlattr", "d autospace=", XmlAttributes),
        Define("tojson", "tojson", "x ensure_ascii= indent= separators= sort_keys=", JsonText.Filter),
        Raw("format", Format),
        Raw("urlize", _ => throw TemplateException.Unsupported("the filter 'urlize'")),
        Raw("pprint", _ => throw TemplateException.Unsupported("the filter 'pprint'")),
    ];

    private static object Like(object? value, Func<string, string> map)
    {
        var text = map(Repr.Str(value));
        return value is Markup ? new Markup(text) : text;
    }

    private static object? Indent(object?[] a)
    {
        var width = Absent.Or(a[1], (BigInteger)4);
        var indention = PyType.AsText(width)
            ?? Arithmetic.Repeat(" ", PyType.AsInt(width)
            ?? throw TemplateException.Type($"can't multiply sequence by non-int of type '{PyType.Name(width)}'"));
        if (a[0] is Undefined u) throw u.Fail();
        var s = PyType.AsText(a[0]) ?? throw (a[0] is PyList
            ? new TemplateException("AttributeError", "'list' object has no attribute 'splitlines'")
            : TemplateException.Type($"unsupported operand type(s) for +=: '{PyType.Name(a[0])}' and 'str'"));
        var blank = PyType.Truth(Absent.Or(a[3], false));
        var lines = PyText.SplitLines(s + "\n");
        RenderBudget.ChargeSize(s.Length + (long)indention.Length * lines.Count);
        var text = string.Join('\n', lines.Select((line, i) => i > 0 && (blank || line.Length > 0) ? indention + line : line));
        if (PyType.Truth(Absent.Or(a[2], false))) text = indention + text;
        return a[0] is Markup ? new Markup(text) : text;
    }

    private static object Trim(object?[] a)
    {
        var chars = Absent.Or(a[1], null);
        if (chars is not null && PyType.AsText(chars) is null) throw TemplateException.Type("strip arg must be None or str");
        return Like(a[0], s => PyText.Strip(s, PyType.AsText(chars)));
    }

    /// <summary>Words begin after white space, '-', '(', '{', '[' and '&lt;'.</summary>
    private static string Title(string s)
    {
        var to = new StringBuilder();
        var word = new StringBuilder();
        foreach (var c in s)
        {
            if (!(PyText.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<'))
            {
                word.Append(c);
                continue;
            }
            Flush();
            to.Append(c);
        }
        Flush();
        return to.ToString();

        void Flush()
        {
            if (word.Length == 0) return;
            var text = word.ToString();
            var first = PyText.CodePoints(text).First();
            to.Append(CaseMapping.Upper(first)).Append(CaseMapping.Lower(text[first.Length..]));
            word.Clear();
        }
    }

    private static object? Truncate(object?[] a)
    {
        int length = PyType.Index(Absent.Or(a[1], (BigInteger)255)), leeway = PyType.Index(Absent.Or(a[4], null) ?? (BigInteger)5);
        var end = Repr.Str(Absent.Or(a[3], "..."));
        if (length < PyText.Length(end))
            throw new TemplateException("AssertionError", $"expected length >= {PyText.Length(end)}, got {length}");
        if (leeway < 0) throw new TemplateException("AssertionError", $"expected leeway >= 0, got {leeway}");
        var size = PyType.Length(a[0]) ?? throw TemplateException.Type($"object of type '{PyType.Name(a[0])}' has no len()");
        if (size <= (long)length + leeway) return a[0];
        var s = PyType.AsText(a[0])
            ?? throw new TemplateException("AttributeError", $"'{PyType.Name(a[0])}' object has no attribute 'rsplit'");
        var kept = PyText.Substring(s, 0, length - PyText.Length(end));
        if (!PyType.Truth(Absent.Or(a[2], false)) && kept.LastIndexOf(' ') is >= 0 and var space) kept = kept[..space];
        return kept + end;
    }

    private static string UrlEncode(object? value)
    {
        if (PyType.AsText(value) is not null || !PyType.IsIterable(value)) return Quote(Repr.Str(value), query: false);
        var pairs = value is PyDict d ? d.Entries.Select(e => (e.Key, e.Value))
            : PyType.ToList(value).Select(p => PyType.ToList(p) is { Count: 2 } two ? (two[0], two[1])
            : throw TemplateException.Value("not enough values to unpack (expected 2)"));
        return string.Join('&', pairs.Select(p => Quote(Repr.Str(p.Item1), true) + "=" + Quote(Repr.Str(p.Item2), true)));
    }

    private static string Quote(string s, bool query)
    {
        RenderBudget.ChargeSize(s.Length * 3L);
        var to = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(s))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'_' or (byte)'.' or (byte)'-' or (byte)'~' || (b == '/' && !query))
                to.Append((char)b);
            else if (b == ' ' && query) to.Append('+');
            else to.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return to.ToString();
    }

    private static object WordCount(string s)
    {
        BigInteger words = 0;
        var inWord = false;
        foreach (var c in PyText.Scalars(s))
        {
            var word = c == '_' || CaseMapping.IsAlnum(c);
            if (word && !inWord) words++;
            inWord = word;
        }
        return words;
    }

    private static string XmlAttributes(object?[] a)
    {
        if (a[0] is Undefined u) throw u.Fail();
        if (a[0] is not PyDict d) throw new TemplateException("AttributeError", $"'{PyType.Name(a[0])}' object has no attribute 'items'");
        var parts = new List<string>();
        foreach (var (key, value) in d.Entries)
        {
            if (value is null or Undefined) continue;
            var name = PyType.AsText(key) ?? throw TemplateException.Type("expected string or bytes-like object");
            if (name.Any(c => c is (>= '\t' and <= '\r') or ' ' or '/' or '>' or '='))
                throw TemplateException.Value($"Invalid character in attribute name: {Repr.Of(key)}");
            parts.Add($"{Html.Escaped(key)}=\"{Html.Escaped(value)}\"");
        }
        var text = string.Join(' ', parts);
        return text.Length > 0 && PyType.Truth(Absent.Or(a[1], true)) ? " " + text : text;
    }

    private static object? Format(Arguments a)
    {
        if (a.Positional.Count > 1 && a.Keywords.Count > 0)
            throw TemplateException.FilterArgument("can't handle positional and keyword arguments at the same time");
        object? values = new PyTuple([.. a.Positional.Skip(1)]);
        if (a.Keywords.Count > 0)
        {
            var map = new PyDict();
            foreach (var (key, value) in a.Keywords) map.Set(key, value);
            values = map;
        }
        var format = a.Positional[0] is Markup ? a.Positional[0] : Repr.Str(a.Positional[0]);
        return Arithmetic.Binary("%", format, values);
    }
}
