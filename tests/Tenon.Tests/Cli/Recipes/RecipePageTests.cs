using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Tests.Support;
using Tenon.Training.Settings;

namespace Tenon.Tests.Cli.Recipes;

/// <summary>docs/recipes.md is made from the records; with TENON_UPDATE_DOCS=1 this test writes it anew.</summary>
public class RecipePageTests
{
    private const string Marker = "<!-- The tables below are made from the settings records; a test compares them. -->\n";

    [Fact]
    public void The_page_lists_every_key_with_its_default_and_sentence()
    {
        var path = Repository.Path("docs/recipes.md");
        var page = File.ReadAllText(path).ReplaceLineEndings("\n");
        var tables = "\n" + Section("The recipe of `train`", new RunSettings()) + Section("The recipe of `pretrain`", new PretrainSettings());
        var expected = page[..(page.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length)] + tables;
        if (Environment.GetEnvironmentVariable("TENON_UPDATE_DOCS") == "1") File.WriteAllText(path, expected);
        else page.ShouldBe(expected, "run this test once with TENON_UPDATE_DOCS=1 and look at what changed");
    }

    private static string Section<T>(string title, T settings) where T : ISettings
    {
        var text = new StringBuilder($"## {title}\n\n| key | default | range | what it is |\n|---|---|---|---|\n");
        Rows(text, typeof(T), settings, "", SettingsJson.Write(settings));
        return text.Append('\n').ToString();
    }

    private static void Rows(StringBuilder text, Type type, object? instance, string path, JsonObject? json)
    {
        foreach (var property in SettingNames.Keys(type))
        {
            var key = SettingNames.KeyOf(property.Name);
            var value = instance is null ? null : property.GetValue(instance);
            var inner = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var item = inner.IsGenericType && inner.IsAssignableTo(typeof(IEnumerable)) ? inner.GetGenericArguments()[^1] : null;
            var record = IsRecord(inner) ? inner : item is not null && IsRecord(item) ? item : null;
            var shown = record is not null && item is null && value is not null ? "" : Default(property, json?[key]);
            text.Append(CultureInfo.InvariantCulture, $"| `{path}{key}` | {shown} | {Range(property, inner)} | {Escape(Doc(property))} |\n");
            if (record is null || path.Contains(key, StringComparison.Ordinal)) continue;
            Rows(text, record, item is null ? value ?? Activator.CreateInstance(record) : Activator.CreateInstance(record), $"{path}{key}{(item is null ? "" : "[]")}.",
                SettingsJson.Write((dynamic?)value is ISettings set && item is null ? (dynamic)set : (dynamic)Activator.CreateInstance(record)!));
        }
    }

    private static bool IsRecord(Type type) => type.IsClass && type.Namespace!.StartsWith("Tenon", StringComparison.Ordinal);

    private static string Default(PropertyInfo property, JsonNode? node) =>
        node is null ? property.GetCustomAttribute<AutoAttribute>() is null ? "null" : "`auto`" : $"`{node.ToJsonString().Trim('"').Replace("\\n", "\\n", StringComparison.Ordinal)}`";

    private static string Range(PropertyInfo property, Type type)
    {
        if (type.IsEnum) return string.Join(", ", Enum.GetNames(type).Select(name => $"`{SettingNames.KeyOf(name)}`"));
        if (property.GetCustomAttribute<BoundsAttribute>() is { } bounds) return bounds.ToString();
        if (property.GetCustomAttribute<WordsAttribute>() is { } words) return string.Join(", ", words.Words.Select(word => $"`{word}`"));
        return type == typeof(bool) ? "`true`, `false`" : "";
    }

    private static string Doc(PropertyInfo property)
    {
        var sentence = XmlDocs.Of(property.DeclaringType!.Assembly).Of(property);
        sentence.ShouldNotBeEmpty($"{property.DeclaringType.Name}.{property.Name} has no sentence");
        return sentence;
    }

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
