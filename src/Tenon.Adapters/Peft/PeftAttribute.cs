using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Tenon.Adapters.Peft;

/// <summary>The field of <c>adapter_config.json</c> that holds an option as it is.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PeftAttribute(string name) : Attribute
{
    /// <summary>PEFT's name.</summary>
    public string Field => name;

    /// <summary>Writes the options that have a field of their own; null leaves PEFT's default, or what the method puts there.</summary>
    internal static PeftConfig Write(PeftConfig config, ISettings options)
    {
        foreach (var (property, name) in Fields(options.GetType()))
            if (property.GetValue(options) is { } value)
                config[name] = Json(value);
        return config;
    }

    /// <summary>The options that have a field of their own, as <see cref="AdapterSettings.Options"/> holds them.</summary>
    internal static Dictionary<string, string> Read<T>(PeftConfig config) where T : ISettings => Read(typeof(T), config);

    /// <summary>The same for options of a type known at run time.</summary>
    internal static Dictionary<string, string> Read(Type type, PeftConfig config)
    {
        var options = new Dictionary<string, string>();
        foreach (var (property, name) in Fields(type))
            if (config[name] is not null) options[SettingNames.KeyOf(property.Name)] = Text(property.PropertyType, config, name);
        return options;
    }

    /// <summary>Properties with a field of the configuration, with its name.</summary>
    public static IEnumerable<(PropertyInfo Property, string Field)> Fields(Type options) =>
        SettingNames.Keys(options).Select(property => (property, property.GetCustomAttribute<PeftAttribute>()?.Field ?? ""))
        .Where(pair => pair.Item2.Length > 0);

    private static JsonNode Json(object value) => value switch
    {
        int whole => JsonValue.Create(whole),
        double number => JsonValue.Create(number),
        bool flag => JsonValue.Create(flag),
        string text => JsonValue.Create(text),
        IReadOnlyDictionary<string, double> pattern => PeftNumbers.Pattern(pattern),
        _ => throw new NotSupportedException($"an option of type {value.GetType().Name}"),
    };

    private static string Text(Type type, PeftConfig config, string field)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(int)) return config.Int(field).ToString(CultureInfo.InvariantCulture);
        if (plain == typeof(double)) return config.Number(field).ToString("R", CultureInfo.InvariantCulture);
        if (plain == typeof(bool)) return config.Flag(field) ? "true" : "false";
        return plain == typeof(string) ? config.Text(field)! : config[field]!.ToJsonString();
    }
}
