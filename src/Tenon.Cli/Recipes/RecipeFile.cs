using System.Text.Json.Nodes;
using Tenon.Training.Settings;

namespace Tenon.Cli.Recipes;

/// <summary>Reads a recipe with its overrides into a settings record, or throws one error that names every fault with its line.</summary>
internal static class RecipeFile
{
    /// <summary>Reads a YAML recipe, or a run's <c>run.json</c>; <paramref name="overrides"/> are <c>key=value</c> with the path's dots.</summary>
    public static T Load<T>(string path, IReadOnlyList<string>? overrides = null) where T : ISettings, new()
    {
        return Parse<T>(InputFile.ReadText(path, "the recipe"), path, overrides);
    }

    /// <summary>Reads a recipe's text; <paramref name="name"/> names it in messages.</summary>
    public static T Parse<T>(string text, string name, IReadOnlyList<string>? overrides = null) where T : ISettings, new()
    {
        var faults = new List<RecipeFault>();
        var root = RecipeYaml.Parse(text, line => $"line {line}", faults);
        if (root is RecipeMap run && run["recipe"] is RecipeMap recipe) root = recipe;
        var tree = root as RecipeMap ?? new RecipeMap("line 1", []);
        if (root is not (null or RecipeMap) && root is not RecipeScalar { IsNull: true }) faults.Add(new RecipeFault(root.Place, "", $"{root.Kind} is no recipe; expected keys"));
        var readable = faults.Count == 0;
        RecipeAliases.RenameKeys(tree);
        foreach (var item in overrides ?? []) RecipeOverride.Apply(tree, item, faults);
        RecipeAliases.RenameWords(tree, faults);

        var binder = new RecipeBinder(faults);
        var json = binder.Record(tree, typeof(T), "");
        var settings = SettingsJson.Read<T>(json);
        if (readable)
            foreach (var fault in SettingsCheck.Faults(settings).Where(fault => !FollowsFrom(fault, tree, binder)))
                faults.Add(new RecipeFault(PlaceOf(tree, fault.Key), fault.Key, fault.What + (fault.Expected is null ? "" : $"; expected {fault.Expected}")));
        if (faults.Count == 0) return settings;

        var lines = faults.Select((fault, index) => (fault, index)).OrderBy(pair => LineOf(pair.fault.Place)).ThenBy(pair => pair.index).Select(pair => "\n  " + pair.fault);
        throw new TenonException($"the recipe {name} has {(faults.Count == 1 ? "a fault" : $"{faults.Count} faults")}:{string.Concat(lines)}", hint: "docs/recipes.md explains every key", usage: true);
    }

    // A rule that misses something in a record with a misspelt key would only repeat that fault.
    private static bool FollowsFrom(SettingsFault fault, RecipeMap tree, RecipeBinder binder)
    {
        if (Find(tree, fault.Key) is not null) return false;
        var parent = fault.Key.Contains('.', StringComparison.Ordinal) ? fault.Key[..fault.Key.LastIndexOf('.')] : "";
        return binder.FaultyRecords.Contains(parent) || binder.FaultyRecords.Contains(fault.Key);
    }

    private static string PlaceOf(RecipeMap tree, string key)
    {
        for (var path = key; path.Length > 0; path = path.Contains('.', StringComparison.Ordinal) ? path[..path.LastIndexOf('.')] : "")
            if (Find(tree, path) is { } place) return place;
        return "recipe";
    }

    private static string? Find(RecipeNode node, string path)
    {
        var place = node.Place;
        foreach (var part in path.Split('.'))
        {
            if (node is RecipeMap map && map.Entries.FirstOrDefault(entry => entry.Key == part) is { } entry) (node, place) = (entry.Value, entry.Place);
            else if (node is RecipeList list && int.TryParse(part, out var index) && index < list.Items.Count) (node, place) = (list.Items[index], list.Items[index].Place);
            else return null;
        }
        return place;
    }

    private static int LineOf(string place) => place.StartsWith("line ", StringComparison.Ordinal) && int.TryParse(place.AsSpan(5), out var line) ? line : int.MaxValue;

    /// <summary>The settings as they will run, all defaults filled in, for <c>run.json</c> and <c>--dry-run</c>.</summary>
    public static JsonObject Resolved<T>(T settings) where T : ISettings => SettingsJson.Write(settings);
}
