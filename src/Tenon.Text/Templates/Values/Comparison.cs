// Equality, order, membership and hashing as Python defines them.
using System.Numerics;

namespace Tenon.Text.Templates.Values;

/// <summary>Python's comparisons.</summary>
internal static class Comparison
{
    /// <summary><c>a == b</c>; never an error.</summary>
    internal static bool Equal(object? a, object? b)
    {
        RenderBudget.Charge(1);
        if (a is null || b is null) return a is null && b is null;
        if (PyType.AsText(a) is { } s) return PyType.AsText(b) is { } t && EqualText(s, t);
        switch (a)
        {
            case bool or BigInteger or double: return b is bool or BigInteger or double && Order(a, b) == 0;
            case Undefined: return b is Undefined;
            case PySequence x:
                return b is PySequence y && x.GetType() == y.GetType() && x.Items.Count == y.Items.Count && Pairwise(x.Items, y.Items);
            case PyDict d:
                if (b is not PyDict e || d.Count != e.Count) return false;
                RenderBudget.GuardStack();
                foreach (var (key, value) in d.Entries)
                    if (!e.TryGet(key, out var other) || !Same(value, other)) return false;
                return true;
            case PyDictView v:
                return ReferenceEquals(a, b) || (b is PyDictView w && v.Kind == w.Kind && v.Kind != "values" && v.Dict.Count == w.Dict.Count
                    && v.Items().All(i => w.Items().Any(j => Equal(i, j))));
            case PyRange r:
                return b is PyRange q && r.Count == q.Count
                    && (r.Count.IsZero || (r.Start == q.Start && (r.Count.IsOne || r.Step == q.Step)));
            default: return ReferenceEquals(a, b);
        }
    }

    /// <summary>Identity first, then equality: how containers compare their items.</summary>
    internal static bool Same(object? a, object? b) => ReferenceEquals(a, b) || Equal(a, b);

    /// <summary><c>a OP b</c> for one of <c>&lt; &lt;= &gt; &gt;=</c>.</summary>
    internal static bool Ordered(string op, object? a, object? b)
    {
        RenderBudget.Charge(1);
        if (a is Undefined u) throw u.Fail();
        if (b is Undefined v) throw v.Fail();
        if (a is bool or BigInteger or double && b is bool or BigInteger or double)
            return Order(a, b) is { } order && Holds(op, order);
        if (PyType.AsText(a) is { } s && PyType.AsText(b) is { } t) return Holds(op, CompareText(s, t));
        if (a is PySequence x && b is PySequence y && x.GetType() == y.GetType())
        {
            RenderBudget.GuardStack();
            for (var i = 0; i < Math.Min(x.Items.Count, y.Items.Count); i++)
                if (!Same(x.Items[i], y.Items[i])) return Ordered(op, x.Items[i], y.Items[i]);
            return Holds(op, x.Items.Count.CompareTo(y.Items.Count));
        }
        throw TemplateException.Type($"'{op}' not supported between instances of '{PyType.Name(a)}' and '{PyType.Name(b)}'");
    }

    /// <summary><c>item in container</c>.</summary>
    internal static bool Contains(object? container, object? item)
    {
        if (PyType.AsText(container) is { } text)
        {
            if (PyType.AsText(item) is not { } part)
                throw TemplateException.Type($"'in <string>' requires string as left operand, not {PyType.Name(item)}");
            RenderBudget.Charge(text.Length / 8);
            return text.Contains(part, StringComparison.Ordinal);
        }
        if (container is PyDict dict) return dict.Contains(item);
        if (container is PyDictView { Kind: "keys" } keys) return keys.Dict.Contains(item);
        if (!PyType.IsIterable(container)) throw TemplateException.Type($"argument of type '{PyType.Name(container)}' is not iterable");
        foreach (var candidate in PyType.Iterate(container))
            if (Same(candidate, item)) return true;
        return false;
    }

    /// <summary>A stable sort by <c>&lt;</c> alone, as <c>sorted</c> does it; keys are made once.</summary>
    internal static List<object?> Sorted(List<object?> items, Func<object?, object?> key, bool reverse)
    {
        RenderBudget.ChargeSize(items.Count);
        var pairs = items.Select(i => (Key: key(i), Item: i)).ToArray();
        if (reverse) Array.Reverse(pairs);
        MergeSort(pairs, new (object?, object?)[pairs.Length], 0, pairs.Length);
        if (reverse) Array.Reverse(pairs);
        return pairs.Select(p => p.Item).ToList();
    }

    /// <summary>Code points compare by number, which UTF-16 units do not where surrogates meet U+E000 and above.</summary>
    internal static int CompareText(string a, string b)
    {
        var n = Math.Min(a.Length, b.Length);
        RenderBudget.Charge(n / 16);
        for (var i = 0; i < n; i++)
        {
            if (a[i] == b[i]) continue;
            bool x = char.IsSurrogate(a[i]), y = char.IsSurrogate(b[i]);
            return x == y ? a[i].CompareTo(b[i]) : x ? 1 : -1;
        }
        return a.Length.CompareTo(b.Length);
    }

    private static bool EqualText(string a, string b)
    {
        if (a.Length == b.Length) RenderBudget.Charge(a.Length / 16);
        return a == b;
    }

    private static bool Pairwise(List<object?> a, List<object?> b)
    {
        RenderBudget.GuardStack();
        for (var i = 0; i < a.Count; i++)
            if (!Same(a[i], b[i])) return false;
        return true;
    }

    private static bool Holds(string op, int order) =>
        op switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };

    /// <summary>The order of two numbers, exact between int and float; null where one is not a number (NaN).</summary>
    private static int? Order(object a, object b)
    {
        if (PyType.AsInt(a) is { } i && PyType.AsInt(b) is { } j) return i.CompareTo(j);
        if (a is double x && b is double y) return double.IsNaN(x) || double.IsNaN(y) ? null : x.CompareTo(y);
        if (a is double d) return Order(b, a) is { } o ? -o : null;
        var f = (double)b;
        if (double.IsNaN(f)) return null;
        if (double.IsInfinity(f)) return f > 0 ? -1 : 1;
        var whole = new BigInteger(Math.Floor(f));
        var order = PyType.AsInt(a)!.Value.CompareTo(whole);
        return order != 0 ? order : Math.Floor(f) < f ? -1 : 0;
    }

    private static void MergeSort((object? Key, object? Item)[] items, (object? Key, object? Item)[] spare, int from, int to)
    {
        if (to - from < 2) return;
        var middle = (from + to) / 2;
        MergeSort(items, spare, from, middle);
        MergeSort(items, spare, middle, to);
        items.AsSpan(from, to - from).CopyTo(spare.AsSpan(from));
        for (int i = from, a = from, b = middle; i < to; i++)
            items[i] = a < middle && (b >= to || !Ordered("<", spare[b].Key, spare[a].Key)) ? spare[a++] : spare[b++];
    }
}

/// <summary>Hashing for dict keys and for <c>unique</c>; refuses what Python cannot hash.</summary>
internal sealed class KeyComparer : IEqualityComparer<object>
{
    internal static readonly KeyComparer Instance = new();
    private static readonly object None = new();

    /// <summary>The key as the index stores it (None has a stand-in), after the check that it can be hashed.</summary>
    internal static object Slot(object? key)
    {
        Check(key);
        return key ?? None;
    }

    public new bool Equals(object? a, object? b) => Comparison.Same(a, b);

    public int GetHashCode(object key)
    {
        switch (key)
        {
            case string s:
                RenderBudget.Charge(s.Length / 16);
                return s.GetHashCode(StringComparison.Ordinal);
            case Markup m: return GetHashCode(m.Text);
            case bool b: return BigInteger.One.GetHashCode() * (b ? 1 : 0);
            case BigInteger i: return i.IsZero ? 0 : i.GetHashCode();
            case double d:
                if (!double.IsFinite(d) || Math.Floor(d) != d) return d.GetHashCode();
                return GetHashCode(new BigInteger(d));
            case PyTuple t:
                var hash = 17;
                foreach (var item in t.Items) hash = unchecked(hash * 31 + GetHashCode(Slot(item)));
                return hash;
            case PyRange r: return r.Count.GetHashCode();
            case Undefined: return 3;
            default: return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key);
        }
    }

    private static void Check(object? key)
    {
        if (key is PyTuple t)
        {
            RenderBudget.GuardStack();
            foreach (var item in t.Items) Check(item);
        }
        if (key is PyList or PyDict || key is PyDictView { Kind: not "values" })
            throw TemplateException.Type($"unhashable type: '{PyType.Name(key)}'");
    }
}
