namespace Tenon.Recipes;

/// <summary>
/// <c>--set key=value</c>: one value of a recipe replaced from the command line; the value is YAML, so lists and mappings work too.
/// </summary>
internal static class RecipeOverride
{
    /// <summary>Puts one override into the tree.</summary>
    public static void Apply(SettingMap tree, string text, List<PlacedFault> faults)
    {
        var place = $"--set {text}";
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1)
        {
            faults.Add(new PlacedFault(place, "", "expected key=value, such as rollout.group=4"));
            return;
        }
        var value = RecipeYaml.Parse(text[(equals + 1)..], _ => place, faults) ?? new SettingScalar(place, "", false);
        var path = text[..equals].Trim().Split('.');
        if (path is ["data", [>= '0' and <= '9', ..], ..]) path = ["data", "sources", .. path[1..]];
        SettingNode branch = value;
        foreach (var part in path.Reverse()) branch = new SettingMap(place, [new SettingEntry(part, branch, place)]);
        RecipeAliases.RenameKeys(branch);
        Merge(tree, (SettingMap)branch, place, faults);
    }

    private static void Merge(SettingMap into, SettingMap from, string place, List<PlacedFault> faults)
    {
        foreach (var entry in from.Entries)
        {
            var old = into[entry.Key];
            if (old is SettingMap below && entry.Value is SettingMap map)
            {
                Merge(below, map, place, faults);
            }
            else if (old is SettingList list && entry.Value is SettingMap { Entries: [var item] } && int.TryParse(item.Key, out var index))
            {
                if (index < 0 || index >= list.Items.Count)
                    faults.Add(new PlacedFault(place, entry.Key, $"has no item {index}; expected 0 to {list.Items.Count - 1}"));
                else if (item.Value is SettingMap values && list.Items[index] is SettingMap target) Merge(target, values, place, faults);
                else if (item.Value is SettingMap more && list.Items[index] is SettingScalar word)
                {
                    // `math` in a list stands for { name: math }.
                    var whole = new SettingMap(word.Place, [new SettingEntry("name", word, word.Place)]);
                    Merge(whole, more, place, faults);
                    list.Items[index] = whole;
                }
                else list.Items[index] = item.Value;
            }
            else if (old is SettingScalar { IsNull: false } && entry.Value is SettingMap
                && entry.Key is "adapter" or "optimizer" or "objective")
            {
                var first = entry.Key == "objective" ? "preset" : "method";
                var whole = new SettingMap(old!.Place, [new SettingEntry(first, old, old.Place)]);
                Merge(whole, (SettingMap)entry.Value, place, faults);
                into.Set(entry.Key, whole, place);
            }
            else
            {
                into.Set(entry.Key, entry.Value, place);
            }
        }
    }
}
