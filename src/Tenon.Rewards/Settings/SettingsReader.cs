using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Tenon.Rewards.Settings;

/// <summary>
/// Fills a settings record from a recipe's keys: property <c>MaxPenalty</c> is <c>max-penalty</c>. Values may be texts, numbers, booleans, lists,
/// maps or JSON, as a YAML or JSON reader gives them. All faults are found at once; an unknown key names the nearest.
/// </summary>
internal static class SettingsReader
{
    /// <summary>The keys of a settings type.</summary>
    public static IEnumerable<string> Keys(Type type) => Properties(type).Select(p => KebabCase.Of(p.Name));

    /// <summary>A record of the type, filled; meaningless where faults were added.</summary>
    public static object Read(Type type, IReadOnlyDictionary<string, object?> values, List<SettingFault> faults)
    {
        var settings = Activator.CreateInstance(type)!;
        var properties = Properties(type).ToDictionary(p => KebabCase.Of(p.Name), StringComparer.Ordinal);
        foreach (var (key, value) in values)
        {
            if (!properties.TryGetValue(key, out var property))
                faults.Add(new SettingFault(key, Unknown(key, properties.Keys)));
            else if (TryConvert(value, property.PropertyType, out var converted))
                property.SetValue(settings, converted);
            else
                faults.Add(new SettingFault(key, $"expected {Describe(property.PropertyType)}, got {Shown(value)}"));
        }

        if (faults.Count == 0 && settings is ICheckedSettings check) faults.AddRange(check.Faults());
        return settings;
    }

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true });

    private static string Unknown(string key, IReadOnlyCollection<string> known)
    {
        if (known.Count == 0) return "unknown key: there are no settings";
        return Nearest.Of(key, known) is { } near ? $"unknown key; did you mean '{near}'?" : $"unknown key; known are {string.Join(", ", known)}";
    }

    private static bool TryConvert(object? value, Type type, out object? result)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (value is JsonElement json && target != typeof(JsonElement)) value = Plain(json);
        result = null;
        if (value is null) return !type.IsValueType || target != type;
        if (target == typeof(JsonElement)) return TryJson(value, out result);
        if (target.IsAssignableTo(typeof(IEnumerable)) && target != typeof(string)) return TryList(value, out result);
        var text = value is bool b ? (b ? "true" : "false") : value is IFormattable f ? f.ToString(null, CultureInfo.InvariantCulture) : value as string;
        if (text is null) return false;
        if (target == typeof(string)) result = text;
        else if (target == typeof(bool)) result = text is "true" or "false" ? text == "true" : null;
        else if (target == typeof(int)) result = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var i) ? i : null;
        else if (target == typeof(double)) result = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) ? d : null;
        else if (target.IsEnum) result = Enum.GetValues(target).Cast<object>().FirstOrDefault(e => KebabCase.Of(e.ToString()!) == text);
        return result is not null;
    }

    // The one list type that settings use is a list of texts; a single text is a list of one.
    private static bool TryList(object value, out object? result)
    {
        result = null;
        if (value is IDictionary) return false;
        var items = value is string or not IEnumerable ? [value] : ((IEnumerable)value).Cast<object?>().ToList();
        var texts = new List<string>();
        foreach (var item in items)
        {
            if (!TryConvert(item, typeof(string), out var text) || text is null) return false;
            texts.Add((string)text);
        }

        result = texts;
        return true;
    }

    private static bool TryJson(object value, out object? result)
    {
        result = null;
        try
        {
            result = value switch
            {
                JsonElement json => json,
                string text => JsonDocument.Parse(text).RootElement.Clone(),
                _ => JsonSerializer.SerializeToElement(value),
            };
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return false;
        }

        return true;
    }

    private static object? Plain(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => json.EnumerateArray().Select(Plain).ToList(),
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Object => json.EnumerateObject().ToDictionary(p => p.Name, p => Plain(p.Value)),
        _ => json.GetRawText(),
    };

    private static string Describe(Type type)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (target == typeof(int)) return "a whole number";
        if (target == typeof(double)) return "a number";
        if (target == typeof(bool)) return "true or false";
        if (target == typeof(string)) return "a text";
        if (target == typeof(JsonElement)) return "a JSON value";
        return target.IsEnum ? string.Join(" | ", Enum.GetNames(target).Select(KebabCase.Of)) : "a list of texts";
    }

    private static string Shown(object? value) => value switch
    {
        null => "null",
        string text => $"'{text}'",
        IDictionary => "a map",
        IEnumerable => "a list",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
