// str.format: "{} {name} {0[1].x!r:>8}" with Python's field syntax; fields are looked up by the sandbox's own rules.
using System.Globalization;
using System.Numerics;
using System.Text;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>The <c>format</c> and <c>format_map</c> methods.</summary>
internal static class StringFormat
{
    internal static string Format(string format, List<object?> positional, Func<string, (bool Found, object? Value)> named) =>
        new Run(positional, named).Format(format, 2);

    private sealed class Run(List<object?> positional, Func<string, (bool Found, object? Value)> named)
    {
        // Fields may be numbered by hand or counted, never both.
        private int _automatic;
        private bool _numbered;

        internal string Format(string format, int depth)
        {
            if (depth < 0) throw TemplateException.Value("Max string recursion exceeded");
            var to = new StringBuilder();
            for (var i = 0; i < format.Length;)
            {
                RenderBudget.ChargeSize(to.Length > RenderBudget.MaxSize ? -1 : 1);
                var c = format[i++];
                if (c is not ('{' or '}')) to.Append(c);
                else if (i < format.Length && format[i] == c)
                {
                    to.Append(c);
                    i++;
                }
                else if (c == '}') throw TemplateException.Value("Single '}' encountered in format string");
                else to.Append(Field(format, ref i, depth));
            }
            return to.ToString();
        }

        private string Field(string format, ref int i, int depth)
        {
            var start = i;
            int nested = 1, brackets = 0;
            int colon = -1, bang = -1;
            for (; i < format.Length && nested > 0; i++)
            {
                var c = format[i];
                if (c == '[' && colon < 0) brackets++;
                else if (c == ']' && colon < 0) brackets = 0;
                else if (brackets > 0 && colon < 0) continue;
                else if (c == '{') nested++;
                else if (c == '}') nested--;
                else if (c == '!' && bang < 0 && colon < 0) bang = i;
                else if (c == ':' && colon < 0) colon = i;
            }
            if (nested > 0)
                throw TemplateException.Value(start == format.Length ? "Single '{' encountered in format string"
                    : "expected '}' before end of string");
            var end = i - 1;
            var nameEnd = bang >= 0 ? bang : colon >= 0 ? colon : end;
            var value = Lookup(format[start..nameEnd]);
            if (bang >= 0)
            {
                var conversion = format[(bang + 1)..(colon >= 0 ? colon : end)];
                value = conversion switch
                {
                    "s" => Repr.Str(value),
                    "r" => Repr.Of(value),
                    "a" => JsonText.AsciiRepr(Repr.Of(value)),
                    _ => throw TemplateException.Value(conversion.Length == 1 ? $"Unknown conversion specifier {conversion}" : "expected ':' after conversion specifier"),
                };
            }
            return FormatSpec.Format(value, colon < 0 ? "" : Format(format[(colon + 1)..end], depth - 1));
        }

        private object? Lookup(string field)
        {
            var split = field.IndexOfAny(['.', '[']);
            var value = First(split < 0 ? field : field[..split]);
            for (var i = split < 0 ? field.Length : split; i < field.Length;)
            {
                if (field[i] == '.')
                {
                    var end = field.IndexOfAny(['.', '['], i + 1) is >= 0 and var e ? e : field.Length;
                    if (end == i + 1) throw TemplateException.Value("Empty attribute in format string");
                    value = Attributes.Get(value, field[(i + 1)..end]);
                    i = end;
                }
                else if (field[i] == '[')
                {
                    var close = field.IndexOf(']', i);
                    if (close < 0) throw TemplateException.Value("Missing ']' in format string");
                    var key = field[(i + 1)..close];
                    if (key.Length == 0) throw TemplateException.Value("Empty attribute in format string");
                    value = Attributes.Item(value, key.All(char.IsAsciiDigit) ? BigInteger.Parse(key, CultureInfo.InvariantCulture) : key);
                    i = close + 1;
                }
                else throw TemplateException.Value("Only '.' or '[' may follow ']' in format field specifier");
            }
            return value;
        }

        private object? First(string name)
        {
            if (name.Length == 0)
            {
                if (_numbered) throw TemplateException.Value("cannot switch from manual field specification to automatic field numbering");
                return At(_automatic++);
            }
            if (!name.All(char.IsAsciiDigit))
                return named(name) is (true, var value) ? value : throw new TemplateException("KeyError", Repr.Quote(name));
            if (_automatic > 0) throw TemplateException.Value("cannot switch from manual field specification to automatic field numbering");
            _numbered = true;
            return At(name.Length > 9 ? int.MaxValue : int.Parse(name, CultureInfo.InvariantCulture));
        }

        private object? At(int index) => index < positional.Count ? positional[index]
            : throw new TemplateException("IndexError", "tuple index out of range");
    }
}
