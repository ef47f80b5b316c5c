using System.Numerics;

namespace Tenon.Text.Templates.Values;

/// <summary>Slices of sequences and strings.</summary>
internal static class Slicing
{
    /// <summary><c>value[start:stop:step]</c>.</summary>
    internal static object? Slice(object? value, object? start, object? stop, object? step)
    {
        if (value is Undefined u) throw u.Fail();
        if (value is PyDict) throw TemplateException.Type("unhashable type: 'slice'");
        if (value is PyObject or PyNamespace or PyIterator or PyDictView || PyType.Length(value) is not { } count)
            throw TemplateException.Type($"'{PyType.Name(value)}' object is not subscriptable");
        var by = step is null ? BigInteger.One : Bound(step);
        if (by.IsZero) throw TemplateException.Value("slice step cannot be zero");
        var (from, to) = Range(start, stop, by, count);
        if (value is PyRange r) return new PyRange(r.Start + from * r.Step, r.Start + to * r.Step, r.Step * by);
        RenderBudget.ChargeSize((long)count);
        if (PyType.AsText(value) is { } s)
        {
            var text = by.IsOne ? PyText.Substring(s, (int)from, (int)to) : Every(s, from, to, by);
            return value is Markup ? new Markup(text) : text;
        }
        var sequence = (PySequence)value!;
        return sequence.With(Steps(from, to, by).Select(i => sequence.Items[i]).ToList());
    }

    /// <summary>
    /// The part of a string between the optional ends of <c>find</c> and its kin, and where it starts; null where the start lies behind the
    /// end.
    /// </summary>
    internal static (string Text, int Start)? Bounds(string s, object? start, object? end)
    {
        if (start is Absent && end is Absent) return (s, 0);
        BigInteger length = PyText.Length(s);
        var from = Absent.Or(start, null) is { } a ? Bound(a) : 0;
        var to = Absent.Or(end, null) is { } b ? Bound(b) : length;
        if (from < 0) from = BigInteger.Max(0, from + length);
        if (to < 0) to = BigInteger.Max(0, to + length);
        to = BigInteger.Min(to, length);
        if (from > to) return null;
        return (PyText.Substring(s, (int)from, (int)to), (int)from);
    }

    private static (BigInteger From, BigInteger To) Range(object? start, object? stop, BigInteger step, BigInteger count)
    {
        var back = step.Sign < 0;
        BigInteger low = back ? -1 : 0, high = back ? count - 1 : count;
        return (Clamp(start, back ? high : low), Clamp(stop, back ? low : high));

        BigInteger Clamp(object? bound, BigInteger fallback)
        {
            if (bound is null) return fallback;
            var i = Bound(bound);
            if (i.Sign < 0) i += count;
            return i < low ? low : i > high ? high : i;
        }
    }

    private static BigInteger Bound(object? value) =>
        PyType.AsInt(value) ?? throw TemplateException.Type("slice indices must be integers or None or have an __index__ method");

    private static string Every(string s, BigInteger from, BigInteger to, BigInteger by)
    {
        var all = PyText.CodePoints(s).ToList();
        return string.Concat(Steps(from, to, by).Select(i => all[i]));
    }

    private static IEnumerable<int> Steps(BigInteger from, BigInteger to, BigInteger by)
    {
        for (var i = from; by.Sign > 0 ? i < to : i > to; i += by) yield return (int)i;
    }
}
