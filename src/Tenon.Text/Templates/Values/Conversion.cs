using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Tenon.Text.Templates.Values;

/// <summary>
/// .NET and JSON values to a template's values. Numbers keep Python's reading of JSON: digits alone are an int of any size, the rest
/// floats.
/// </summary>
internal static class Conversion
{
    internal static object? ToValue(object? value)
    {
        switch (value)
        {
            case null or string or bool or BigInteger or double or PyList or PyDict or PyTuple: return value;
            case JsonElement json: return FromJson(json);
            case int or long or short or byte or uint or ulong or ushort
                or sbyte:
                return new BigInteger(System.Convert.ToDecimal(value, CultureInfo.InvariantCulture));
            case float f: return (double)f;
            case decimal d: return (double)d;
            case IDictionary map:
                var dict = new PyDict();
                foreach (DictionaryEntry entry in map) dict.Set(ToValue(entry.Key), ToValue(entry.Value));
                return dict;
            case IEnumerable<KeyValuePair<string, object?>> pairs:
                var result = new PyDict();
                foreach (var (key, item) in pairs) result.Set(key, ToValue(item));
                return result;
            case IEnumerable items: return new PyList(items.Cast<object?>().Select(ToValue));
            default: throw new ArgumentException($"a template variable cannot be of type {value.GetType()}", nameof(value));
        }
    }

    internal static object? FromJson(JsonElement json)
    {
        RenderBudget.GuardStack();
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var dict = new PyDict();
                foreach (var property in json.EnumerateObject()) dict.Set(NameOf(property), FromJson(property.Value));
                return dict;
            case JsonValueKind.Array: return new PyList(json.EnumerateArray().Select(FromJson));
            case JsonValueKind.String: return TextOf(json);
            case JsonValueKind.Number:
                var digits = json.GetRawText();
                return digits.AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? BigInteger.Parse(digits, CultureInfo.InvariantCulture)
                    : double.Parse(digits, CultureInfo.InvariantCulture);
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            default: return null;
        }
    }

    private static string TextOf(JsonElement json)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // A surrogate that stands alone: Python keeps it, the reader of .NET refuses it.
            return Unescape(json.GetRawText()[1..^1]);
        }
    }

    private static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            var raw = property.ToString();
            return Unescape(raw[1..raw.IndexOf("\":", StringComparison.Ordinal)]);
        }
    }

    private static string Unescape(string raw)
    {
        var to = new StringBuilder();
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\') to.Append(raw[i]);
            else if (raw[++i] == 'u')
            {
                to.Append((char)ushort.Parse(raw.AsSpan(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 4;
            }
            else to.Append(raw[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', var c => c });
        }
        return to.ToString();
    }
}
