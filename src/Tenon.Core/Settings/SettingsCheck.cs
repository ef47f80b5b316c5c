using System.Collections;
using System.Globalization;
using System.Reflection;

namespace Tenon;

/// <summary>
/// Checks a record of settings against its bounds, words and rules, and gives every fault with the key as the recipe writes it.
/// </summary>
public static class SettingsCheck
{
    /// <summary>All faults of a record and of the records in it.</summary>
    public static IReadOnlyList<SettingsFault> Faults(ISettings settings)
    {
        var faults = new List<SettingsFault>();
        Collect(settings, "", faults);
        return faults;
    }

    /// <summary>The fault of one value against its property's bounds or words, or null.</summary>
    public static SettingsFault? FaultOf(PropertyInfo property, object? value, string key)
    {
        if (value is null) return null;
        if (property.GetCustomAttribute<BoundsAttribute>() is { } bounds && value is IConvertible and not string)
        {
            var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
            if (!bounds.Holds(number))
                return new SettingsFault(key, $"{Convert.ToString(value, CultureInfo.InvariantCulture)} is out of range",
                    bounds.ToString());
        }
        if (property.GetCustomAttribute<WordsAttribute>() is { } words && value is string word && !words.Words.Contains(word))
            return NoChoice(key, word, words.Words);
        return null;
    }

    /// <summary>The fault of a word that is none of some.</summary>
    public static SettingsFault NoChoice(string key, string word, IEnumerable<string> words) =>
        new(key, $"'{word}' is no choice" + (Nearest.Of(word, words) is { } near ? $"; nearest: {near}" : ""), string.Join(", ", words));

    private static void Collect(ISettings settings, string path, List<SettingsFault> faults)
    {
        foreach (var property in SettingNames.Keys(settings.GetType()))
        {
            var key = path + SettingNames.KeyOf(property.Name);
            var value = property.GetValue(settings);
            if (FaultOf(property, value, key) is { } fault) faults.Add(fault);
            if (value is ISettings inner) Collect(inner, key + ".", faults);
            else if (value is IDictionary map)
                foreach (var name in map.Keys.Cast<string>()) CollectItem(map[name], property, $"{key}.{name}", $"{key}.{name}.", faults);
            else if (value is IEnumerable items and not string) Collect(items, property, key, faults);
        }

        if (settings is IHasOptions owner && owner.StandardOptions() is { } standard)
            Collect(SettingsReader.Options(standard, owner.Options, []), path, faults);
        faults.AddRange(settings.Rules().Select(fault => fault with { Key = path + fault.Key }));
    }

    private static void Collect(IEnumerable items, PropertyInfo property, string key, List<SettingsFault> faults)
    {
        var index = 0;
        foreach (var item in items) CollectItem(item, property, key, $"{key}.{index++}.", faults);
    }

    private static void CollectItem(object? item, PropertyInfo property, string key, string path, List<SettingsFault> faults)
    {
        if (item is ISettings element) Collect(element, path, faults);
        else if (FaultOf(property, item, key) is { } fault) faults.Add(fault);
    }
}
