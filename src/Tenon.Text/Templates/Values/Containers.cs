// The containers of a template's values. Scalars are .NET's own: null (None), bool, BigInteger (int), double (float) and string (str).
// The sandbox forbids every change to a list or dict, so all of these are read-only once made; identity still matters (`is sameas`).
using System.Numerics;

namespace Tenon.Text.Templates.Values;

/// <summary>A list or a tuple.</summary>
internal abstract class PySequence(List<object?> items)
{
    /// <summary>The items; never changed after construction.</summary>
    internal List<object?> Items { get; } = items;

    /// <summary>An object of the same kind with other items.</summary>
    internal abstract PySequence With(List<object?> items);
}

/// <summary>A list.</summary>
internal sealed class PyList(List<object?> items) : PySequence(items)
{
    internal PyList(IEnumerable<object?> items) : this(items.ToList()) { }

    internal override PySequence With(List<object?> items) => new PyList(items);
}

/// <summary>A tuple; the pairs that <c>groupby</c> gives also answer to names.</summary>
internal sealed class PyTuple(List<object?> items, string[]? names = null) : PySequence(items)
{
    internal PyTuple(params object?[] items) : this(items.ToList()) { }

    /// <summary>Names of the items where this is a named tuple.</summary>
    internal string[]? Names { get; } = names;

    internal override PySequence With(List<object?> items) => new PyTuple(items);
}

/// <summary>A dict: keys in the order of their first insertion, compared as Python compares them (1, 1.0 and True are one key).</summary>
internal sealed class PyDict
{
    private readonly Dictionary<object, int> _index = new(KeyComparer.Instance);

    /// <summary>Keys and values in order.</summary>
    internal List<KeyValuePair<object?, object?>> Entries { get; } = [];

    internal int Count => Entries.Count;

    /// <summary>Adds or replaces while the dict is being built.</summary>
    internal void Set(object? key, object? value)
    {
        var slot = KeyComparer.Slot(key);
        if (_index.TryGetValue(slot, out var at))
        {
            Entries[at] = new(Entries[at].Key, value);
            return;
        }
        _index.Add(slot, Entries.Count);
        Entries.Add(new(key, value));
    }

    internal bool TryGet(object? key, out object? value)
    {
        var found = _index.TryGetValue(KeyComparer.Slot(key), out var at);
        value = found ? Entries[at].Value : null;
        return found;
    }

    internal bool Contains(object? key) => _index.ContainsKey(KeyComparer.Slot(key));
}

/// <summary>What <c>dict.keys()</c>, <c>values()</c> and <c>items()</c> give.</summary>
internal sealed class PyDictView(PyDict dict, string kind)
{
    internal PyDict Dict { get; } = dict;

    /// <summary><c>keys</c>, <c>values</c> or <c>items</c>.</summary>
    internal string Kind { get; } = kind;

    internal IEnumerable<object?> Items() => Kind switch
    {
        "keys" => Dict.Entries.Select(e => e.Key),
        "values" => Dict.Entries.Select(e => e.Value),
        _ => Dict.Entries.Select(e => (object?)new PyTuple(e.Key, e.Value)),
    };
}

/// <summary>A range of integers; its ends may be of any size, its length fits an int where the sandbox lets it be made.</summary>
internal sealed class PyRange(BigInteger start, BigInteger stop, BigInteger step)
{
    internal BigInteger Start { get; } = start;
    internal BigInteger Stop { get; } = stop;
    internal BigInteger Step { get; } = step;

    internal BigInteger Count
    {
        get
        {
            var span = Step > 0 ? Stop - Start : Start - Stop;
            return span <= 0 ? 0 : (span - 1) / BigInteger.Abs(Step) + 1;
        }
    }

    internal object At(int i) => Start + Step * i;
}

/// <summary>
/// A one-way iterator (a generator, <c>reversed(...)</c> ...): what one reader has taken is gone for the next, errors come when an item is
/// asked for.
/// </summary>
internal sealed class PyIterator(IEnumerable<object?> source, string typeName = "generator", string label = "generator object")
{
    private readonly IEnumerator<object?> _items = source.GetEnumerator();

    internal string TypeName { get; } = typeName;

    /// <summary>What stands in the printed form before the address.</summary>
    internal string Label { get; } = label;

    internal bool Next(out object? item)
    {
        RenderBudget.Charge(1);
        var more = _items.MoveNext();
        item = more ? _items.Current : null;
        return more;
    }

    internal IEnumerable<object?> Rest()
    {
        while (Next(out var item)) yield return item;
    }
}

/// <summary>A string that counts as HTML already (from <c>safe</c> and <c>escape</c>): what is added to it is escaped first.</summary>
internal sealed class Markup(string text)
{
    internal string Text { get; } = text;
}

/// <summary>What <c>namespace(...)</c> makes: the one object a template may assign to.</summary>
internal sealed class PyNamespace
{
    /// <summary>Attributes in the order of assignment.</summary>
    internal OrderedDictionary<string, object?> Attributes { get; } = [];

    /// <summary>Sets an attribute; underscore names are refused as transformers refuses them.</summary>
    internal void Set(string name, object? value)
    {
        if (name.StartsWith('_'))
            throw TemplateException.Security(
                $"Chat templates cannot store underscore-prefixed attributes on a namespace, but got {Repr.Of(name)}. Please rename the "
                + $"attribute.");
        Attributes[name] = value;
    }
}

/// <summary>A value that is not there. It prints as nothing, is false and empty; everything else raises <see cref="Fail"/>.</summary>
internal sealed class Undefined(string message, string kind = "UndefinedError")
{
    /// <summary>The name of a variable that was not found.</summary>
    internal static Undefined Name(string name) => new($"{Repr.Of(name)} is undefined");

    /// <summary>An attribute or item that was not found.</summary>
    internal static Undefined Of(object? owner, object? name) => new(name is string or Markup
        ? $"{Repr.Of(PyType.Described(owner))} has no attribute {Repr.Of(name)}"
        : $"{PyType.Described(owner)} has no element {Repr.Of(name)}");

    /// <summary>An attribute that the sandbox hides; using it is a SecurityError.</summary>
    internal static Undefined Unsafe(object? owner, string name) =>
        new($"access to attribute {Repr.Of(name)} of {Repr.Of(PyType.Name(owner))} object is unsafe.", "SecurityError");

    /// <summary>The error of using the value.</summary>
    internal TemplateException Fail() => new(kind, message);
}
