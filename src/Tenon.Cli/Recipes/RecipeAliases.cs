namespace Tenon.Cli.Recipes;

/// <summary>Other spellings of keys and words, above all PEFT's, turned into the recipe's own before anything is checked.</summary>
internal static class RecipeAliases
{
    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["adapter.r"] = "rank",
        ["adapter.lora-alpha"] = "alpha",
        ["adapter.target-modules"] = "targets",
        ["adapter.exclude-modules"] = "exclude",
        ["adapter.lora-dropout"] = "dropout",
        ["adapter.layers-to-transform"] = "layers",
        ["adapter.init-lora-weights"] = "init",
        ["adapter.init-weights"] = "init",
        ["adapter.peft-type"] = "method",
        ["optimizer.lr"] = "learning-rate",
        ["optimizer.name"] = "method",
        ["reward.type"] = "name",
    };

    private static readonly Dictionary<string, string> Methods = new(StringComparer.OrdinalIgnoreCase)
    {
        ["rs-lora"] = "rslora",
        ["layernorm"] = "ln-tuning",
        ["layer-norm"] = "ln-tuning",
        ["ln_tuning"] = "ln-tuning",
        ["lora-plus"] = "lora+",
        ["loraplus"] = "lora+",
        ["lorafa"] = "lora-fa",
        ["milora-plus"] = "milora+",
        ["(ia)3"] = "ia3",
        ["bone"] = "miss",
        ["none"] = "full",
    };

    // PEFT has these as starts of LoRA; here they are methods of their own.
    private static readonly string[] InitsThatAreMethods = ["pissa", "olora", "mica", "eva", "orthogonal", "milora", "milora+"];

    /// <summary>Renames the keys of a tree.</summary>
    public static void RenameKeys(RecipeNode node, string path = "")
    {
        if (node is RecipeList list)
            foreach (var item in list.Items) RenameKeys(item, path);
        if (node is not RecipeMap map) return;
        for (var i = 0; i < map.Entries.Count; i++)
        {
            var entry = map.Entries[i];
            if (Keys.TryGetValue(path + entry.Key, out var own) && map[own] is null) map.Entries[i] = entry = entry with { Key = own };
            RenameKeys(entry.Value, path + entry.Key + ".");
        }
        if (path.Length == 0)
            foreach (var entry in map.Entries.Where(entry => entry.Key == "reward")) RenameKeys(entry.Value, "reward.");
    }

    /// <summary>Turns words of the adapter into the method they mean.</summary>
    public static void RenameWords(RecipeNode root, List<RecipeFault> faults)
    {
        if (root is not RecipeMap top || top["adapter"] is not { } adapter) return;
        if (adapter is RecipeScalar { IsNull: false } word && Methods.TryGetValue(word.Text, out var alone))
            top.Set("adapter", word with { Text = alone }, word.Place);
        if (adapter is not RecipeMap map) return;
        if (map["method"] is RecipeScalar method)
        {
            var lower = method.Text.ToLowerInvariant();
            map.Set("method", method with { Text = Methods.GetValueOrDefault(lower, lower) }, method.Place);
        }
        Flag(map, "use-dora", "dora", faults);
        Flag(map, "use-rslora", "rslora", faults);
        Flag(map, "rs-lora", "rslora", faults);
        if (map["init"] is RecipeScalar init && InitsThatAreMethods.Contains(init.Text, StringComparer.OrdinalIgnoreCase)
            && (map["method"] is not RecipeScalar known || known.Text is "lora"))
        {
            map.Set("method", init with { Text = init.Text.ToLowerInvariant() }, init.Place);
            map.Entries.RemoveAll(entry => entry.Key == "init");
        }
    }

    private static void Flag(RecipeMap adapter, string key, string method, List<RecipeFault> faults)
    {
        if (adapter[key] is not RecipeScalar flag) return;
        adapter.Entries.RemoveAll(entry => entry.Key == key);
        if (flag.Text.ToLowerInvariant() is not ("true" or "false"))
        {
            faults.Add(new RecipeFault(flag.Place, "adapter." + key, $"{flag.Kind} is no true or false"));
            return;
        }
        if (flag.Text.Equals("false", StringComparison.OrdinalIgnoreCase)) return;
        if (adapter["method"] is RecipeScalar { Text: var other } && other != "lora" && other != method)
            faults.Add(new RecipeFault(flag.Place, "adapter." + key, $"contradicts method: {other}; expected method: {method} alone"));
        else
            adapter.Set("method", flag with { Text = method }, flag.Place);
    }
}
