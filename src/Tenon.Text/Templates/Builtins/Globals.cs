// The global names of a chat template: range, dict, namespace, cycler, joiner, lipsum, raise_exception, strftime_now.
using System.Numerics;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>Makes the globals of one rendering; the clock stands still during it.</summary>
internal static class Globals
{
    private const string Transformers = "transformers.utils.chat_template_utils._cached_compile_jinja_template.<locals>";
    private static readonly BigInteger MaxRange = 100_000;

    internal static Dictionary<string, object?> Create(DateTime now) => new()
    {
        ["range"] = new PyFunction("safe_range", Range, "function"),
        ["dict"] = new PyFunction("TemplateDict", MakeDict, "TemplateDict", Transformers),
        ["namespace"] = new PyFunction("TemplateNamespace", MakeNamespace, "type", Transformers),
        ["cycler"] = new PyFunction("Cycler", a => new Cycler(a), "type", "jinja2.utils"),
        ["joiner"] = new PyFunction("Joiner", a => new Joiner(a), "type", "jinja2.utils"),
        ["lipsum"] = new PyFunction("generate_lorem_ipsum", _ => throw TemplateException.Unsupported("lipsum (random text)"), "function"),
        ["raise_exception"] = new PyFunction("raise_exception",
        a => throw new TemplateException("TemplateError", Repr.Str(new Signature("raise_exception", "message").Bind(a)[0])), "function"),
        ["strftime_now"] = new PyFunction("strftime_now", a =>
        {
            var format = new Signature("strftime_now", "format").Bind(a)[0];
            return Strftime.Format(now, PyType.AsText(format)
                ?? throw TemplateException.Type($"strftime() argument 1 must be str, not {PyType.Name(format)}"));
        }, "function"),
    };

    private static object? Range(Arguments a)
    {
        var p = a.Plain("range", 1, 3);
        var bounds =
            p.Select(v => v is Absent ? (BigInteger?)null
            : PyType.AsInt(v) ?? throw TemplateException.Type($"'{PyType.Name(v)}' object cannot be interpreted as an integer")).ToArray();
        var range = bounds[1] is { } stop ? new PyRange(bounds[0]!.Value, stop, bounds[2] ?? 1) : new PyRange(0, bounds[0]!.Value, 1);
        if (range.Step.IsZero) throw TemplateException.Value("range() arg 3 must not be zero");
        if (range.Count > MaxRange)
            throw new TemplateException("OverflowError", $"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxRange}).");
        return range;
    }

    private static PyDict MakeDict(Arguments a)
    {
        if (a.Positional.Count > 1) throw TemplateException.Type($"dict expected at most 1 argument, got {a.Positional.Count}");
        var result = new PyDict();
        if (a.Positional.Count == 1)
        {
            if (a.Positional[0] is PyDict source)
                foreach (var (key, value) in source.Entries) result.Set(key, value);
            else
            {
                var at = 0;
                foreach (var pair in PyType.Iterate(a.Positional[0]))
                {
                    if (!PyType.IsIterable(pair))
                        throw TemplateException.Type($"cannot convert dictionary update sequence element #{at} to a sequence");
                    var items = PyType.ToList(pair);
                    if (items.Count != 2)
                        throw TemplateException.Value($"dictionary update sequence element #{at} has length {items.Count}; 2 is required");
                    result.Set(items[0], items[1]);
                    at++;
                }
            }
        }
        foreach (var (key, value) in a.Keywords) result.Set(key, value);
        return result;
    }

    private static PyNamespace MakeNamespace(Arguments a)
    {
        var result = new PyNamespace();
        foreach (var (key, value) in MakeDict(a).Entries)
            result.Set(PyType.AsText(key) ?? Repr.Of(key), value);
        return result;
    }
}

/// <summary><c>cycler(...)</c>: gives its items in turn.</summary>
internal sealed class Cycler : PyObject
{
    private readonly List<object?> _items;
    private int _position;

    internal Cycler(Arguments a)
    {
        if (a.Keywords.Count > 0)
            throw TemplateException.Type($"Cycler.__init__() got an unexpected keyword argument '{a.Keywords.GetAt(0).Key}'");
        if (a.Positional.Count == 0) throw new TemplateException("RuntimeError", "at least one item has to be provided");
        _items = a.Positional;
    }

    internal override string TypeName => "Cycler";

    internal override string Module => "jinja2.utils";

    internal override IEnumerable<object?> Items()
    {
        while (true)
        {
            RenderBudget.Charge(1);
            yield return Next();
        }
    }

    internal override bool TryAttribute(string name, out object? value)
    {
        value = name switch
        {
            "current" => _items[_position],
            "items" => new PyTuple(_items),
            "pos" => (BigInteger)_position,
            "next" => new PyFunction(name, _ => Next(), "method"),
            "reset" => new PyFunction(name, Reset, "method"),
            _ => null,
        };
        return value is not null || name == "current";
    }

    private object? Reset(Arguments a)
    {
        _position = 0;
        return null;
    }

    private object? Next()
    {
        var item = _items[_position];
        _position = (_position + 1) % _items.Count;
        return item;
    }
}

/// <summary><c>joiner(sep)</c>: nothing on the first call, the separator on every later one.</summary>
internal sealed class Joiner : PyCallable
{
    private readonly object? _separator;
    private bool _used;

    internal Joiner(Arguments a) => _separator = Absent.Or(new Signature("Joiner.__init__", "sep=").Bind(a)[0], ", ");

    internal override string TypeName => "Joiner";

    internal override string Module => "jinja2.utils";

    internal override object? Call(Arguments arguments)
    {
        if (arguments.Positional.Count + arguments.Keywords.Count > 0)
            throw TemplateException.Type("Joiner.__call__() takes 1 positional argument but more were given");
        var first = !_used;
        _used = true;
        return first ? "" : _separator;
    }

    internal override bool TryAttribute(string name, out object? value)
    {
        value = name switch { "sep" => _separator, "used" => _used, _ => null };
        return name is "sep" or "used";
    }
}
