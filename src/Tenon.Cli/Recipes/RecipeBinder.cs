using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Tenon.Training.Settings;

namespace Tenon.Cli.Recipes;

/// <summary>
/// Fits a recipe's tree to a settings record: unknown keys and values of the wrong kind become faults, everything else becomes JSON with
/// the record's own keys. A bare word stands for a record's first key (<c>reward: math</c>, <c>objective: dapo</c>).
/// </summary>
internal sealed class RecipeBinder(List<RecipeFault> faults)
{
    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["rollout.top-k"] = NotStored, ["rollout.top-p"] = NotStored, ["rollout.min-p"] = NotStored,
        ["rollout.repetition-penalty"] = NotStored, ["rollout.presence-penalty"] = NotStored, ["rollout.frequency-penalty"] = NotStored,
    };

    private const string NotStored =
        "is refused in training: the sampler would draw from another distribution than the trainer scores; expected the full distribution at `temperature`";

    /// <summary>The faulty keys' records: what is missing there may stand under the misspelt key.</summary>
    public HashSet<string> FaultyRecords { get; } = [];

    /// <summary>The record's JSON from a tree, without the values that were faulty.</summary>
    public JsonObject Record(RecipeNode node, Type type, string path)
    {
        var result = new JsonObject();
        var keys = SettingsCheck.Keys(type).ToDictionary(property => SettingsCheck.KeyOf(property.Name));
        var extension = type.GetProperties().FirstOrDefault(property => property.GetCustomAttribute<JsonExtensionDataAttribute>() is not null);
        if (node is RecipeScalar { IsNull: false } && keys.Values.First() is { } first && first.PropertyType == typeof(string))
            node = new RecipeMap(node.Place, [new RecipeEntry(SettingsCheck.KeyOf(first.Name), node, node.Place)]);
        if (node is RecipeScalar { IsNull: true }) return result;
        if (node is not RecipeMap map)
        {
            Fault(node.Place, path, $"{node.Kind} is no mapping; expected keys: {string.Join(", ", keys.Keys)}");
            return result;
        }
        foreach (var entry in map.Entries)
        {
            var full = path.Length == 0 ? entry.Key : $"{path}.{entry.Key}";
            if (Refused.TryGetValue(full, out var reason))
            {
                Fault(entry.Place, full, reason);
            }
            else if (keys.TryGetValue(entry.Key, out var property))
            {
                if (Value(entry.Value, property.PropertyType, property, full) is { } value) result[entry.Key] = value;
                else if (entry.Value is RecipeScalar { IsNull: true } && IsNullable(property)) result[entry.Key] = null;
            }
            else if (extension is not null && Misspelt(entry.Key, keys.Keys) is null)
            {
                result[entry.Key] = Free(entry.Value);
            }
            else
            {
                var near = Nearest.Of(entry.Key, keys.Keys);
                Fault(entry.Place, full, "unknown key; " + (near is null ? $"valid keys: {string.Join(", ", keys.Keys)}" : $"nearest: {near}"));
            }
        }
        return result;
    }

    private JsonNode? Value(RecipeNode node, Type type, PropertyInfo property, string path)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (node is RecipeScalar { IsNull: true }) return null;
        if (target != typeof(string) && Item(target) is { } item)
            return target.IsAssignableTo(typeof(IEnumerable)) && target.Name.Contains("Dictionary", StringComparison.Ordinal)
                ? Dictionary(node, item, property, path)
                : List(node, item, property, path);
        if (target.IsClass && target != typeof(string)) return Record(node, target, path);
        if (node is not RecipeScalar scalar)
        {
            Fault(node.Place, path, $"{node.Kind} is no {Noun(target)}");
            return null;
        }
        if (scalar.Text == "auto" && property.GetCustomAttribute<AutoAttribute>() is not null) return null;
        var value = Scalar(scalar, target);
        if (value is null)
        {
            var words = target.IsEnum ? Enum.GetNames(target).Select(SettingsCheck.KeyOf).ToList() : [];
            var near = target.IsEnum ? Nearest.Of(scalar.Text, words) : null;
            var range = property.GetCustomAttribute<BoundsAttribute>();
            Fault(scalar.Place, path, $"{scalar.Kind} is no {Noun(target)}"
                + (near is null ? "" : $"; nearest: {near}")
                + (words.Count > 0 ? $"; expected {string.Join(", ", words)}" : range is null ? "" : $"; expected {range}"));
        }
        return value;
    }

    private JsonArray? List(RecipeNode node, Type item, PropertyInfo property, string path)
    {
        var items = node switch
        {
            RecipeList list => list.Items,
            // `q_proj,v_proj` is a list of two; a regular expression may hold commas and stays whole.
            RecipeScalar { Quoted: false } scalar when item == typeof(string) && scalar.Text.AsSpan().IndexOfAny("\\()[]{}|^$*+?") < 0 =>
                [.. scalar.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => (RecipeNode)(scalar with { Text = part }))],
            _ => [node],
        };
        var result = new JsonArray();
        for (var i = 0; i < items.Count; i++)
            if (Value(items[i], item, property, node is RecipeList ? $"{path}.{i}" : path) is { } value) result.Add(value);
        return result;
    }

    private JsonObject? Dictionary(RecipeNode node, Type item, PropertyInfo property, string path)
    {
        if (node is not RecipeMap map)
        {
            Fault(node.Place, path, $"{node.Kind} is no mapping of names to values");
            return null;
        }
        var result = new JsonObject();
        foreach (var entry in map.Entries)
            if (Value(entry.Value, item, property, $"{path}.{entry.Key}") is { } value) result[entry.Key] = value;
        return result;
    }

    private static JsonNode? Scalar(RecipeScalar scalar, Type type)
    {
        var text = scalar.Text;
        if (type == typeof(string)) return JsonValue.Create(text);
        if (type == typeof(bool)) return text.ToLowerInvariant() switch { "true" or "yes" or "on" => true, "false" or "no" or "off" => false, _ => null };
        if (type == typeof(int)) return Whole(text) is { } i && i == (int)Math.Clamp(i, int.MinValue, int.MaxValue) ? JsonValue.Create((int)i) : null;
        if (type == typeof(long)) return Whole(text) is { } l ? JsonValue.Create(l) : null;
        if (type == typeof(double)) return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) ? JsonValue.Create(d) : null;
        if (type.IsEnum)
        {
            var word = Enum.GetNames(type).Select(SettingsCheck.KeyOf).FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
            return word is null ? null : JsonValue.Create(word);
        }
        return null;
    }

    private static long? Whole(string text) =>
        long.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == Math.Floor(number) && Math.Abs(number) < 9e15 ? (long)number
        : null;

    /// <summary>A value that its owner checks: the kinds that JSON has.</summary>
    private static JsonNode? Free(RecipeNode node) => node switch
    {
        RecipeMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key, Free(entry.Value)))),
        RecipeList list => new JsonArray([.. list.Items.Select(Free)]),
        RecipeScalar { IsNull: true } => null,
        RecipeScalar { Quoted: false } scalar when scalar.Text is "true" or "false" => scalar.Text == "true",
        RecipeScalar { Quoted: false } scalar when Whole(scalar.Text) is { } whole => JsonValue.Create(whole),
        RecipeScalar { Quoted: false } scalar when double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) => JsonValue.Create(d),
        RecipeScalar scalar => JsonValue.Create(scalar.Text),
        _ => null,
    };

    // Where further keys are allowed, one that is a letter or two from a known key is that key misspelt.
    private static string? Misspelt(string key, IEnumerable<string> known) =>
        known.FirstOrDefault(name => Nearest.Distance(key, name) <= (name.Length > 4 ? 2 : 1));

    private static bool IsNullable(PropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null || new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;

    private static Type? Item(Type type) => type.IsArray ? type.GetElementType() : type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable)) ? type.GetGenericArguments()[^1] : null;

    private static string Noun(Type type) =>
        type == typeof(bool) ? "true or false" : type == typeof(string) ? "text" : type == typeof(int) || type == typeof(long) ? "whole number" : type.IsEnum ? "choice" : "number";

    private void Fault(string place, string path, string what)
    {
        faults.Add(new RecipeFault(place, path, what));
        FaultyRecords.Add(path.Contains('.', StringComparison.Ordinal) ? path[..path.LastIndexOf('.')] : "");
        FaultyRecords.Add(path);
    }
}
