using System.Numerics;
using Tenon.Text.Templates.Values;
using static Tenon.Text.Templates.Builtins.Filters;

namespace Tenon.Text.Templates.Builtins;

/// <summary>Filters on lists, dicts and other iterables.</summary>
internal static class SequenceFilters
{
    internal static IEnumerable<KeyValuePair<string, Func<Arguments, object?>>> All =>
    [
        Define("attr", "do_attr", "obj name", Attribute),
        Define("batch", "do_batch", "value linecount fill_with=",
            a => new PyIterator(Batch(a[0], a[1], Absent.Or(a[2], null)), label: "generator object do_batch")),
        Define("count", "len", "obj", Length),
        Define("length", "len", "obj", Length),
        Define("default", "do_default", "value default_value= boolean=", Default),
        Define("d", "do_default", "value default_value= boolean=", Default),
        Define("dictsort", "do_dictsort", "value case_sensitive= by= reverse=", DictSort),
        Define("first", "do_first", "seq", a => PyType.Iterate(a[0]).Take(1).ToList() is [var first] ? first
            : new Undefined("No first item, sequence was empty.")),
        Define("last", "do_last", "seq", a => Reversed(a[0]).Take(1).ToList() is [var last] ? last
            : new Undefined("No last item, sequence was empty.")),
        Define("groupby", "do_groupby", "value attribute default= case_sensitive=", GroupBy),
        Define("items", "do_items", "value", a => new PyIterator(Items(a[0]), label: "generator object do_items")),
        Define("join", "do_join", "value d= attribute=", Join),
        Define("list", "do_list", "value", a => new PyList(PyType.ToList(a[0]))),
        Define("max", "do_max", "value case_sensitive= attribute=", a => Extreme(a, ">")),
        Define("min", "do_min", "value case_sensitive= attribute=", a => Extreme(a, "<")),
        Define("random", "do_random", "seq", a => PyType.Length(a[0]) is { IsZero: true }
            ? new Undefined("No random item, sequence was empty.") : throw TemplateException.Unsupported("the filter 'random'")),
        Define("reverse", "do_reverse", "value", Reverse),
        Define("slice", "do_slice", "value slices fill_with=",
            a => new PyIterator(Slice(a[0], a[1], Absent.Or(a[2], null)), label: "generator object sync_do_slice")),
        Define("sort", "do_sort", "value reverse= case_sensitive= attribute=", Sort),
        Define("sum", "do_sum", "iterable attribute= start=", Sum),
        Define("unique", "do_unique", "value case_sensitive= attribute=",
            a => new PyIterator(Unique(a), label: "generator object sync_do_unique")),
    ];

    /// <summary>Strings without their case; everything else as it is.</summary>
    internal static object? IgnoreCase(object? value) => PyType.AsText(value) is { } s ? CaseMapping.Lower(s) : value;

    /// <summary>Follows a dotted path of attributes, whole numbers as indices; a default replaces what is missing on the way.</summary>
    internal static Func<object?, object?> Getter(object? attribute, object? fallback = null, bool ignoreCase = false)
    {
        var parts = PathOf(attribute);
        return item =>
        {
            foreach (var part in parts)
            {
                item = Attributes.Item(item, part);
                if (fallback is not null && item is Undefined) item = fallback;
            }
            return ignoreCase ? IgnoreCase(item) : item;
        };
    }

    private static List<object?> PathOf(object? attribute)
    {
        if (attribute is null) return [];
        if (PyType.AsText(attribute) is not { } path) return [attribute];
        return path.Split('.')
            .Select(p => p.Length > 0 && p.All(char.IsAsciiDigit)
            ? (object?)BigInteger.Parse(p, System.Globalization.CultureInfo.InvariantCulture) : p).ToList();
    }

    private static object? Attribute(object?[] a)
    {
        if (PyType.AsText(a[1]) is not { } name) throw TemplateException.Type($"attribute name must be string, not '{PyType.Name(a[1])}'");
        if (a[0] is Undefined u) throw u.Fail();
        return Attributes.Has(a[0], name) ? Attributes.Get(a[0], name) : Undefined.Of(a[0], name);
    }

    private static object? Length(object?[] a) =>
        PyType.Length(a[0]) ?? throw TemplateException.Type($"object of type '{PyType.Name(a[0])}' has no len()");

    private static object? Default(object?[] a) =>
        a[0] is Undefined || (PyType.Truth(Absent.Or(a[2], false)) && !PyType.Truth(a[0])) ? Absent.Or(a[1], "") : a[0];

    private static IEnumerable<object?> Batch(object? value, object? size, object? fill)
    {
        var line = new List<object?>();
        foreach (var item in PyType.Iterate(value))
        {
            if (Comparison.Equal((BigInteger)line.Count, size))
            {
                yield return new PyList(line);
                line = [];
            }
            RenderBudget.Charge(1);
            line.Add(item);
        }
        if (line.Count == 0) yield break;
        if (fill is not null && Comparison.Ordered("<", (BigInteger)line.Count, size))
        {
            var missing = PyType.Index(size) - line.Count;
            RenderBudget.ChargeSize(missing);
            line.AddRange(Enumerable.Repeat(fill, missing));
        }
        yield return new PyList(line);
    }

    private static IEnumerable<object?> Slice(object? value, object? slices, object? fill)
    {
        var items = PyType.ToList(value);
        if (PyType.AsInt(slices) is not { } wanted)
            throw TemplateException.Type($"unsupported operand type(s) for //: 'int' and '{PyType.Name(slices)}'");
        if (wanted.IsZero) throw new TemplateException("ZeroDivisionError", "integer division or modulo by zero");
        if (wanted.Sign < 0) yield break;
        var count = PyType.Index(wanted);
        int each = items.Count / count, extra = items.Count % count, at = 0;
        for (var i = 0; i < count; i++)
        {
            RenderBudget.Charge(1);
            var size = each + (i < extra ? 1 : 0);
            var part = items.GetRange(at, size);
            at += size;
            if (fill is not null && i >= extra) part.Add(fill);
            yield return new PyList(part);
        }
    }

    private static object? DictSort(object?[] a)
    {
        if (PyType.AsText(Absent.Or(a[2], "key")) is not ("key" or "value") and var by)
            throw TemplateException.FilterArgument("You can only sort by either \"key\" or \"value\"");
        if (a[0] is Undefined u) throw u.Fail();
        if (a[0] is not PyDict d) throw new TemplateException("AttributeError", $"'{PyType.Name(a[0])}' object has no attribute 'items'");
        var position = PyType.AsText(Absent.Or(a[2], "key")) == "key" ? 0 : 1;
        var sensitive = PyType.Truth(Absent.Or(a[1], false));
        return new PyList(Comparison.Sorted(d.Entries.Select(e => (object?)new PyTuple(e.Key, e.Value)).ToList(),
            pair => ((PyTuple)pair!).Items[position] is var key && sensitive ? key
            : IgnoreCase(((PyTuple)pair!).Items[position]), PyType.Truth(Absent.Or(a[3], false))));
    }

    private static object? GroupBy(object?[] a)
    {
        var sensitive = PyType.Truth(Absent.Or(a[3], false));
        var fallback = Absent.Or(a[2], null);
        var key = Getter(a[1], fallback, !sensitive);
        var shown = Getter(a[1], fallback);
        var groups = new List<object?>();
        List<object?>? group = null;
        object? current = null;
        foreach (var item in Comparison.Sorted(PyType.ToList(a[0]), key, false))
        {
            var k = key(item);
            if (group is null || !Comparison.Equal(k, current))
            {
                current = k;
                group = [];
                groups.Add(new PyTuple([sensitive ? k : shown(item), new PyList(group)], ["grouper", "list"]));
            }
            group.Add(item);
        }
        return new PyList(groups);
    }

    private static IEnumerable<object?> Items(object? value)
    {
        if (value is Undefined) yield break;
        if (value is not PyDict d) throw TemplateException.Type("Can only get item pairs from a mapping.");
        foreach (var (key, item) in d.Entries) yield return new PyTuple(key, item);
    }

    private static object? Join(object?[] a)
    {
        var items = PyType.Iterate(a[0]);
        if (Absent.Or(a[2], null) is { } attribute) items = items.Select(Getter(attribute));
        return StringMethods.Join(Repr.Str(Absent.Or(a[1], "")), new PyIterator(items.Select(i => (object?)Repr.Str(i))));
    }

    private static object? Extreme(object?[] a, string better)
    {
        var key = Getter(Absent.Or(a[2], null), null, !PyType.Truth(Absent.Or(a[1], false)));
        object? best = null, bestKey = null;
        var any = false;
        foreach (var item in PyType.Iterate(a[0]))
        {
            var k = key(item);
            if (any && !Comparison.Ordered(better, k, bestKey)) continue;
            (best, bestKey, any) = (item, k, true);
        }
        return any ? best : new Undefined("No aggregated item, sequence was empty.");
    }

    private static IEnumerable<object?> Reversed(object? value) => value switch
    {
        string or Markup or PySequence or PyDict or PyRange or PyDictView => PyType.ToList(value).AsEnumerable().Reverse(),
        Undefined => [],
        _ => throw TemplateException.Type($"'{PyType.Name(value)}' object is not reversible"),
    };

    private static object? Reverse(object?[] a)
    {
        if (PyType.AsText(a[0]) is { } s) return string.Concat(PyText.CodePoints(s).Reverse());
        if (a[0] is PyIterator) return new PyList(PyType.ToList(a[0]).AsEnumerable().Reverse());
        if (!PyType.IsIterable(a[0])) throw TemplateException.FilterArgument("argument must be iterable");
        var (type, label) = a[0] switch
        {
            PyList => ("list_reverseiterator", "list_reverseiterator object"),
            PyDict => ("dict_reversekeyiterator", "dict_reversekeyiterator object"),
            PyRange => ("range_iterator", "range_iterator object"),
            _ => ("reversed", "reversed object"),
        };
        return new PyIterator(Reversed(a[0]), type, label);
    }

    private static object? Sort(object?[] a)
    {
        var sensitive = PyType.Truth(Absent.Or(a[2], false));
        var attribute = Absent.Or(a[3], null);
        var getters = PyType.AsText(attribute) is { } paths ? paths.Split(',').Select(p => Getter(p, null, !sensitive)).ToList()
            : [Getter(attribute, null, !sensitive)];
        return new PyList(
            Comparison.Sorted(PyType.ToList(a[0]), item => new PyList(getters.Select(g => g(item))), PyType.Truth(Absent.Or(a[1], false))));
    }

    private static object? Sum(object?[] a)
    {
        var items = PyType.Iterate(a[0]);
        if (Absent.Or(a[1], null) is { } attribute) items = items.Select(Getter(attribute));
        var total = Absent.Or(a[2], BigInteger.Zero);
        if (PyType.AsText(total) is not null) throw TemplateException.Type("sum() can't sum strings [use ''.join(seq) instead]");
        foreach (var item in items) total = Arithmetic.Binary("+", total, item);
        return total;
    }

    private static IEnumerable<object?> Unique(object?[] a)
    {
        var key = Getter(Absent.Or(a[2], null), null, !PyType.Truth(Absent.Or(a[1], false)));
        var seen = new PyDict();
        foreach (var item in PyType.Iterate(a[0]))
        {
            var k = key(item);
            if (seen.Contains(k)) continue;
            seen.Set(k, null);
            yield return item;
        }
    }
}
