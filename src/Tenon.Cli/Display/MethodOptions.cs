using System.Collections;
using System.Globalization;
using System.Reflection;
using Tenon.Adapters;
using Tenon.Adapters.Peft;

namespace Tenon.Cli.Display;

/// <summary>
/// One option of an adapter method, for a person: its key, its default, what it may be, its sentence, and PEFT's name of it.
/// </summary>
internal sealed record MethodOption(string Key, string Default, string Range, string Sentence, string? Peft)
{
    /// <summary>The options that a method has for itself, in the order of its record.</summary>
    public static IReadOnlyList<MethodOption> Of(AdapterMethod method, Sentences sentences)
    {
        var standard = method.StandardOptions;
        return [.. SettingNames.Keys(standard.GetType()).OrderBy(Depth).Select(property => new MethodOption(
            SettingNames.KeyOf(property.Name),
            DefaultOf(property, property.GetValue(standard)),
            RangeOf(property),
            sentences.Of(property),
            property.GetCustomAttribute<PeftAttribute>()?.Field))];
    }

    /// <summary>What a value is where nobody names one.</summary>
    public static string DefaultOf(PropertyInfo property, object? value)
    {
        if (property.GetCustomAttribute<DefaultAttribute>() is { } words) return words.Text;
        return value switch
        {
            null => "null",
            bool flag => flag ? "true" : "false",
            "" => "none",
            string text => text,
            IEnumerable items => items.Cast<object>().Any() ? string.Join(", ", items.Cast<object>()) : "none",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!.ToLowerInvariant(),
        };
    }

    /// <summary>What a value may be.</summary>
    public static string RangeOf(PropertyInfo property)
    {
        if (property.GetCustomAttribute<WordsAttribute>() is { } words) return string.Join(", ", words.Words);
        if (property.GetCustomAttribute<BoundsAttribute>() is { } bounds)
            return bounds.Most == int.MaxValue ? $"{bounds.Least} or more" : bounds.ToString();
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(bool)) return "true, false";
        if (type == typeof(double)) return "a number";
        if (type == typeof(string)) return "a text";
        return type.IsAssignableTo(typeof(IReadOnlyDictionary<string, double>)) ? "a mapping of names to numbers"
            : "a list of whole numbers";
    }

    // What the family shares stands before what the method adds.
    private static int Depth(PropertyInfo property)
    {
        var depth = 0;
        for (var type = property.DeclaringType; type?.BaseType is { } above; type = above) depth++;
        return depth;
    }
}
