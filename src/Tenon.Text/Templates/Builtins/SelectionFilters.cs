// map, select, reject, selectattr, rejectattr. All are generators: always true, without a length, read once; their errors come when an item
// is asked for.
using Tenon.Text.Templates.Values;
using static Tenon.Text.Templates.Builtins.Filters;

namespace Tenon.Text.Templates.Builtins;

/// <summary>Filters that apply another filter or a test to every item.</summary>
internal static class SelectionFilters
{
    internal static IEnumerable<KeyValuePair<string, Func<Arguments, object?>>> All =>
    [
        Raw("map", a => Lazy("sync_do_map", a, Map)),
        Raw("select", a => Lazy("select_or_reject", a, x => Select(x, true, false))),
        Raw("reject", a => Lazy("select_or_reject", a, x => Select(x, false, false))),
        Raw("selectattr", a => Lazy("select_or_reject", a, x => Select(x, true, true))),
        Raw("rejectattr", a => Lazy("select_or_reject", a, x => Select(x, false, true))),
    ];

    private static PyIterator Lazy(string function, Arguments arguments, Func<Arguments, Func<object?,
        (bool Keep, object? Value)>> prepare) =>
        new(Run(arguments, prepare), label: "generator object " + function);

    private static IEnumerable<object?> Run(Arguments arguments, Func<Arguments, Func<object?, (bool Keep, object? Value)>> prepare)
    {
        if (!PyType.Truth(arguments.Positional[0])) yield break;
        var step = prepare(arguments);
        foreach (var item in PyType.Iterate(arguments.Positional[0]))
        {
            RenderBudget.Charge(1);
            var (keep, value) = step(item);
            if (keep) yield return value;
        }
    }

    private static Func<object?, (bool, object?)> Map(Arguments a)
    {
        if (a.Positional.Count == 1 && a.Keywords.TryGetValue("attribute", out var attribute))
        {
            a.Keywords.TryGetValue("default", out var fallback);
            foreach (var name in a.Keywords.Keys)
                if (name is not ("attribute" or "default"))
                    throw TemplateException.FilterArgument($"Unexpected keyword argument {Repr.Of(name)}");
            var get = SequenceFilters.Getter(attribute, fallback);
            return item => (true, get(item));
        }
        if (a.Positional.Count == 1) throw TemplateException.FilterArgument("map requires a filter argument");
        return item => (true, Call(Named(a.Positional[1], "filter", Exists), new Arguments([item, .. a.Positional.Skip(2)], a.Keywords)));
    }

    private static Func<object?, (bool, object?)> Select(Arguments a, bool wanted, bool byAttribute)
    {
        var at = 1;
        Func<object?, object?> get = item => item;
        if (byAttribute)
        {
            if (a.Positional.Count == 1) throw TemplateException.FilterArgument("Missing parameter for attribute name");
            get = SequenceFilters.Getter(a.Positional[at++]);
        }
        if (a.Positional.Count <= at) return item => (PyType.Truth(get(item)) == wanted, item);
        return item =>
            (PyType.Truth(
            Tests.Call(Named(a.Positional[at], "test", Tests.Exists), new Arguments([get(item), .. a.Positional.Skip(at + 1)], a.Keywords)))
            == wanted, item);
    }

    private static string Named(object? name, string type, Func<string, bool> exists)
    {
        if (PyType.AsText(name) is { } text && exists(text)) return text;
        if (name is Undefined u)
            throw TemplateException.Runtime($"No {type} named Undefined. ({u.Fail().Message}; did you forget to quote the callable name?)");
        if (name is PyList or PyDict) throw TemplateException.Type($"unhashable type: '{PyType.Name(name)}'");
        throw TemplateException.Runtime($"No {type} named {Repr.Of(name)}.");
    }
}
