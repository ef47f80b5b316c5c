using System.Collections;
using System.Reflection;
using System.Text.Json;

namespace Tenon.Training.Settings;

/// <summary>Checks a record of settings against its bounds, words and rules, and gives every fault with the key as the recipe writes it.</summary>
public static class SettingsCheck
{
    /// <summary>All faults of a record and of the records in it.</summary>
    public static IReadOnlyList<SettingsFault> Faults(ISettings settings)
    {
        var faults = new List<SettingsFault>();
        Collect(settings, "", faults);
        return faults;
    }

    /// <summary>The recipe's spelling of a .NET name: <c>MaxNewTokens</c> is <c>max-new-tokens</c>.</summary>
    public static string KeyOf(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    /// <summary>The properties of a settings type that are keys of a recipe, in the order they are written.</summary>
    public static IEnumerable<PropertyInfo> Keys(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is not null
            && property.GetCustomAttribute<System.Text.Json.Serialization.JsonIgnoreAttribute>() is null
            && property.GetCustomAttribute<System.Text.Json.Serialization.JsonExtensionDataAttribute>() is null);

    /// <summary>The fault of one value against its property's bounds or words, or null.</summary>
    public static SettingsFault? FaultOf(PropertyInfo property, object? value, string key)
    {
        if (value is null) return null;
        if (property.GetCustomAttribute<BoundsAttribute>() is { } bounds && value is IConvertible and not string)
        {
            var number = Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture);
            if (!bounds.Holds(number))
                return new SettingsFault(key, $"{Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)} is out of range", bounds.ToString());
        }
        if (property.GetCustomAttribute<WordsAttribute>() is { } words && value is string word && !words.Words.Contains(word))
            return new SettingsFault(key, $"'{word}' is no choice" + (Nearest.Of(word, words.Words) is { } near ? $"; nearest: {near}" : ""), string.Join(", ", words.Words));
        return null;
    }

    private static void Collect(ISettings settings, string path, List<SettingsFault> faults)
    {
        foreach (var property in Keys(settings.GetType()))
        {
            var key = path + KeyOf(property.Name);
            var value = property.GetValue(settings);
            if (FaultOf(property, value, key) is { } fault) faults.Add(fault);
            if (value is ISettings inner) Collect(inner, key + ".", faults);
            else if (value is IEnumerable items and not string)
            {
                var index = 0;
                foreach (var item in items)
                {
                    if (item is ISettings element) Collect(element, $"{key}.{index}.", faults);
                    index++;
                }
            }
        }
        faults.AddRange(settings.Rules().Select(fault => fault with { Key = path + fault.Key }));
    }
}
