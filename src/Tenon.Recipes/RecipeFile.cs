using System.Text.Json.Nodes;

namespace Tenon.Recipes;

/// <summary>Reads a recipe with its overrides into a settings record, or throws one error that names every fault with its line.</summary>
internal static class RecipeFile
{
    private const string NotStored =
        "is refused in training: the sampler would draw from another distribution than the trainer scores; expected the full "
        + "distribution at `temperature`";

    private static readonly Dictionary<string, string> S_refused = new(StringComparer.Ordinal)
    {
        ["rollout.top-k"] = NotStored, ["rollout.top-p"] = NotStored, ["rollout.min-p"] = NotStored,
        ["rollout.repetition-penalty"] = NotStored, ["rollout.presence-penalty"] = NotStored, ["rollout.frequency-penalty"] = NotStored,
    };

    /// <summary>
    /// Reads a YAML recipe, or a run's <c>run.json</c>; <paramref name="overrides"/> are <c>key=value</c> with the path's dots.
    /// </summary>
    public static T Load<T>(string path, IReadOnlyList<string>? overrides = null) where T : ISettings, new()
    {
        return Parse<T>(InputFile.ReadText(path, "the recipe"), path, overrides);
    }

    /// <summary>Reads a recipe's text; <paramref name="name"/> names it in messages.</summary>
    public static T Parse<T>(string text, string name, IReadOnlyList<string>? overrides = null) where T : ISettings, new()
    {
        var faults = new List<PlacedFault>();
        var root = RecipeYaml.Parse(text, line => $"line {line}", faults);
        var written = root is SettingMap run && run["recipe"] is SettingMap;
        if (written) root = ((SettingMap)root!)["recipe"]!;
        var tree = root as SettingMap ?? new SettingMap("line 1", []);
        if (root is not (null or SettingMap) && root is not SettingScalar { IsNull: true })
            faults.Add(new PlacedFault(root.Place, "", $"{root.Kind} is no recipe; expected keys"));
        return Bind<T>(tree, name, overrides ?? [], faults, lenient: written);
    }

    /// <summary>Reads the recipe that a run's folder holds, of this version or an earlier one.</summary>
    public static T Read<T>(JsonNode stored, string name) where T : ISettings, new() =>
        Bind<T>(SettingNode.Of(stored, "recipe") as SettingMap ?? new SettingMap("recipe", []), name, [], [], lenient: true);

    private static T Bind<T>(SettingMap tree, string name, IReadOnlyList<string> overrides, List<PlacedFault> faults, bool lenient)
        where T : ISettings, new()
    {
        var readable = faults.Count == 0;
        RecipeAliases.RenameKeys(tree);
        foreach (var item in overrides) RecipeOverride.Apply(tree, item, faults);
        RecipeAliases.RenameWords(tree, faults);

        var reader = new SettingsReader(faults, typeof(T), S_refused, lenient);
        var json = reader.Record(tree, typeof(T), "");
        var settings = SettingsJson.Read<T>(json);
        if (readable)
            foreach (var fault in SettingsCheck.Faults(settings)
                .Where(fault => !FollowsFrom(fault, tree, reader) && !faults.Exists(other => other.Key == fault.Key)).ToList())
                faults.Add(new PlacedFault(PlaceOf(tree, fault.Key), fault.Key, fault.Text));
        if (faults.Count == 0) return settings;

        var lines = faults.Select((fault, index) => (fault, index)).OrderBy(pair => LineOf(pair.fault.Place)).ThenBy(pair => pair.index)
            .Select(pair => "\n  " + pair.fault);
        throw new TenonException(
            $"the recipe {name} has {(faults.Count == 1 ? "a fault" : $"{faults.Count} faults")}:{string.Concat(lines)}",
            hint: "docs/recipes.md explains every key", usage: true);
    }

    // A rule that misses something in a record with a misspelt key would only repeat that fault.
    private static bool FollowsFrom(SettingsFault fault, SettingMap tree, SettingsReader reader)
    {
        if (Find(tree, fault.Key) is not null) return false;
        var parent = fault.Key.Contains('.', StringComparison.Ordinal) ? fault.Key[..fault.Key.LastIndexOf('.')] : "";
        return reader.FaultyRecords.Contains(parent) || reader.FaultyRecords.Contains(fault.Key);
    }

    private static string PlaceOf(SettingMap tree, string key)
    {
        for (var path = key; path.Length > 0; path = path.Contains('.', StringComparison.Ordinal) ? path[..path.LastIndexOf('.')] : "")
            if (Find(tree, path) is { } place) return place;
        return "recipe";
    }

    private static string? Find(SettingNode node, string path)
    {
        var place = node.Place;
        foreach (var part in path.Split('.'))
        {
            if (node is SettingMap map && map.Entries.FirstOrDefault(entry => entry.Key == part) is { } entry)
                (node, place) = (entry.Value, entry.Place);
            else if (node is SettingList list && int.TryParse(part, out var index) && index < list.Items.Count)
                (node, place) = (list.Items[index], list.Items[index].Place);
            else return null;
        }
        return place;
    }

    private static int LineOf(string place) =>
        place.StartsWith("line ", StringComparison.Ordinal) && int.TryParse(place[5..].Split(',')[0], out var line) ? line : int.MaxValue;

    /// <summary>The settings as they will run, all defaults filled in, for <c>run.json</c> and <c>--dry-run</c>.</summary>
    public static JsonObject Resolved<T>(T settings) where T : ISettings => SettingsJson.Write(settings);
}
