using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Recipes;
using Tenon.Training.Settings;

namespace Tenon.Studies;

/// <summary>Reads a study's recipe; all of its faults become one error, each with its line.</summary>
internal sealed class StudyRecipeReader
{
    private const string Rate = "optimizer.learning-rate";
    private static readonly string[] S_keys =
        ["base", "axes", "ablations", "tune", "seeds", "benchmarks", "compare-with", "equal", "spectra"];

    private readonly List<PlacedFault> _faults = [];
    private readonly string _folder;

    private readonly (string Text, string Name)? _base;

    private StudyRecipeReader(string folder, (string Text, string Name)? kept) => (_folder, _base) = (folder, kept);

    /// <summary>Reads a file; a base that it names is looked for from the current folder, then beside the file.</summary>
    /// <exception cref="TenonException">The file cannot be read or has faults.</exception>
    public static StudyRecipe Load(string path) => Parse(InputFile.ReadText(path, "the study's recipe"), path,
        Path.GetDirectoryName(Path.GetFullPath(path))!);

    /// <summary>Reads a text; <paramref name="kept"/> is the base as a study's folder has kept it.</summary>
    /// <exception cref="TenonException">The text has faults.</exception>
    public static StudyRecipe Parse(string text, string name, string folder, (string Text, string Name)? kept = null)
    {
        var reader = new StudyRecipeReader(folder, kept);
        var root = RecipeYaml.Parse(text, line => $"line {line}", reader._faults);
        if (root is SettingMap map)
        {
            var recipe = reader.Recipe(map, name);
            if (reader._faults.Count == 0) return recipe;
        }
        else if (reader._faults.Count == 0)
        {
            reader._faults.Add(new("line 1", "", "no mapping; expected keys: " + string.Join(", ", S_keys)));
        }

        var lines = reader._faults.Select(fault => "\n  " + fault);
        throw new TenonException(
            $"the study {name} has {(reader._faults.Count == 1 ? "a fault" : $"{reader._faults.Count} faults")}:{string.Concat(lines)}",
            hint: "docs/studies.md explains every key", usage: true);
    }

    private StudyRecipe Recipe(SettingMap map, string name)
    {
        Known(map, "", S_keys);
        var (text, baseName) = Base(map);
        var grids = new List<StudyGrid>();
        if (map["axes"] is { } axes) grids.Add(new StudyGrid("", Axes(axes, "axes")));
        foreach (var entry in Entries(map["ablations"], "ablations"))
            grids.Add(new StudyGrid(entry.Key, Axes(entry.Value, $"ablations.{entry.Key}")));
        if (grids.Count == 0) grids.Add(new StudyGrid("", []));
        var (tuned, seeds, halving, looksAt) = Tune(map["tune"]);
        var recipe = new StudyRecipe
        {
            Name = name, BaseText = text, BaseName = baseName, Grids = grids, Tuned = tuned, TuneSeeds = seeds, Halving = halving,
            Seeds = Seeds(map["seeds"], "seeds"), Benchmarks = Benchmarks(map["benchmarks"], "benchmarks"),
            TuneBenchmarks = looksAt, CompareWith = Against(map["compare-with"]), Equal = Budget(map["equal"]),
            Spectra = map["spectra"] is { } spectra ? YesOrNo(spectra, "spectra") : null,
        };
        if (recipe.Seeds.Count == 0 && map["seeds"] is not SettingList { Items.Count: > 0 })
            Fault(map["seeds"]?.Place ?? "recipe", "seeds", "none; expected a list, such as [11, 12, 13]");
        if (recipe.Benchmarks.Count == 0) recipe = recipe with { Benchmarks = ["held-out@1"] };
        if (tuned.Count > 0 && looksAt.Count == 0)
        {
            recipe = recipe with { TuneBenchmarks = recipe.Benchmarks };
            if (recipe.Benchmarks.Any(b => !b.StartsWith("held-out", StringComparison.Ordinal)))
                Fault(map["tune"]!.Place, "tune.benchmarks",
                    "missing: rates would be tuned on the problems that are reported; expected other benchmarks, such as held-out@1");
        }

        foreach (var seed in recipe.TuneSeeds.Intersect(recipe.Seeds))
            Fault(map["seeds"]?.Place ?? "recipe", "seeds", $"{seed} is also a seed of tune; a seed that is tuned on is never reported");
        Check(recipe, map);
        return recipe;
    }

    // Every value of every axis is tried on the base by itself: a misspelt key or method is a fault of the recipe, not a refused cell.
    private void Check(StudyRecipe recipe, SettingMap map)
    {
        if (_faults.Count > 0) return;
        var benchmarks = StudyCell.BenchmarksOf(recipe.Benchmarks);
        RecipeFile.Parse<RunSettings>(recipe.BaseText, recipe.BaseName, [benchmarks]);
        foreach (var axis in recipe.Grids.SelectMany(grid => grid.Axes))
        {
            foreach (var value in axis.Values)
            {
                try
                {
                    RecipeFile.Parse<RunSettings>(recipe.BaseText, recipe.BaseName, [$"{axis.Key}={value.Json}", benchmarks]);
                }
                catch (TenonException e)
                {
                    Fault(value.Place, axis.Key, "does not fit the base: " + e.Message.ReplaceLineEndings(" "));
                }
            }
        }

        var main = recipe.Grids[0].Axes;
        foreach (var (key, value) in recipe.CompareWith)
        {
            var axis = recipe.Grids.SelectMany(g => g.Axes).FirstOrDefault(a => a.Key == key);
            var place = map["compare-with"]?.Place ?? "recipe";
            if (axis is null)
                Fault(place, "compare-with", $"'{key}' is no axis; expected one of {string.Join(", ", main.Select(a => a.Key))}");
            else if (axis.Values.All(v => v.Label != value))
                Fault(place, "compare-with",
                    $"'{value}' is no value of {key}; expected one of {string.Join(", ", axis.Values.Select(v => v.Label))}");
        }
    }

    private (string Text, string Name) Base(SettingMap map)
    {
        if (_base is { } kept) return kept;
        switch (map["base"])
        {
            case SettingScalar { IsNull: false } path:
                var found = new[] { path.Text, Path.Combine(_folder, path.Text) }.FirstOrDefault(File.Exists);
                if (found is not null) return (InputFile.ReadText(found, "the base recipe"), path.Text);
                Fault(path.Place, "base", $"'{path.Text}' is no file, seen from the current folder or from the study's");
                return ("", "base");
            case SettingMap inline:
                return (Json(inline)!.ToJsonString(), "base");
            default:
                Fault("line 1", "base", "missing; expected a recipe's file, or the recipe itself");
                return ("", "base");
        }
    }

    private List<StudyAxis> Axes(SettingNode node, string key)
    {
        var axes = new List<StudyAxis>();
        foreach (var entry in Entries(node, key))
        {
            if (entry.Value is not SettingList { Items.Count: > 0 } list)
            {
                Fault(entry.Place, $"{key}.{entry.Key}", $"{entry.Value.Kind} is no list of values; expected [a, b]");
                continue;
            }

            if (entry.Key is "seed" or "evaluate.benchmarks")
            {
                Fault(entry.Place, $"{key}.{entry.Key}", $"the study's own `{(entry.Key == "seed" ? "seeds" : "benchmarks")}` say that");
                continue;
            }

            var values = list.Items.Select(Value).ToList();
            foreach (var twice in values.GroupBy(v => v.Label).Where(g => g.Count() > 1))
                Fault(entry.Place, $"{key}.{entry.Key}", $"'{twice.Key}' stands there {twice.Count()} times");
            axes.Add(new StudyAxis(entry.Key, values));
        }

        return axes;
    }

    private (List<TunedKey> Keys, IReadOnlyList<long> Seeds, bool Halving, IReadOnlyList<string> Benchmarks) Tune(SettingNode? node)
    {
        var keys = new List<TunedKey>();
        if (node is null or SettingScalar { IsNull: true }) return (keys, [], false, []);
        var halving = false;
        var (seeds, looksAt) = ((IReadOnlyList<long>)[], (IReadOnlyList<string>)[]);
        foreach (var entry in Entries(node, "tune"))
        {
            switch (entry.Key)
            {
                case "seeds": seeds = Seeds(entry.Value, "tune.seeds"); break;
                case "benchmarks": looksAt = Benchmarks(entry.Value, "tune.benchmarks"); break;
                case "halving": halving = YesOrNo(entry.Value, "tune.halving"); break;
                default: keys.AddRange(Tuned(entry)); break;
            }
        }

        if (keys.Count > 0 && seeds.Count == 0)
            Fault(node.Place, "tune.seeds", "none; expected a list of seeds that are not reported, such as [1, 2]");
        return (keys, seeds, halving, looksAt);
    }

    private IEnumerable<TunedKey> Tuned(SettingEntry entry)
    {
        var key = entry.Key == "rates" ? Rate : entry.Key;
        if (entry.Value is SettingList { Items.Count: > 0 } list)
        {
            yield return new TunedKey(key, [.. list.Items.Select(Value)], null, []);
            yield break;
        }

        if (entry.Value is not SettingMap map || map["factors"] is not SettingList { Items.Count: > 0 } factors)
        {
            Fault(entry.Place, $"tune.{entry.Key}",
                $"{entry.Value.Kind}; expected a list of values, or {{ around: default, factors: [0.3, 1, 3] }}");
            yield break;
        }

        Known(map, $"tune.{entry.Key}.", ["around", "factors"]);
        double? around = null;
        if (map["around"] is SettingScalar { Text: not "default", IsNull: false } middle)
        {
            around = Number(middle, $"tune.{entry.Key}.around");
        }
        else if (key != Rate)
        {
            Fault(entry.Place, $"tune.{entry.Key}.around", "only the learning rate has a default of its own; expected a number");
        }

        yield return new TunedKey(key, null, around, [.. factors.Items.Select(item => Number(item, $"tune.{entry.Key}.factors"))]);
    }

    private bool YesOrNo(SettingNode node, string key)
    {
        if (node is SettingScalar word && bool.TryParse(word.Text, out var on)) return on;
        Fault(node.Place, key, $"{node.Kind}; expected true or false");
        return false;
    }

    private double Number(SettingNode node, string key)
    {
        if (node is SettingScalar scalar && double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x)
            && x > 0
            && double.IsFinite(x)) return x;
        Fault(node.Place, key, $"{node.Kind} is no number above 0");
        return 1;
    }

    private IReadOnlyList<long> Seeds(SettingNode? node, string key)
    {
        if (node is null) return [];
        if (node is not SettingList list)
        {
            Fault(node.Place, key, $"{node.Kind} is no list; expected whole numbers, such as [11, 12]");
            return [];
        }

        var seeds = new List<long>();
        foreach (var item in list.Items)
            if (item is SettingScalar scalar && long.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
                && !seeds.Contains(seed)) seeds.Add(seed);
            else Fault(item.Place, key, $"{item.Kind} is no seed, or stands there twice; expected whole numbers of 0 or more, each once");
        return seeds;
    }

    private IReadOnlyList<string> Benchmarks(SettingNode? node, string key)
    {
        if (node is null or SettingScalar { IsNull: true }) return [];
        SettingNode[] items = node is SettingList list ? [.. list.Items] : [node];
        var names = new List<string>();
        foreach (var item in items)
            if (item is SettingScalar scalar && BenchmarkName.TryParse(scalar.Text, out var name)) names.Add(name.ToString());
            else Fault(item.Place, key, $"{item.Kind} is no benchmark; expected NAME@K with K of 1 or more");
        return names;
    }

    private Dictionary<string, string> Against(SettingNode? node) =>
        Entries(node, "compare-with").ToDictionary(entry => entry.Key, entry => Value(entry.Value).Label);

    private StudyBudget Budget(SettingNode? node)
    {
        if (node is null or SettingScalar { IsNull: true }) return StudyBudget.Steps;
        if (node is SettingScalar word && Enum.TryParse<StudyBudget>(word.Text, ignoreCase: true, out var budget)) return budget;
        Fault(node.Place, "equal", $"{node.Kind}; expected steps, tokens, time or parameters");
        return StudyBudget.Steps;
    }

    private IEnumerable<SettingEntry> Entries(SettingNode? node, string key)
    {
        if (node is SettingMap map) return map.Entries;
        if (node is not (null or SettingScalar { IsNull: true })) Fault(node.Place, key, $"{node.Kind} is no mapping");
        return [];
    }

    private void Known(SettingMap map, string path, string[] keys)
    {
        foreach (var entry in map.Entries.Where(entry => !keys.Contains(entry.Key)))
            Fault(entry.Place, path + entry.Key, $"unknown key; expected one of {string.Join(", ", keys)}");
    }

    private void Fault(string place, string key, string what) => _faults.Add(new PlacedFault(place, key, what));

    private static StudyValue Value(SettingNode node) =>
        new(node is SettingScalar scalar ? scalar.Text : Label(Json(node)), Json(node)?.ToJsonString() ?? "null", node.Place);

    // { method: lora, rank: 1 } as "lora, rank 1": the word that names the whole stands for itself.
    private static string Label(JsonNode? json) => json switch
    {
        JsonObject map => string.Join(", ", map.Select(p =>
            p.Key is "method" or "preset" or "name" ? Label(p.Value) : $"{p.Key} {Label(p.Value)}")),
        JsonArray list => string.Join("+", list.Select(Label)),
        _ => json?.ToString() ?? "null",
    };

    private static JsonNode? Json(SettingNode node) => node switch
    {
        SettingMap map => new JsonObject(map.Entries.Select(e => KeyValuePair.Create(e.Key, Json(e.Value)))),
        SettingList list => new JsonArray([.. list.Items.Select(Json)]),
        SettingScalar { Quoted: true } text => JsonValue.Create(text.Text),
        SettingScalar scalar => Plain(scalar.Text),
        _ => throw new InvalidOperationException("an unknown kind of value"),
    };

    // A plain word of YAML: a number or a word of JSON where it is one, else a text (1e-3 and .5 stay what the recipe's reader takes them
    // for).
    private static JsonNode? Plain(string text)
    {
        if (text is "true" or "false") return JsonValue.Create(text == "true");
        if (text is "" or "null" or "~") return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Number) return JsonNode.Parse(text)!;
        }
        catch (JsonException)
        {
            // Not JSON: a word.
        }

        return JsonValue.Create(text);
    }
}
