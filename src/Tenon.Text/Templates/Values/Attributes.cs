// Attribute and item access with the rules of Jinja's immutable sandbox: x.y tries the attribute first and then the key, x['y'] the other
// way round;
// names that begin with an underscore and methods that change a list or dict are hidden.
using System.Numerics;

namespace Tenon.Text.Templates.Values;

/// <summary>Access to attributes and items of any value.</summary>
internal static class Attributes
{
    private static readonly HashSet<string> ListChanges = ["append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"];
    private static readonly HashSet<string> DictChanges = ["clear", "pop", "popitem", "setdefault", "update"];

    // The double-underscore attributes that any Python object answers to, and the usual ones of containers and numbers.
    private static readonly HashSet<string> Dunders =
        [.. ("class doc init new repr str hash eq ne lt le gt ge dir format getattribute setattr delattr reduce reduce_ex sizeof "
        + "init_subclass subclasshook len getitem iter contains add mul rmul mod rmod getnewargs call name self module dict "
        + "text_signature qualname abs bool int float").Split(' ').Select(n => $"__{n}__")];

    /// <summary><c>value.name</c>.</summary>
    internal static object? Get(object? value, string name)
    {
        if (value is Undefined u) throw u.Fail();
        if (Find(value, name, out var found)) return IsSafe(value, name) ? found : Undefined.Unsafe(value, name);
        return TryItem(value, name, out found) ? found : Undefined.Of(value, name);
    }

    /// <summary><c>value[key]</c>.</summary>
    internal static object? Item(object? value, object? key)
    {
        if (value is Undefined u) throw u.Fail();
        if (TryItem(value, key, out var found)) return found;
        if (PyType.AsText(key) is { } name && Find(value, name, out found))
            return IsSafe(value, name) ? found : Undefined.Unsafe(value, name);
        return Undefined.Of(value, key);
    }

    /// <summary>True where Python's <c>hasattr</c> is.</summary>
    internal static bool Has(object? value, string name) => Find(value, name, out _);

    private static bool IsSafe(object? value, string name) => !(name.StartsWith('_')
        || (value is PyList && ListChanges.Contains(name)) || (value is PyDict && DictChanges.Contains(name))
        || (value is PyIterator && name.StartsWith("gi_", StringComparison.Ordinal)));

    private static bool TryItem(object? value, object? key, out object? found)
    {
        found = null;
        switch (value)
        {
            case PyDict d:
                // An unhashable key is a TypeError in Python, which the sandbox turns into "not there".
                return key is not (PyList or PyDict) && d.TryGet(key, out found);
            case PySequence s when PyType.AsInt(key) is { } i:
                if (i.Sign < 0) i += s.Items.Count;
                if (i.Sign < 0 || i >= s.Items.Count) return false;
                found = s.Items[(int)i];
                return true;
            case PyRange r when PyType.AsInt(key) is { } i:
                if (i.Sign < 0) i += r.Count;
                if (i.Sign < 0 || i >= r.Count) return false;
                found = r.Start + r.Step * i;
                return true;
            case string or Markup when PyType.AsInt(key) is { } i:
                var text = PyType.AsText(value)!;
                BigInteger length = PyText.Length(text);
                if (i.Sign < 0) i += length;
                if (i.Sign < 0 || i >= length) return false;
                found = PyText.Substring(text, (int)i, (int)i + 1);
                if (value is Markup) found = new Markup((string)found);
                return true;
            case PyObject o: return o.TryItem(key, out found);
            default: return false;
        }
    }

    private static bool Find(object? value, string name, out object? found)
    {
        found = null;
        if (Dunders.Contains(name)) return true;
        switch (value)
        {
            case string or Markup:
                found = StringMethods.Bind(value, name);
                return found is not null;
            case PyDict d:
                found = DictMethod(d, name);
                return found is not null || DictChanges.Contains(name);
            case PyList l:
                found = SequenceMethod(l, name)
                    ?? (name == "copy" ? new PyFunction("copy", a => new PyList((a.Plain("list.copy", 0, 0), l.Items.ToList()).Item2))
                    : null);
                return found is not null || ListChanges.Contains(name);
            case PyTuple t:
                var at = t.Names is null ? -1 : Array.IndexOf(t.Names, name);
                found = at >= 0 ? t.Items[at] : SequenceMethod(t, name);
                return at >= 0 || found is not null;
            case PyNamespace n: return n.Attributes.TryGetValue(name, out found);
            case PyRange r:
                found = name switch { "start" => r.Start, "stop" => r.Stop, "step" => r.Step, _ => SequenceMethod(r, name) };
                return found is not null;
            case PyIterator i: return i.TypeName == "generator" && name is "gi_frame" or "gi_code" or "gi_running" or "gi_yieldfrom";
            case bool or BigInteger: return IntAttribute(PyType.AsInt(value)!.Value, name, out found);
            case double f: return FloatAttribute(f, name, out found);
            case PyObject o: return o.TryAttribute(name, out found);
            default: return false;
        }
    }

    private static PyFunction? DictMethod(PyDict d, string name) => name switch
    {
        "keys" or "values" or "items" => new PyFunction(name, a => (a.Plain("dict." + name, 0, 0), new PyDictView(d, name)).Item2),
        "copy" => new PyFunction(name, a => (a.Plain("dict.copy", 0, 0), d).Item2),
        "get" => new PyFunction(name, a => a.Plain("get", 1, 2) is var p && d.TryGet(p[0], out var v) ? v : Absent.Or(p[1], null)),
        "fromkeys" => new PyFunction(name, FromKeys),
        _ => null,
    };

    /// <summary><c>dict.fromkeys(keys, value=None)</c>.</summary>
    internal static object FromKeys(Arguments arguments)
    {
        var p = arguments.Plain("fromkeys", 1, 2);
        var result = new PyDict();
        foreach (var key in PyType.ToList(p[0])) result.Set(key, Absent.Or(p[1], null));
        return result;
    }

    private static PyFunction? SequenceMethod(object sequence, string name) => name switch
    {
        "count" =>
            new PyFunction(name, a => a.Plain("count", 1, 1) is var p
            ? (BigInteger)PyType.Iterate(sequence).Count(i => Comparison.Same(i, p[0])) : null),
        "index" => new PyFunction(name, a =>
        {
            var p = a.Plain("index", 1, 3);
            var items = PyType.ToList(sequence);
            int from = Place(p[1], 0), to = Place(p[2], items.Count);
            for (var i = from; i < to; i++)
                if (Comparison.Same(items[i], p[0])) return (BigInteger)i;
            throw TemplateException.Value($"{Repr.Of(p[0])} is not in {PyType.Name(sequence)}");

            int Place(object? bound, int fallback) =>
                bound is Absent ? fallback : Math.Clamp(PyType.Index(bound) is var b && b < 0 ? b + items.Count : b, 0, items.Count);
        }),
        _ => null,
    };

    private static bool IntAttribute(BigInteger i, string name, out object? found)
    {
        found = name switch
        {
            "real" or "numerator" => i,
            "imag" => BigInteger.Zero,
            "denominator" => BigInteger.One,
            "conjugate" => new PyFunction(name, _ => i),
            "bit_length" => new PyFunction(name, _ => (BigInteger)(i.IsZero ? 0 : BigInteger.Abs(i).GetBitLength())),
            "bit_count" => new PyFunction(name, _ => BigInteger.PopCount(BigInteger.Abs(i))),
            "as_integer_ratio" => new PyFunction(name, _ => new PyTuple(i, BigInteger.One)),
            _ => null,
        };
        return found is not null;
    }

    private static bool FloatAttribute(double f, string name, out object? found)
    {
        found = name switch
        {
            "real" => f,
            "imag" => 0.0,
            "conjugate" => new PyFunction(name, _ => f),
            "is_integer" => new PyFunction(name, _ => double.IsFinite(f) && Math.Floor(f) == f),
            _ => null,
        };
        return found is not null;
    }
}
