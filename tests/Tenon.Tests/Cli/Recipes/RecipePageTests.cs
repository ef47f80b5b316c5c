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
        var tables = "\n" + Section("The recipe of `train`", new RunSettings())
            + Section("The recipe of `pretrain`", new PretrainSettings());
        var expected = page[..(page.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length)] + tables;
        if (Environment.GetEnvironmentVariable("TENON_UPDATE_DOCS") == "1") File.WriteAllText(path, expected);
        else page.ShouldBe(expected, "run this test once with TENON_UPDATE_DOCS=1 and look at what changed");
    }

    /// <summary>A short example of each part of a recipe; <see cref="ExampleTests"/> runs them.</summary>
    private static readonly Dictionary<string, string> S_examples = new()
    {
        ["adapter"] = "adapter: { method: dora, rank: 8, targets: [q_proj, v_proj], dropout: 0.05 }",
        ["data"] = "data:\n  task: { name: arithmetic, level: 2 }\n  prompt: plain\nrollout: { max-new-tokens: 64 }",
        ["reward"] = "reward:\n  - math\n  - { name: soft-overlong, weight: 0.5, buffer: 16 }",
        ["rollout"] = "rollout: { prompts: 8, group: 16, temperature: 0.8, dynamic-sampling: true, max-new-tokens: 64 }",
        ["objective"] = "objective: { preset: dapo, clip-high: 0.3, kl: 0.01 }",
        ["optimizer"] = "optimizer: { method: adamw, learning-rate: 3.0e-4, schedule: cosine, warmup-steps: 5 }",
        ["update"] = "update: { epochs: 2, minibatches: 4 }",
        ["evaluate"] = "evaluate: { every: 20, benchmarks: [held-out@4], problems: 64 }",
        ["checkpoint"] = "checkpoint: { every: 20, keep: 2 }",
    };

    private static string Section<T>(string title, T settings) where T : ISettings
    {
        var text = new StringBuilder($"## {title}\n\n{Head}");
        var parts = SettingNames.Keys(typeof(T)).Where(property => SettingNames.RecordOf(property) is not null).ToList();
        foreach (var property in SettingNames.Keys(typeof(T)).Except(parts))
            Row(text, property, settings, "", SettingsJson.Write(settings));
        foreach (var property in parts)
        {
            var key = SettingNames.KeyOf(property.Name);
            text.Append(CultureInfo.InvariantCulture, $"\n### {key}\n\n{Doc(property)}\n\n");
            if (typeof(T) == typeof(RunSettings) && S_examples.TryGetValue(key, out var example))
                text.Append(CultureInfo.InvariantCulture, $"```yaml\n{example}\n```\n\n");
            text.Append(Head);
            Inner(text, property, settings, "");
        }

        return text.Append('\n').ToString();
    }

    private const string Head = "| key | default | range | what it is |\n|---|---|---|---|\n";

    /// <summary>The rows of the record that a key holds.</summary>
    private static void Inner(StringBuilder text, PropertyInfo property, object owner, string path)
    {
        var record = SettingNames.RecordOf(property)!;
        var isList = property.PropertyType.IsAssignableTo(typeof(IEnumerable));
        var value = (ISettings)((isList ? null : property.GetValue(owner)) ?? Activator.CreateInstance(record)!);
        var inside = $"{path}{SettingNames.KeyOf(property.Name)}{(isList ? "[]" : "")}.";
        foreach (var inner in SettingNames.Keys(record))
        {
            Row(text, inner, value, inside, SettingsJson.Write(value));
            if (SettingNames.RecordOf(inner) is not null && !path.Contains(SettingNames.KeyOf(inner.Name), StringComparison.Ordinal))
                Inner(text, inner, value, inside);
        }
    }

    private static void Row(StringBuilder text, PropertyInfo property, object owner, string path, JsonObject json)
    {
        var key = SettingNames.KeyOf(property.Name);
        var inner = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var shown = property.GetValue(owner) is ISettings ? "" : Default(property, json[key]);
        text.Append(CultureInfo.InvariantCulture, $"| `{path}{key}` | {shown} | {Range(property, inner)} | {Escape(Doc(property))} |\n");
    }

    private static string Default(PropertyInfo property, JsonNode? node) =>
        node is null ? property.GetCustomAttribute<AutoAttribute>() is null ? "null" : "`auto`"
        : $"`{node.ToJsonString().Trim('"').Replace("\\n", "\\n", StringComparison.Ordinal)}`";

    private static string Range(PropertyInfo property, Type type)
    {
        if (type.IsEnum) return string.Join(", ", Enum.GetNames(type).Select(name => $"`{SettingNames.KeyOf(name)}`"));
        if (property.GetCustomAttribute<BoundsAttribute>() is { } bounds) return bounds.ToString();
        if (property.GetCustomAttribute<WordsAttribute>() is { } words) return string.Join(", ", words.Words.Select(word => $"`{word}`"));
        if (type == typeof(ByteSize)) return "`off`, a size";
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
