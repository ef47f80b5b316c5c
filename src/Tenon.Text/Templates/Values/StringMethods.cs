// The methods of str.
using System.Numerics;
using System.Text;
using Tenon.Text.Templates.Builtins;

namespace Tenon.Text.Templates.Values;

/// <summary>Python's string methods by name.</summary>
internal static class StringMethods
{
    private delegate object? Method(string self, Arguments arguments);

    private static readonly Dictionary<string, Method> Table = new()
    {
        ["capitalize"] = None("str.capitalize", CaseMapping.Capitalize),
        ["casefold"] = None("str.casefold", CaseMapping.CaseFold),
        ["lower"] = None("str.lower", CaseMapping.Lower),
        ["upper"] = None("str.upper", CaseMapping.Upper),
        ["title"] = None("str.title", CaseMapping.TitleCase),
        ["swapcase"] = None("str.swapcase", CaseMapping.SwapCase),
        ["isalpha"] = All(CaseMapping.IsAlpha),
        ["isdigit"] = All(CaseMapping.IsDigit),
        ["isdecimal"] = All(CaseMapping.IsDecimal),
        ["isnumeric"] = All(CaseMapping.IsNumeric),
        ["isalnum"] = All(CaseMapping.IsAlnum),
        ["isspace"] = All(c => c <= 0xFFFF && PyText.IsSpace((char)c)),
        ["isprintable"] = (s, a) => Test(a, "isprintable", () => PyText.Scalars(s).All(Repr.IsPrintable)),
        ["isascii"] = (s, a) => Test(a, "isascii", () => s.All(char.IsAscii)),
        ["isupper"] = (s, a) => Test(a, "isupper", () => IsUpper(s)),
        ["islower"] = (s, a) => Test(a, "islower", () => IsLower(s)),
        ["istitle"] = (s, a) => Test(a, "istitle", () => IsTitle(s)),
        ["isidentifier"] = (s, a) =>
        Test(a, "isidentifier", () => s.Length > 0 && PyText.Scalars(s).Select((c, i) => CaseMapping.IsWord(c, i == 0)).All(x => x)),
        ["strip"] = Stripping("strip", true, true),
        ["lstrip"] = Stripping("lstrip", true, false),
        ["rstrip"] = Stripping("rstrip", false, true),
        ["center"] = Padding("center", (room, _, width) => room / 2 + (room & width & 1)),
        ["ljust"] = Padding("ljust", (_, _, _) => 0),
        ["rjust"] = Padding("rjust", (room, _, _) => room),
        ["zfill"] = (s, a) => ZeroFill(s, PyType.Index(a.Plain("str.zfill", 1, 1)[0])),
        ["replace"] = Replace,
        ["removeprefix"] = (s, a) => Str(a.Plain("str.removeprefix", 1, 1)[0], "removeprefix() argument") is var p
        && s.StartsWith(p, StringComparison.Ordinal) ? s[p.Length..] : s,
        ["removesuffix"] = (s, a) => Str(a.Plain("str.removesuffix", 1, 1)[0], "removesuffix() argument") is var p && p.Length > 0
        && s.EndsWith(p, StringComparison.Ordinal) ? s[..^p.Length] : s,
        ["startswith"] = (s, a) => Affix(s, a, "startswith", (part, affix) => part.StartsWith(affix, StringComparison.Ordinal)),
        ["endswith"] = (s, a) => Affix(s, a, "endswith", (part, affix) => part.EndsWith(affix, StringComparison.Ordinal)),
        ["find"] = (s, a) => (BigInteger)Find(s, a, "find", false),
        ["rfind"] = (s, a) => (BigInteger)Find(s, a, "rfind", true),
        ["index"] = (s, a) => Found(Find(s, a, "index", false)),
        ["rindex"] = (s, a) => Found(Find(s, a, "rindex", true)),
        ["count"] = Count,
        ["split"] = (s, a) => Splitting.Split(s, a, "split", fromRight: false),
        ["rsplit"] = (s, a) => Splitting.Split(s, a, "rsplit", fromRight: true),
        ["splitlines"] = (s, a) =>
        new PyList(PyText.SplitLines(s, PyType.Truth(Absent.Or(new Signature("splitlines", "keepends=").Bind(a)[0], false)))),
        ["partition"] = (s, a) => Splitting.Partition(s, Str(a.Plain("str.partition", 1, 1)[0], "must be str"), false),
        ["rpartition"] = (s, a) => Splitting.Partition(s, Str(a.Plain("str.rpartition", 1, 1)[0], "must be str"), true),
        ["join"] = (s, a) => Join(s, a.Plain("str.join", 1, 1)[0]),
        ["expandtabs"] = ExpandTabs,
        ["format"] = (s, a) => StringFormat.Format(s, a.Positional, name => a.Keywords.TryGetValue(name, out var v) ? (true, v)
        : (false, null)),
        ["format_map"] = FormatMap,
        ["translate"] = Translate,
        ["encode"] = (_, _) => throw TemplateException.Unsupported("str.encode (bytes)"),
        ["maketrans"] = (_, _) => throw TemplateException.Unsupported("str.maketrans"),
    };

    /// <summary>
    /// The bound method, or null where str has none of that name. Methods of markup give markup and escape what they put into it.
    /// </summary>
    internal static PyFunction? Bind(object self, string name)
    {
        if (!Table.TryGetValue(name, out var method)) return null;
        if (self is not Markup markup) return new PyFunction(name, a => Charged((string)self, a, method));
        return new PyFunction(name, a =>
        {
            var given = name == "format" ? a.Positional.Select(Html.EscapedIfText) : name == "replace"
                ? a.Positional.Select((v, i) => i == 1 ? Html.EscapedIfText(v) : v)
                : name == "join" && a.Positional.Count == 1 && PyType.IsIterable(a.Positional[0])
                ? [new PyList(PyType.Iterate(a.Positional[0]).Select(Html.EscapedIfText))] : a.Positional;
            var result = Charged(markup.Text, new Arguments([.. given], a.Keywords), method);
            return result is string s ? new Markup(s) : result;
        });
    }

    internal static string Join(string separator, object? items)
    {
        var builder = new StringBuilder();
        var at = 0;
        foreach (var item in PyType.IsIterable(items) ? PyType.Iterate(items) : throw TemplateException.Type("can only join an iterable"))
        {
            var text = PyType.AsText(item)
                ?? throw TemplateException.Type($"sequence item {at}: expected str instance, {PyType.Name(item)} found");
            RenderBudget.ChargeSize((long)builder.Length + text.Length + separator.Length > RenderBudget.MaxSize ? -1
                : text.Length + separator.Length);
            if (at++ > 0) builder.Append(separator);
            builder.Append(text);
        }
        return builder.ToString();
    }

    internal static string ReplaceAll(string s, string old, string with, int count)
    {
        if (count == 0 || (old.Length == 0 && s.Length == 0 && count > 0 && with.Length == 0)) return s;
        var builder = new StringBuilder();
        var left = count < 0 ? int.MaxValue : count;
        void Add(string text)
        {
            RenderBudget.ChargeSize((long)builder.Length + text.Length > RenderBudget.MaxSize ? -1 : text.Length + 1);
            builder.Append(text);
        }
        if (old.Length == 0)
        {
            foreach (var c in PyText.CodePoints(s))
            {
                if (left-- > 0) Add(with);
                Add(c);
            }
            if (left > 0) Add(with);
            return builder.ToString();
        }
        var from = 0;
        for (; left > 0; left--)
        {
            var at = s.IndexOf(old, from, StringComparison.Ordinal);
            if (at < 0) break;
            Add(s[from..at]);
            Add(with);
            from = at + old.Length;
        }
        if (from == 0) return s;
        Add(s[from..]);
        return builder.ToString();
    }

    internal static bool IsUpper(string s) => Cased(s, c => !CaseMapping.IsLower(c) && !CaseMapping.IsTitle(c), CaseMapping.IsUpper);

    internal static bool IsLower(string s) => Cased(s, c => !CaseMapping.IsUpper(c) && !CaseMapping.IsTitle(c), CaseMapping.IsLower);

    /// <summary>The text centred in a width, the odd space where Python puts it.</summary>
    internal static string Pad(string s, int width, string fill, Func<int, int, int, int> leftOf)
    {
        var length = PyText.Length(s);
        var room = width - length;
        if (room <= 0) return s;
        RenderBudget.ChargeSize((long)room + s.Length);
        var left = leftOf(room, length, width);
        return Arithmetic.Repeat(fill, left) + s + Arithmetic.Repeat(fill, room - left);
    }

    internal static string Str(object? value, string what) =>
        PyType.AsText(value) ?? throw TemplateException.Type($"{what} must be str, not {PyType.Name(value)}");

    private static object? Charged(string self, Arguments arguments, Method method)
    {
        RenderBudget.Charge(self.Length / 4);
        return method(self, arguments);
    }

    private static Method None(string name, Func<string, string> map) => (s, a) =>
    {
        a.Plain(name, 0, 0);
        return map(s);
    };

    private static Method All(Func<int, bool> is_) => (s, a) =>
    {
        a.Plain("str.isX", 0, 0);
        return s.Length > 0 && PyText.Scalars(s).All(is_);
    };

    private static object Test(Arguments a, string name, Func<bool> test)
    {
        a.Plain("str." + name, 0, 0);
        return test();
    }

    private static bool Cased(string s, Func<int, bool> allowed, Func<int, bool> wanted)
    {
        var found = false;
        foreach (var c in PyText.Scalars(s))
        {
            if (!allowed(c)) return false;
            found |= wanted(c);
        }
        return found;
    }

    private static bool IsTitle(string s)
    {
        bool found = false, inWord = false;
        foreach (var c in PyText.Scalars(s))
        {
            if (CaseMapping.IsUpper(c) || CaseMapping.IsTitle(c))
            {
                if (inWord) return false;
                inWord = found = true;
            }
            else if (CaseMapping.IsLower(c))
            {
                if (!inWord) return false;
                found = true;
            }
            else inWord = false;
        }
        return found;
    }

    private static Method Stripping(string name, bool left, bool right) => (s, a) =>
    {
        var chars = Absent.Or(a.Plain("str." + name, 0, 1)[0], null);
        if (chars is not null && PyType.AsText(chars) is null) throw TemplateException.Type($"{name} arg must be None or str");
        return PyText.Strip(s, PyType.AsText(chars), left, right);
    };

    private static Method Padding(string name, Func<int, int, int, int> leftOf) => (s, a) =>
    {
        var p = a.Plain("str." + name, 1, 2);
        var fill = Absent.Or(p[1], " ");
        var text = Str(fill, "The fill character");
        if (PyText.Length(text) != 1) throw TemplateException.Type("The fill character must be exactly one character long");
        return Pad(s, PyType.Index(p[0]), text, leftOf);
    };

    private static string ZeroFill(string s, int width)
    {
        var room = width - PyText.Length(s);
        if (room <= 0) return s;
        RenderBudget.ChargeSize((long)room + s.Length);
        var sign = s.Length > 0 && s[0] is '+' or '-' ? 1 : 0;
        return s[..sign] + new string('0', room) + s[sign..];
    }

    private static object Replace(string s, Arguments a)
    {
        var p = a.Plain("replace", 2, 3);
        return ReplaceAll(s, Str(p[0], "replace() argument 1"), Str(p[1], "replace() argument 2"), p[2] is Absent ? -1
            : PyType.Index(p[2]));
    }

    private static object Affix(string s, Arguments a, string name, Func<string, string, bool> has)
    {
        var p = a.Plain(name, 1, 3);
        if (p[0] is not PyTuple && PyType.AsText(p[0]) is null)
            throw TemplateException.Type($"{name} first arg must be str or a tuple of str, not {PyType.Name(p[0])}");
        if (Slicing.Bounds(s, p[1], p[2]) is not { } part) return false;
        return p[0] is PyTuple tuple ? tuple.Items.Any(i => has(part.Text, Str(i, $"tuple for {name}")))
            : has(part.Text, PyType.AsText(p[0])!);
    }

    private static int Find(string s, Arguments a, string name, bool last)
    {
        var p = a.Plain(name, 1, 3);
        var part = Str(p[0], name + "() argument 1");
        if (Slicing.Bounds(s, p[1], p[2]) is not { } within) return -1;
        var at = last ? within.Text.LastIndexOf(part, StringComparison.Ordinal) : within.Text.IndexOf(part, StringComparison.Ordinal);
        if (last && part.Length == 0) at = within.Text.Length;
        return at < 0 ? -1 : within.Start + PyText.Length(within.Text[..at]);
    }

    private static object Found(int at) => at >= 0 ? (BigInteger)at : throw TemplateException.Value("substring not found");

    private static object Count(string s, Arguments a)
    {
        var p = a.Plain("count", 1, 3);
        var part = Str(p[0], "count() argument 1");
        if (Slicing.Bounds(s, p[1], p[2]) is not { } within) return BigInteger.Zero;
        if (part.Length == 0) return (BigInteger)PyText.Length(within.Text) + 1;
        BigInteger count = 0;
        for (var at = within.Text.IndexOf(part, StringComparison.Ordinal); at >= 0; at =
            within.Text.IndexOf(part, at + part.Length, StringComparison.Ordinal)) count++;
        return count;
    }

    private static object ExpandTabs(string s, Arguments a)
    {
        var size = PyType.Index(Absent.Or(new Signature("expandtabs", "tabsize=").Bind(a)[0], (BigInteger)8));
        var to = new StringBuilder();
        var column = 0;
        foreach (var c in PyText.CodePoints(s))
        {
            var room = c == "\t" ? size <= 0 ? 0 : size - column % size : 1;
            RenderBudget.ChargeSize((long)to.Length + room > RenderBudget.MaxSize ? -1 : room);
            if (c == "\t") to.Append(' ', room);
            else to.Append(c);
            column = c is "\n" or "\r" ? 0 : column + room;
        }
        return to.ToString();
    }

    private static object FormatMap(string s, Arguments a)
    {
        if (a.Keywords.Count > 0) throw TemplateException.Type("format_map() takes no keyword arguments");
        if (a.Positional.Count != 1) throw TemplateException.Type($"format_map() takes exactly one argument ({a.Positional.Count} given)");
        var map = a.Positional[0];
        return StringFormat.Format(s, [], name => map is PyDict d ? d.TryGet(name, out var v) ? (true, v) : (false, null)
            : throw TemplateException.Type($"'{PyType.Name(map)}' object is not subscriptable"));
    }

    private static object Translate(string s, Arguments a)
    {
        var table = a.Plain("str.translate", 1, 1)[0];
        var to = new StringBuilder();
        foreach (var c in PyText.Scalars(s))
        {
            if (table is not PyDict d) throw TemplateException.Type($"'{PyType.Name(table)}' object is not subscriptable");
            if (!d.TryGet((BigInteger)c, out var mapped)) to.AppendScalar(c);
            else if (PyType.AsInt(mapped) is { } scalar) to.AppendScalar((int)scalar);
            else if (mapped is not null) to.Append(Str(mapped, "character mapping"));
        }
        return to.ToString();
    }
}
