namespace Tenon.Cli.Recipes;

/// <summary><c>--set key=value</c>: one value of a recipe replaced from the command line; the value is YAML, so lists and mappings work too.</summary>
internal static class RecipeOverride
{
    /// <summary>Puts one override into the tree.</summary>
    public static void Apply(RecipeMap tree, string text, List<RecipeFault> faults)
    {
        var place = $"--set {text}";
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1)
        {
            faults.Add(new RecipeFault(place, "", "expected key=value, such as rollout.group=4"));
            return;
        }
        var value = RecipeYaml.Parse(text[(equals + 1)..], _ => place, faults) ?? new RecipeScalar(place, "", false);
        var path = text[..equals].Trim().Split('.');
        RecipeNode branch = value;
        foreach (var part in path.Reverse()) branch = new RecipeMap(place, [new RecipeEntry(part, branch, place)]);
        RecipeAliases.RenameKeys(branch);
        Merge(tree, (RecipeMap)branch, place, faults);
    }

    private static void Merge(RecipeMap into, RecipeMap from, string place, List<RecipeFault> faults)
    {
        foreach (var entry in from.Entries)
        {
            var old = into[entry.Key];
            if (old is RecipeMap below && entry.Value is RecipeMap map)
            {
                Merge(below, map, place, faults);
            }
            else if (old is RecipeList list && entry.Value is RecipeMap { Entries: [var item] } && int.TryParse(item.Key, out var index))
            {
                if (index < 0 || index >= list.Items.Count) faults.Add(new RecipeFault(place, entry.Key, $"has no item {index}; expected 0 to {list.Items.Count - 1}"));
                else if (item.Value is RecipeMap values && list.Items[index] is RecipeMap target) Merge(target, values, place, faults);
                else if (item.Value is RecipeMap more && list.Items[index] is RecipeScalar word)
                {
                    // `math` in a list stands for { name: math }.
                    var whole = new RecipeMap(word.Place, [new RecipeEntry("name", word, word.Place)]);
                    Merge(whole, more, place, faults);
                    list.Items[index] = whole;
                }
                else list.Items[index] = item.Value;
            }
            else if (old is RecipeScalar { IsNull: false } && entry.Value is RecipeMap && entry.Key is "adapter" or "optimizer" or "objective")
            {
                var first = entry.Key == "objective" ? "preset" : "method";
                var whole = new RecipeMap(old!.Place, [new RecipeEntry(first, old, old.Place)]);
                Merge(whole, (RecipeMap)entry.Value, place, faults);
                into.Set(entry.Key, whole, place);
            }
            else
            {
                into.Set(entry.Key, entry.Value, place);
            }
        }
    }
}
