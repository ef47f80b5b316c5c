using System.Globalization;
using System.Numerics;
using System.Text;

namespace Tenon.Text.Templates.Values;

/// <summary>Printed forms: <c>str()</c> and <c>repr()</c>.</summary>
internal static class Repr
{
    /// <summary><c>str(value)</c>: strings as they are, undefined as nothing, everything else as <see cref="Of"/>.</summary>
    internal static string Str(object? value) => value switch
    {
        string s => s,
        Markup m => m.Text,
        Undefined => "",
        _ => Of(value),
    };

    /// <summary><c>repr(value)</c>.</summary>
    internal static string Of(object? value)
    {
        if (value is string or bool or null or double or BigInteger) return Scalar(value);
        var builder = new StringBuilder();
        Append(builder, value);
        return builder.ToString();
    }

    private static string Scalar(object? value) => value switch
    {
        null => "None",
        bool b => b ? "True" : "False",
        BigInteger i => Int(i),
        double d => PyFloat.Repr(d),
        _ => Quote((string)value),
    };

    /// <summary>Decimal digits; Python refuses more than 4300 of them.</summary>
    internal static string Int(BigInteger value)
    {
        if (value.GetBitLength() > 14_284 && BigInteger.Abs(value) >= Limit)
            throw TemplateException.Value(
                "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit");
        return value.ToString(CultureInfo.InvariantCulture);
    }

    private static readonly BigInteger Limit = BigInteger.Pow(10, 4300);

    private static void Append(StringBuilder to, object? value)
    {
        RenderBudget.Charge(1);
        RenderBudget.GuardStack();
        switch (value)
        {
            case Undefined: to.Append("Undefined"); break;
            case Markup m: to.Append("Markup(").Append(Quote(m.Text)).Append(')'); break;
            case PyList l: AppendItems(to, '[', l.Items, ']'); break;
            case PyTuple t:
                AppendItems(to, '(', t.Items, t.Items.Count == 1 ? ',' : ')');
                if (t.Items.Count == 1) to.Append(')');
                break;
            case PyDict d: AppendDict(to, d.Entries); break;
            case PyDictView v:
                to.Append("dict_").Append(v.Kind).Append('(');
                AppendItems(to, '[', v.Items(), ']');
                to.Append(')');
                break;
            case PyRange r:
                to.Append("range(").Append(Int(r.Start)).Append(", ").Append(Int(r.Stop));
                if (!r.Step.IsOne) to.Append(", ").Append(Int(r.Step));
                to.Append(')');
                break;
            case PyIterator i: to.Append('<').Append(i.Label).Append(" at 0x7f0000000000>"); break;
            case PyNamespace n:
                to.Append("<Namespace ");
                AppendDict(to, n.Attributes.Select(a => new KeyValuePair<object?, object?>(a.Key, a.Value)));
                to.Append('>');
                break;
            case PyObject o: to.Append(o.Display()); break;
            default:
                var text = Scalar(value);
                RenderBudget.ChargeSize(to.Length + (long)text.Length > RenderBudget.MaxSize ? RenderBudget.MaxSize + 1 : text.Length);
                to.Append(text);
                break;
        }
    }

    private static void AppendItems(StringBuilder to, char open, IEnumerable<object?> items, char close)
    {
        to.Append(open);
        var first = true;
        foreach (var item in items)
        {
            if (!first) to.Append(", ");
            first = false;
            Append(to, item);
        }
        to.Append(close);
    }

    private static void AppendDict(StringBuilder to, IEnumerable<KeyValuePair<object?, object?>> entries)
    {
        to.Append('{');
        var first = true;
        foreach (var (key, value) in entries)
        {
            if (!first) to.Append(", ");
            first = false;
            Append(to, key);
            to.Append(": ");
            Append(to, value);
        }
        to.Append('}');
    }

    /// <summary>A string literal as Python prints it: single quotes unless only those occur, escapes for what cannot be printed.</summary>
    internal static string Quote(string s)
    {
        RenderBudget.ChargeSize(s.Length);
        var quote = s.Contains('\'') && !s.Contains('"') ? '"' : '\'';
        var to = new StringBuilder(s.Length + 2).Append(quote);
        foreach (var c in PyText.Scalars(s))
        {
            if (c == quote || c == '\\') to.Append('\\').Append((char)c);
            else if (c == '\n') to.Append("\\n");
            else if (c == '\r') to.Append("\\r");
            else if (c == '\t') to.Append("\\t");
            else if (IsPrintable(c)) to.AppendScalar(c);
            else if (c < 0x100) to.Append("\\x").Append(c.ToString("x2", CultureInfo.InvariantCulture));
            else if (c < 0x10000) to.Append("\\u").Append(c.ToString("x4", CultureInfo.InvariantCulture));
            else to.Append("\\U").Append(c.ToString("x8", CultureInfo.InvariantCulture));
        }
        return to.Append(quote).ToString();
    }

    /// <summary><c>str.isprintable</c> of one code point.</summary>
    internal static bool IsPrintable(int scalar) =>
        scalar == ' ' || (scalar > ' ' && scalar < 0x7f) || (scalar >= 0x7f && CharUnicodeInfo.GetUnicodeCategory(scalar) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator));
}
