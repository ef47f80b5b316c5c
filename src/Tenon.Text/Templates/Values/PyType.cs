using System.Numerics;

namespace Tenon.Text.Templates.Values;

/// <summary>Names of Python's types, and the few conversions that every operation needs.</summary>
internal static class PyType
{
    /// <summary><c>type(value).__name__</c>.</summary>
    internal static string Name(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        Markup => "Markup",
        PyList => "list",
        PyTuple t => t.Names is null ? "tuple" : "_GroupTuple",
        PyDict => "dict",
        PyDictView v => "dict_" + v.Kind,
        PyRange => "range",
        PyIterator i => i.TypeName,
        PyNamespace => "TemplateNamespace",
        Undefined => "Undefined",
        PyObject o => o.TypeName,
        _ => value.GetType().Name,
    };

    /// <summary>What Jinja calls the object in messages on missing attributes.</summary>
    internal static string Described(object? value) => value switch
    {
        null => "None",
        Markup => "markupsafe.Markup object",
        PyNamespace => "transformers.utils.chat_template_utils.TemplateNamespace object",
        PyObject { Module: { Length: > 0 } module } o => $"{module}.{o.TypeName} object",
        _ => Name(value) + " object",
    };

    /// <summary>The text where the value is a string or markup, otherwise null.</summary>
    internal static string? AsText(object? value) => value switch { string s => s, Markup m => m.Text, _ => null };

    /// <summary>The integer where the value is an int or a bool, otherwise null.</summary>
    internal static BigInteger? AsInt(object? value) =>
        value switch { BigInteger i => i, bool b => b ? BigInteger.One : BigInteger.Zero, _ => null };

    /// <summary>Truth as <c>bool()</c> sees it.</summary>
    internal static bool Truth(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        BigInteger i => !i.IsZero,
        double d => d != 0,
        string s => s.Length > 0,
        Markup m => m.Text.Length > 0,
        PySequence s => s.Items.Count > 0,
        PyDict d => d.Count > 0,
        PyDictView v => v.Dict.Count > 0,
        PyRange r => !r.Count.IsZero,
        PyObject o => o.Truth,
        _ => true,
    };

    /// <summary><c>len()</c>, or null where the type has none.</summary>
    internal static BigInteger? Length(object? value) => value switch
    {
        string s => PyText.Length(s),
        Markup m => PyText.Length(m.Text),
        PySequence s => s.Items.Count,
        PyDict d => d.Count,
        PyDictView v => v.Dict.Count,
        PyRange r => r.Count,
        Undefined => 0,
        PyObject o => o.Length,
        _ => null,
    };

    /// <summary>An argument that must be an integer (<c>__index__</c>), cut to what an int holds.</summary>
    internal static int Index(object? value)
    {
        if (value is Undefined u) throw TemplateException.Type("'Undefined' object cannot be interpreted as an integer");
        if (AsInt(value) is not { } i) throw TemplateException.Type($"'{Name(value)}' object cannot be interpreted as an integer");
        return i > int.MaxValue ? int.MaxValue : i < int.MinValue ? int.MinValue : (int)i;
    }

    /// <summary>The items of anything iterable; the error for other types comes at once, not with the first item.</summary>
    internal static IEnumerable<object?> Iterate(object? value)
    {
        switch (value)
        {
            case string s: return PyText.CodePoints(s);
            case Markup m: return PyText.CodePoints(m.Text);
            case PySequence s: return s.Items;
            case PyDict d: return d.Entries.Select(e => e.Key);
            case PyDictView v: return v.Items();
            case PyRange r: return RangeItems(r);
            case PyIterator i: return i.Rest();
            case Undefined: return [];
            case PyObject o when o.Items() is { } items: return items;
            default: throw TemplateException.Type($"'{Name(value)}' object is not iterable");
        }
    }

    /// <summary>True where <see cref="Iterate"/> would not refuse.</summary>
    internal static bool IsIterable(object? value) =>
        value is string or Markup or PySequence or PyDict or PyDictView or PyRange or PyIterator or Undefined
        || value is PyObject o && o.Items() is not null;

    /// <summary>All items in a new list, charged.</summary>
    internal static List<object?> ToList(object? value)
    {
        var items = Iterate(value);
        if (value is PySequence or PyDict or string)
            RenderBudget.ChargeSize(value switch { PySequence s => s.Items.Count, PyDict d => d.Count, _ => ((string)value).Length });
        if (value is PySequence or PyDict or string or PyRange) return items.ToList();
        var list = new List<object?>();
        foreach (var item in items)
        {
            RenderBudget.Charge(1);
            list.Add(item);
        }
        return list;
    }

    private static IEnumerable<object?> RangeItems(PyRange range)
    {
        var count = range.Count;
        for (BigInteger i = 0; i < count; i++) yield return range.Start + range.Step * i;
    }
}

/// <summary>Base of the objects that the interpreter itself makes: functions, macros, loops, cyclers.</summary>
internal abstract class PyObject
{
    internal abstract string TypeName { get; }

    /// <summary>The module for messages; empty for built-in types.</summary>
    internal virtual string Module => "";

    internal virtual bool Truth => true;

    internal virtual BigInteger? Length => null;

    /// <summary>The items where the object is iterable.</summary>
    internal virtual IEnumerable<object?>? Items() => null;

    /// <summary>The printed form.</summary>
    internal virtual string Display() => $"<{(Module.Length > 0 ? Module + "." : "")}{TypeName} object at 0x7f0000000000>";

    /// <summary>An attribute; false where there is none.</summary>
    internal virtual bool TryAttribute(string name, out object? value)
    {
        value = null;
        return false;
    }

    /// <summary>An item by key; false where there is none.</summary>
    internal virtual bool TryItem(object? key, out object? value)
    {
        value = null;
        return false;
    }
}

/// <summary>Something that can be called.</summary>
internal abstract class PyCallable : PyObject
{
    internal abstract object? Call(Arguments arguments);
}

/// <summary>A function or bound method written here.</summary>
internal sealed class PyFunction(string name, Func<Arguments, object?> body, string typeName = "builtin_function_or_method", string module =
    "") : PyCallable
{
    internal override string TypeName => typeName;

    internal string FunctionName { get; } = name;

    internal override object? Call(Arguments arguments) => body(arguments);

    internal override string Module => module;

    internal override string Display() => typeName switch
    {
        "function" => $"<function {FunctionName} at 0x7f0000000000>",
        "type" => $"<class '{module}.{FunctionName}'>",
        "TemplateDict" => base.Display(),
        _ => $"<built-in method {FunctionName} of object at 0x7f0000000000>",
    };

    /// <summary>The dict of the globals has one method of its own.</summary>
    internal override bool TryAttribute(string attribute, out object? value)
    {
        value = typeName == "TemplateDict" && attribute == "fromkeys" ? new PyFunction(attribute, Attributes.FromKeys) : null;
        return value is not null;
    }
}
