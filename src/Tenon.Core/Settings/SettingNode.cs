using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon;

/// <summary>A value of a recipe with the place it was written at (<c>line 7</c>, <c>--set rollout.group=4</c>), for messages.</summary>
public abstract record SettingNode(string Place)
{
    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }

    /// <summary>The tree of a JSON value, all of it at one place.</summary>
    public static SettingNode Of(JsonNode? json, string place = "") => json switch
    {
        JsonObject map => new SettingMap(place, [.. map.Select(p => new SettingEntry(p.Key, Of(p.Value, place), place))]),
        JsonArray list => new SettingList(place, [.. list.Select(item => Of(item, place))]),
        null => new SettingScalar(place, "null", false),
        _ when json.GetValueKind() == JsonValueKind.String => new SettingScalar(place, json.GetValue<string>(), true),
        _ => new SettingScalar(place, json.ToJsonString(), false),
    };
}

/// <summary>A text, number, word or null; quoted ones are texts whatever they look like.</summary>
public sealed record SettingScalar(string Place, string Text, bool Quoted) : SettingNode(Place)
{
    /// <summary>True where nothing is set (<c>null</c>, <c>~</c> or nothing at all).</summary>
    public bool IsNull => !Quoted && Text is "" or "null" or "~" or "Null" or "NULL";

    /// <inheritdoc/>
    public override string Kind => IsNull ? "null" : $"'{Text}'";
}

/// <summary>A list.</summary>
public sealed record SettingList(string Place, List<SettingNode> Items) : SettingNode(Place)
{
    /// <inheritdoc/>
    public override string Kind => "a list";
}

/// <summary>A mapping; keys in the order they were written, each with its own place.</summary>
public sealed record SettingMap(string Place, List<SettingEntry> Entries) : SettingNode(Place)
{
    /// <inheritdoc/>
    public override string Kind => "a mapping";

    /// <summary>The value of a key, or null.</summary>
    public SettingNode? this[string key] => Entries.FirstOrDefault(entry => entry.Key == key)?.Value;

    /// <summary>Sets or adds a key.</summary>
    public void Set(string key, SettingNode value, string place)
    {
        var at = Entries.FindIndex(entry => entry.Key == key);
        if (at < 0) Entries.Add(new SettingEntry(key, value, place));
        else Entries[at] = new SettingEntry(key, value, place);
    }
}

/// <summary>A key with its value; <paramref name="Column"/> is where the key begins in its line, 0 where it stands in none.</summary>
public sealed record SettingEntry(string Key, SettingNode Value, string Place, long Column = 0);

/// <summary>A fault with its place.</summary>
public sealed record PlacedFault(string Place, string Key, string What)
{
    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", new[] { Place, Key }.Where(part => part.Length > 0)) + $": {What}";
}
