using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tenon;

/// <summary>The keys of settings records: .NET's names as recipes write them.</summary>
public static class SettingNames
{
    /// <summary>
    /// The recipe's spelling of a .NET name: <c>MaxNewTokens</c> is <c>max-new-tokens</c>, <c>Sudoku4x4</c> is <c>sudoku4x4</c>.
    /// </summary>
    public static string KeyOf(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    /// <summary>The recipe's word of an enum's value.</summary>
    public static string Word(Enum value) => KeyOf(value.ToString());

    /// <summary>The properties of a settings type that are keys of a recipe, in the order they are written.</summary>
    public static IEnumerable<PropertyInfo> Keys(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true }
            && property.GetCustomAttribute<JsonIgnoreAttribute>() is null
            && property.GetCustomAttribute<JsonExtensionDataAttribute>() is null);

    /// <summary>The record that a key holds, or that each item of its list is; null for plain values.</summary>
    public static Type? RecordOf(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (Item(type) is { } item) type = item;
        return type.IsAssignableTo(typeof(ISettings)) ? type : null;
    }

    /// <summary>The type of a collection's items (of a dictionary's values); null for what is no collection.</summary>
    internal static Type? Item(Type type)
    {
        if (type.IsArray) return type.GetElementType();
        return type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable)) ? type.GetGenericArguments()[^1] : null;
    }

    /// <summary>The records of a tree of settings that have a key of this name, by their paths (<c>""</c> is the top).</summary>
    internal static IEnumerable<string> Homes(Type root, string key, string path = "")
    {
        foreach (var property in Keys(root))
        {
            var name = KeyOf(property.Name);
            if (name == key) yield return path;
            if (RecordOf(property) is not { } record) continue;
            foreach (var home in Homes(record, key, path.Length == 0 ? name : $"{path}.{name}")) yield return home;
        }
    }
}
