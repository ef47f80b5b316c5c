// json.dumps as the tojson filter calls it, and the ASCII escapes that the exchange format shares.
using System.Globalization;
using System.Numerics;
using System.Text;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>How values are written as JSON.</summary>
internal sealed record JsonText(bool EnsureAscii, string? Indent, string ItemSeparator, string KeySeparator, bool SortKeys)
{
    /// <summary>The filter <c>tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False)</c>.</summary>
    internal static object? Filter(object?[] a)
    {
        var indent = Absent.Or(a[2], null) switch
        {
            null => null,
            var t when PyType.AsText(t) is { } s => s,
            var n when PyType.AsInt(n) is { } size => Arithmetic.Repeat(" ", size),
            var other => throw TemplateException.Type($"can't multiply sequence by non-int of type '{PyType.Name(other)}'"),
        };
        var (item, key) = (indent is null ? ", " : ",", ": ");
        if (Absent.Or(a[3], null) is { } separators)
        {
            var pair = PyType.ToList(separators);
            if (pair.Count != 2)
                throw TemplateException.Value(pair.Count > 2 ? "too many values to unpack (expected 2)"
                    : $"not enough values to unpack (expected 2, got {pair.Count})");
            (item, key) = (StringMethods.Str(pair[0], "separator"), StringMethods.Str(pair[1], "separator"));
        }
        var to = new StringBuilder();
        new JsonText(PyType.Truth(Absent.Or(a[1], false)), indent, item, key, PyType.Truth(Absent.Or(a[4], false))).Write(to, a[0], 0);
        return to.ToString();
    }

    /// <summary>Appends a value; <paramref name="depth"/> counts the indents around it.</summary>
    internal void Write(StringBuilder to, object? value, int depth)
    {
        RenderBudget.GuardStack();
        RenderBudget.ChargeSize(to.Length > RenderBudget.MaxSize ? -1 : 1);
        switch (value)
        {
            case null: to.Append("null"); break;
            case bool b: to.Append(b ? "true" : "false"); break;
            case BigInteger i: to.Append(Repr.Int(i)); break;
            case double d: to.Append(Float(d)); break;
            case string or Markup: Quote(to, PyType.AsText(value)!, EnsureAscii); break;
            case PySequence s: Items(to, '[', ']', s.Items, depth, item => Write(to, item, depth + 1)); break;
            case PyDict dict:
                var entries = SortKeys
                    ? Comparison.Sorted([.. dict.Entries.Select(e => (object?)new PyTuple(e.Key, e.Value))], p => ((PyTuple)p!).Items[0],
                    false)
                    .Select(p => new KeyValuePair<object?, object?>(((PyTuple)p!).Items[0], ((PyTuple)p).Items[1])).ToList() : dict.Entries;
                Items(to, '{', '}', entries, depth, entry =>
                {
                    Quote(to, Key(entry.Key), EnsureAscii);
                    to.Append(KeySeparator);
                    Write(to, entry.Value, depth + 1);
                });
                break;
            default: throw TemplateException.Type($"Object of type {PyType.Name(value)} is not JSON serializable");
        }
    }

    private void Items<T>(StringBuilder to, char open, char close, List<T> items, int depth, Action<T> write)
    {
        to.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) to.Append(ItemSeparator);
            NewLine(to, depth + 1);
            write(items[i]);
        }
        if (items.Count > 0) NewLine(to, depth);
        to.Append(close);
    }

    private void NewLine(StringBuilder to, int depth)
    {
        if (Indent is null) return;
        RenderBudget.ChargeSize(to.Length + (long)Indent.Length * depth > RenderBudget.MaxSize ? -1 : (long)Indent.Length * depth);
        to.Append('\n').Insert(to.Length, Indent, depth);
    }

    private static string Key(object? key) => key switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        BigInteger i => Repr.Int(i),
        double d => Float(d),
        _ => PyType.AsText(key) ?? throw TemplateException.Type($"keys must be str, int, float, bool or None, not {PyType.Name(key)}"),
    };

    private static string Float(double d) =>
        double.IsNaN(d) ? "NaN" : double.IsInfinity(d) ? d > 0 ? "Infinity" : "-Infinity" : PyFloat.Repr(d);

    /// <summary>A JSON string with Python's escapes.</summary>
    internal static void Quote(StringBuilder to, string s, bool ascii)
    {
        RenderBudget.ChargeSize(to.Length + (long)s.Length > RenderBudget.MaxSize ? -1 : s.Length);
        to.Append('"');
        foreach (var c in s)
        {
            switch (c)
            {
                case '"': to.Append("\\\""); break;
                case '\\': to.Append("\\\\"); break;
                case '\n': to.Append("\\n"); break;
                case '\r': to.Append("\\r"); break;
                case '\t': to.Append("\\t"); break;
                case '\f': to.Append("\\f"); break;
                case '\b': to.Append("\\b"); break;
                default:
                    if (c < ' ' || (ascii && c > '~')) to.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    else to.Append(c);
                    break;
            }
        }
        to.Append('"');
    }

    /// <summary><c>ascii()</c> of an already printed value.</summary>
    internal static string AsciiRepr(string repr)
    {
        var to = new StringBuilder();
        foreach (var c in PyText.Scalars(repr))
        {
            if (c < 0x80) to.Append((char)c);
            else if (c < 0x100) to.Append("\\x").Append(c.ToString("x2", CultureInfo.InvariantCulture));
            else if (c < 0x10000) to.Append("\\u").Append(c.ToString("x4", CultureInfo.InvariantCulture));
            else to.Append("\\U").Append(c.ToString("x8", CultureInfo.InvariantCulture));
        }
        return to.ToString();
    }
}
