using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Evaluation.Comparisons;

/// <summary>
/// Values as Python prints them (<c>{'text': ['a', "it's"], 'score': 0.5, 'kind': &lt;Kind.A: 'a'&gt;}</c>), which some tools put into the
/// columns of a table: dictionaries, lists, tuples, texts, numbers, True, False and None. What is no literal, such as an enumeration's
/// member, becomes null; of <c>array([1, 2])</c> and <c>np.float64(0.5)</c> the argument counts. No number is NaN or infinite.
/// </summary>
internal sealed class PythonLiteral
{
    private const int Deepest = 64;
    private readonly string _text;
    private int _at;
    private int _depth;

    private PythonLiteral(string text) => _text = text;

    /// <summary>The value of a text that is JSON or a Python literal from its first to its last sign; null where it is neither.</summary>
    public static JsonElement? Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            var reader = new PythonLiteral(text);
            return reader.Value(out var value) && reader.Rest() ? JsonSerializer.SerializeToElement(value) : null;
        }
    }

    private char Now => _at < _text.Length ? _text[_at] : '\0';

    private bool Rest()
    {
        Space();
        return _at == _text.Length;
    }

    private void Space()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
    }

    private bool Value(out JsonNode? value)
    {
        Space();
        value = null;
        return Now switch
        {
            '[' => Items(']', out value),
            '(' => Items(')', out value),
            '{' => Dictionary(out value),
            '\'' or '"' => Text(out value),
            '<' => Opaque(),
            _ => Word(out value),
        };
    }

    private bool Items(char end, out JsonNode? value)
    {
        var list = new JsonArray();
        value = list;
        return Enclosed(end, () =>
        {
            if (!Value(out var item)) return false;
            list.Add(item);
            return true;
        });
    }

    private bool Dictionary(out JsonNode? value)
    {
        var map = new JsonObject();
        value = map;
        return Enclosed('}', () =>
        {
            if (!Value(out var key)) return false;
            Space();
            if (Now != ':') return false;
            _at++;
            if (!Value(out var item)) return false;
            map[key?.ToString() ?? "None"] = item;
            return true;
        });
    }

    // From an opening bracket to its end: what is read one by one, with commas between.
    private bool Enclosed(char end, Func<bool> one)
    {
        _at++;
        if (++_depth > Deepest) return false;
        while (true)
        {
            Space();
            if (Now == end) break;
            if (!one()) return false;
            Space();
            if (Now == ',') _at++;
            else if (Now != end) return false;
        }

        _at++;
        _depth--;
        return true;
    }

    private bool Text(out JsonNode? value)
    {
        var (quote, result) = (_text[_at++], new StringBuilder());
        value = null;
        for (; Now != quote; _at++)
        {
            if (_at >= _text.Length) return false;
            if (_text[_at] != '\\')
            {
                result.Append(_text[_at]);
                continue;
            }

            if (++_at >= _text.Length) return false;
            if (!Escape(result)) return false;
        }

        _at++;
        value = JsonValue.Create(result.ToString());
        return true;
    }

    private bool Escape(StringBuilder result)
    {
        var digits = _text[_at] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            if (_at + digits >= _text.Length || !int.TryParse(_text.AsSpan(_at + 1, digits), NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture, out var code) || code > 0x10FFFF || code < 0) return false;
            result.Append(code is >= 0xD800 and <= 0xDFFF or < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32(code));
            _at += digits;
            return true;
        }

        result.Append(_text[_at] switch
        {
            'n' => "\n",
            't' => "\t",
            'r' => "\r",
            '0' => "\0",
            'a' => "\a",
            'b' => "\b",
            'f' => "\f",
            'v' => "\v",
            '\\' or '\'' or '"' => _text[_at].ToString(),
            var other => "\\" + other,
        });
        return true;
    }

    // <Kind.A: 'a'>: to the bracket that closes it, texts passed over.
    private bool Opaque()
    {
        for (var open = 0; _at < _text.Length; _at++)
        {
            if (_text[_at] is '\'' or '"')
            {
                if (!Text(out _)) return false;
                _at--;
            }
            else if (_text[_at] == '<') open++;
            else if (_text[_at] == '>' && --open == 0)
            {
                _at++;
                return true;
            }
        }

        return false;
    }

    private bool Word(out JsonNode? value)
    {
        var start = _at;
        value = null;
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] is '_' or '.' or '+' or '-')) _at++;
        var word = _text[start.._at];
        if (word.Length == 0) return false;
        Space();
        if (Now == '(' && char.IsLetter(word[0]))
        {
            if (!Items(')', out var arguments)) return false;
            value = arguments is JsonArray { Count: > 0 } list ? list[0]?.DeepClone() : null;
            return true;
        }

        value = word switch
        {
            "True" => JsonValue.Create(true),
            "False" => JsonValue.Create(false),
            _ => long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? JsonValue.Create(whole)
                : double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? JsonValue.Create(number) : null,
        };
        if (value is not null || word is "None" or "nan" or "inf" or "-inf" or "NaN") return true;

        // dtype=float32 inside array(...)
        if (Now == '=')
        {
            _at++;
            return Value(out _);
        }

        return char.IsLetter(word[0]) && _depth > 0;
    }
}
