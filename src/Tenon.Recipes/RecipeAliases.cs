using System.Reflection;
using Tenon.Adapters;
using Tenon.Adapters.Peft;

namespace Tenon.Recipes;

/// <summary>
/// Other spellings of keys and words, above all PEFT's, turned into the recipe's own before anything is checked or written.
/// </summary>
internal static class RecipeAliases
{
    private static readonly Dictionary<string, string> S_keys = new(StringComparer.Ordinal)
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
        ["adapter.trainable-token-indices"] = "trainable-tokens",
        ["adapter.use-rslora"] = "rs-lora",
        ["optimizer.lr"] = "learning-rate",
        ["optimizer.name"] = "method",
        ["reward.type"] = "name",
    };

    /// <summary>Renames the keys of a tree.</summary>
    public static void RenameKeys(SettingNode node, string path = "")
    {
        if (node is SettingList list)
            foreach (var item in list.Items) RenameKeys(item, path);
        if (node is not SettingMap map) return;
        for (var i = 0; i < map.Entries.Count; i++)
        {
            var entry = map.Entries[i];
            // PEFT's fields have underscores, no key of a recipe has one; the names in patterns are the model's.
            var key = path == "adapter." ? entry.Key.Replace('_', '-') : entry.Key;
            key = Own(path, key, map);
            if (key != entry.Key && map[key] is null) map.Entries[i] = entry = entry with { Key = key };
            // A list of sources stands for data that has nothing else.
            if (path.Length == 0 && key == "data" && entry.Value is SettingList sources)
                map.Entries[i] = entry = entry
                    with
                { Value = new SettingMap(sources.Place, [new SettingEntry("sources", sources, sources.Place)]) };
            RenameKeys(entry.Value, path + entry.Key + ".");
        }
    }

    private static string Own(string path, string key, SettingMap map)
    {
        if (!S_keys.TryGetValue(path + key, out var own)) return key;
        // TinyLoRA has an r beside the rank.
        return path == "adapter." && MethodOf(map) is { } method && HasOption(method, key) ? key : own;
    }

    private static AdapterMethod? MethodOf(SettingMap adapter) =>
        AdapterMethod.All.GetValueOrDefault(AdapterAliases.MethodOf((adapter["method"] as SettingScalar)?.Text ?? AdapterSettings.Plain));

    private static bool HasOption(AdapterMethod method, string key) =>
        SettingNames.Keys(method.StandardOptions.GetType()).Any(property => SettingNames.KeyOf(property.Name) == key);

    /// <summary>Turns words of the adapter into what they mean.</summary>
    public static void RenameWords(SettingNode root, List<PlacedFault> faults)
    {
        if (root is not SettingMap top || top["adapter"] is not { } adapter) return;
        if (adapter is SettingScalar { IsNull: false } word)
            top.Set("adapter", word with { Text = AdapterAliases.MethodOf(word.Text) }, word.Place);
        if (adapter is not SettingMap map) return;
        Reword(map, "method", AdapterAliases.MethodOf);
        Reword(map, "bias", AdapterAliases.BiasOf);
        if (map["from"] is SettingScalar { IsNull: false }) return;
        Start(map);
        RenameOptions(map);
        foreach (var method in AdapterMethod.All.Values)
            if (method.LoraFlag is { } flag) Flag(map, flag, method.Name, faults);
    }

    private static void Reword(SettingMap adapter, string key, Func<string, string> own)
    {
        if (adapter[key] is SettingScalar { IsNull: false } word)
            adapter.Set(key, word with { Text = own(word.Text) }, PlaceOf(adapter, key));
    }

    /// <summary>PEFT's fields of the method's own options, and other spellings of their words.</summary>
    private static void RenameOptions(SettingMap adapter)
    {
        if (MethodOf(adapter) is not { } method) return;
        var options = method.StandardOptions.GetType();
        foreach (var (property, field) in PeftAttribute.Fields(options))
        {
            var (key, own) = (field.Replace('_', '-'), SettingNames.KeyOf(property.Name));
            var at = adapter.Entries.FindIndex(entry => entry.Key.Equals(key, StringComparison.OrdinalIgnoreCase));
            if (at >= 0 && adapter[own] is null) adapter.Entries[at] = adapter.Entries[at] with { Key = own };
        }

        foreach (var property in SettingNames.Keys(options).Where(p => p.GetCustomAttribute<WordsAttribute>() is not null))
        {
            var own = SettingNames.KeyOf(property.Name);
            Reword(adapter, own, word => AdapterAliases.OptionOf(method, own, word));
        }
    }

    private static void Start(SettingMap adapter)
    {
        if (adapter["init"] is not SettingScalar { IsNull: false } init) return;
        var place = PlaceOf(adapter, "init");
        if (AdapterAliases.MethodOfStart(init.Text) is { } start && IsPlain(adapter))
        {
            adapter.Entries.RemoveAll(entry => entry.Key == "init");
            adapter.Set("method", init with { Text = start.Method }, place);
            foreach (var (option, value) in start.Options) adapter.Set(option, new SettingScalar(init.Place, value, false), place);
            return;
        }

        adapter.Set("init", AdapterAliases.StartOf(init.Text) is { } word ? init with { Text = word }
            : init with { Text = "null", Quoted = false }, place);
    }

    private static string PlaceOf(SettingMap map, string key) => map.Entries.First(entry => entry.Key == key).Place;

    private static bool IsTrue(SettingScalar flag) => flag.Text.Equals("true", StringComparison.OrdinalIgnoreCase);

    private static bool IsPlain(SettingMap adapter) =>
        adapter["method"] is not SettingScalar method || method.Text == AdapterSettings.Plain;

    /// <summary>On plain LoRA a flag of PEFT's may be a method of its own; elsewhere it may be an option.</summary>
    private static void Flag(SettingMap adapter, string key, string means, List<PlacedFault> faults)
    {
        if (adapter[key] is not SettingScalar flag) return;
        if (MethodOf(adapter) is { } owner && HasOption(owner, key) && !(IsPlain(adapter) && IsTrue(flag))) return;
        var place = PlaceOf(adapter, key);
        adapter.Entries.RemoveAll(entry => entry.Key == key);
        if (!IsTrue(flag) && !flag.Text.Equals("false", StringComparison.OrdinalIgnoreCase))
            faults.Add(new PlacedFault(place, "adapter." + key, $"{flag.Kind} is no true or false"));
        else if (IsTrue(flag) && !IsPlain(adapter) && adapter["method"] is SettingScalar { Text: var other } && other != means)
            faults.Add(new PlacedFault(place, "adapter." + key, $"contradicts method: {other}; expected method: {means} alone"));
        else if (IsTrue(flag))
            adapter.Set("method", flag with { Text = means }, place);
    }
}
