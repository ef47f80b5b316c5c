using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Tenon;

/// <summary>
/// Fits a tree of values to a settings record: unknown keys, keys that do nothing and values of the wrong kind become faults with their
/// places, everything
/// else becomes JSON with the record's own keys. A bare word stands for a record's first key (<c>reward: math</c>, <c>objective: dapo</c>).
/// </summary>
/// <param name="faults">Takes what is wrong.</param>
/// <param name="root">The record of the whole tree, in which a misplaced key is looked for; null where there is none.</param>
/// <param name="refused">Keys, by their paths, that a reader refuses with a reason of its own.</param>
/// <param name="lenient">True where keys that do nothing are let pass, as an earlier version wrote them.</param>
public sealed class SettingsReader(
    List<PlacedFault> faults, Type? root = null, IReadOnlyDictionary<string, string>? refused = null, bool lenient = false)
{
    /// <summary>The faulty keys' records: what is missing there may stand under the misspelt key.</summary>
    public HashSet<string> FaultyRecords { get; } = [];

    /// <summary>
    /// The options that were given over those that stand otherwise. Texts count as what they say (<c>"0.1"</c> is a number), as overrides
    /// and earlier
    /// versions' files have them. What is faulty stays as it stands otherwise.
    /// </summary>
    public static ISettings Options(ISettings standard, IReadOnlyDictionary<string, JsonElement>? given, List<PlacedFault> faults)
    {
        if (given is null || given.Count == 0) return standard;
        var map =
            new SettingMap("",
            [.. given.Select(o => new SettingEntry(o.Key, SettingNode.Of(JsonSerializer.SerializeToNode(o.Value)), ""))]);
        return SettingsJson.Over(standard, new SettingsReader(faults).Record(map, standard.GetType(), ""));
    }

    /// <summary>The record's JSON from a tree, without the values that were faulty.</summary>
    public JsonObject Record(SettingNode node, Type type, string path)
    {
        var result = new JsonObject();
        var keys = SettingNames.Keys(type).ToDictionary(property => SettingNames.KeyOf(property.Name));
        if (node is SettingScalar { IsNull: true }) return result;
        if (node is SettingScalar && keys.Values.FirstOrDefault() is { } first && first.PropertyType == typeof(string))
            node = new SettingMap(node.Place, [new SettingEntry(SettingNames.KeyOf(first.Name), node, node.Place)]);
        if (node is not SettingMap map)
        {
            Fault(node.Place, path, $"{node.Kind} is no mapping; expected keys: {string.Join(", ", keys.Keys)}");
            return result;
        }

        var unknown = new List<SettingEntry>();
        foreach (var entry in map.Entries)
            if (refused?.GetValueOrDefault(Join(path, entry.Key)) is { } reason) Fault(entry.Place, Join(path, entry.Key), reason);
            else if (keys.TryGetValue(entry.Key, out var property)) Take(result, entry, property, path);
            else unknown.Add(entry);
        var further = unknown.Count > 0 && type.IsAssignableTo(typeof(IHasOptions)) ? TakeOptions(result, unknown, type, path) : [];
        foreach (var entry in unknown.Where(entry => !result.ContainsKey(entry.Key)))
            Unknown(entry, path, [.. keys.Keys, .. further ?? []], further is null);
        if (!lenient) RefuseWhatDoesNothing(map, result, type, path);
        return result;
    }

    private void Take(JsonObject into, SettingEntry entry, PropertyInfo property, string path)
    {
        if (Value(entry.Value, property.PropertyType, property, Join(path, entry.Key)) is { } value) into[entry.Key] = value;
        else if (entry.Value is SettingScalar { IsNull: true } && IsNullable(property)) into[entry.Key] = null;
    }

    /// <summary>
    /// Reads the keys that are options of what the record names; returns all option keys, null where nobody has that name.
    /// </summary>
    private List<string>? TakeOptions(JsonObject into, List<SettingEntry> entries, Type type, string path)
    {
        if (((IHasOptions)SettingsJson.Read(type, into)).StandardOptions() is not { } standard) return null;
        var keys = SettingNames.Keys(standard.GetType()).ToDictionary(property => SettingNames.KeyOf(property.Name));
        foreach (var entry in entries)
        {
            if (!keys.TryGetValue(entry.Key, out var property)) continue;
            var before = faults.Count;
            Take(into, entry, property, path);
            // A faulty option has had its say; null is what stands there anyway.
            if (!into.ContainsKey(entry.Key) && (faults.Count > before || entry.Value is SettingScalar { IsNull: true }))
                into[entry.Key] = null;
        }

        return [.. keys.Keys];
    }

    private void Unknown(SettingEntry entry, string path, IReadOnlyList<string> known, bool nameless)
    {
        // The name of the owner is faulty: which options it has is not known.
        if (nameless) return;
        var full = Join(path, entry.Key);
        var homes = root is null ? [] : SettingNames.Homes(root, entry.Key).Where(home => home != path).Distinct().ToList();
        if (homes.Count > 0)
        {
            var place = entry.Column > 0 ? $"{entry.Place}, column {entry.Column}" : entry.Place;
            Fault(place, full,
                $"unknown key {(path.Length == 0 ? "at the top" : $"under {path}")}; it belongs {string.Join(" or ", homes.Select(Home))}");
            return;
        }

        var near = Nearest.Of(entry.Key, known);
        Fault(entry.Place, full, "unknown key; " + (near is not null ? $"nearest: {near}"
            : known.Count > 0 ? $"valid keys: {string.Join(", ", known)}" : "there are no settings"));
    }

    private static string Home(string path) => path.Length == 0 ? "at the top, outside of all other keys" : $"under {path}";

    private void RefuseWhatDoesNothing(SettingMap map, JsonObject read, Type type, string path)
    {
        if (read.Count == 0 || !type.IsAssignableTo(typeof(ISettings))) return;
        var settings = SettingsJson.Read(type, read);
        foreach (var entry in map.Entries)
            if (read[entry.Key] is not null && !settings.Applies(entry.Key))
                Fault(entry.Place, Join(path, entry.Key), "does nothing beside the other keys; leave it out");
    }

    private JsonNode? Value(SettingNode node, Type type, PropertyInfo property, string path)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (node is SettingScalar { IsNull: true }) return null;
        if (target == typeof(JsonElement)) return Json(node, path);
        if (target.GetCustomAttribute<JsonConverterAttribute>() is not null) return Own(node, target, path);
        if (target != typeof(string) && SettingNames.Item(target) is { } item)
            return target.Name.Contains("Dictionary", StringComparison.Ordinal) ? Dictionary(node, item, property, path)
                : List(node, item, property, path);
        if (target.IsClass && target != typeof(string)) return Record(node, target, path);
        if (node is not SettingScalar scalar)
        {
            Fault(node.Place, path, $"{node.Kind} is no {Noun(target)}");
            return null;
        }

        if (scalar.Text == "auto" && property.GetCustomAttribute<AutoAttribute>() is not null) return null;
        var value = Scalar(scalar, target);
        if (value is null)
        {
            var words = target.IsEnum ? Enum.GetNames(target).Select(SettingNames.KeyOf).ToList() : [];
            var near = target.IsEnum ? Nearest.Of(scalar.Text, words) : null;
            var range = property.GetCustomAttribute<BoundsAttribute>();
            Fault(scalar.Place, path, $"{scalar.Kind} is no {Noun(target)}"
                + (near is null ? "" : $"; nearest: {near}")
                + (words.Count > 0 ? $"; expected {string.Join(", ", words)}" : range is null ? "" : $"; expected {range}"));
        }

        return value;
    }

    private JsonArray List(SettingNode node, Type item, PropertyInfo property, string path)
    {
        var items = node switch
        {
            SettingList list => list.Items,
            // `q_proj,v_proj` is a list of two; a regular expression may hold commas and stays whole.
            SettingScalar { Quoted: false } scalar when item == typeof(string) && scalar.Text.AsSpan().IndexOfAny("\\()[]{}|^$*+?") < 0 =>
                [.. Parts(scalar.Text).Select(part => (SettingNode)(scalar with { Text = part }))],
            // So is `3,17` for numbers, also where an override or an earlier version's file has it as a text.
            SettingScalar scalar when item != typeof(string)
                && (scalar.Text.Length == 0 || scalar.Text.Contains(',', StringComparison.Ordinal)) =>
                [.. Parts(scalar.Text).Select(part => (SettingNode)(scalar with { Text = part }))],
            _ => [node],
        };
        var result = new JsonArray();
        for (var i = 0; i < items.Count; i++)
            if (Value(items[i], item, property, node is SettingList ? $"{path}.{i}" : path) is { } value) result.Add(value);
        return result;
    }

    private static string[] Parts(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private JsonObject? Dictionary(SettingNode node, Type item, PropertyInfo property, string path)
    {
        if (node is SettingScalar text && Parsed(text.Text) is JsonObject json) node = SettingNode.Of(json, node.Place);
        if (node is not SettingMap map)
        {
            Fault(node.Place, path, $"{node.Kind} is no mapping of names to values");
            return null;
        }

        var result = new JsonObject();
        foreach (var entry in map.Entries)
            if (Value(entry.Value, item, property, $"{path}.{entry.Key}") is { } value) result[entry.Key] = value;
        return result;
    }

    private JsonNode? Json(SettingNode node, string path)
    {
        // In quotes a text is a text, but for what begins as an object or a list: that is JSON.
        if (node is not SettingScalar { Quoted: true } text) return Free(node);
        if (text.Text.TrimStart() is not ['{' or '[', ..]) return JsonValue.Create(text.Text);
        if (Parsed(text.Text) is { } json) return json;
        Fault(node.Place, path, $"{node.Kind} is no JSON");
        return null;
    }

    /// <summary>A value of a type that reads itself.</summary>
    private JsonNode? Own(SettingNode node, Type type, string path)
    {
        try
        {
            var json = Free(node);
            _ = json.Deserialize(type);
            return json;
        }
        catch (JsonException e)
        {
            Fault(node.Place, path, $"{node.Kind} is not what belongs here: {e.Message.Split(" Path:")[0]}");
            return null;
        }
    }

    private static JsonNode? Parsed(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonNode? Scalar(SettingScalar scalar, Type type)
    {
        var text = scalar.Text;
        if (type == typeof(string)) return JsonValue.Create(text);
        if (type == typeof(bool))
            return text.ToLowerInvariant() switch { "true" or "yes" or "on" => true, "false" or "no" or "off" => false, _ => null };
        if (type == typeof(int))
            return Whole(text) is { } i && i == (int)Math.Clamp(i, int.MinValue, int.MaxValue) ? JsonValue.Create((int)i) : null;
        if (type == typeof(long)) return Whole(text) is { } l ? JsonValue.Create(l) : null;
        if (type == typeof(double)) return Number(text) is { } d ? JsonValue.Create(d) : null;
        if (!type.IsEnum) return null;
        var word = Enum.GetNames(type).Select(SettingNames.KeyOf)
            .FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        return word is null ? null : JsonValue.Create(word);
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static long? Whole(string text)
    {
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        if (long.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return whole;
        return Number(text) is { } number && number == Math.Floor(number) && Math.Abs(number) < 9e15 ? (long)number : null;
    }

    /// <summary>A value that its owner checks: the kinds that JSON has.</summary>
    private static JsonNode? Free(SettingNode node) => node switch
    {
        SettingMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key, Free(entry.Value)))),
        SettingList list => new JsonArray([.. list.Items.Select(Free)]),
        SettingScalar { IsNull: true } => null,
        SettingScalar { Quoted: false } scalar when scalar.Text is "true" or "false" => scalar.Text == "true",
        SettingScalar { Quoted: false } scalar when Whole(scalar.Text) is { } whole => JsonValue.Create(whole),
        SettingScalar { Quoted: false } scalar when Number(scalar.Text) is { } number => JsonValue.Create(number),
        SettingScalar scalar => JsonValue.Create(scalar.Text),
        _ => null,
    };

    private static bool IsNullable(PropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null
        || new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;

    private static string Noun(Type type)
    {
        if (type == typeof(bool)) return "true or false";
        if (type == typeof(string)) return "text";
        if (type == typeof(int) || type == typeof(long)) return "whole number";
        return type.IsEnum ? "choice" : "number";
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private void Fault(string place, string path, string what)
    {
        faults.Add(new PlacedFault(place, path, what));
        FaultyRecords.Add(path.Contains('.', StringComparison.Ordinal) ? path[..path.LastIndexOf('.')] : "");
        FaultyRecords.Add(path);
    }
}
