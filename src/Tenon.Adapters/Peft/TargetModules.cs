// Which modules of a model an adapter sits on: PEFT's check_target_module_exists and inject_adapter, without the injection.
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tenon.Adapters.Peft;

/// <summary>
/// The outcome: modules in model order, <c>target_modules</c> as it is saved (a list is sorted, and condensed from 20 entries on), notes
/// that PEFT prints as warnings.
/// </summary>
public sealed record TargetChoice(IReadOnlyList<ModelModule> Modules, JsonNode? Saved, IReadOnlyList<string> Notes);

/// <summary>From a configuration's target fields to modules of a model.</summary>
public static partial class TargetModules
{
    private const string AllLinear = "all-linear";
    private const int CondenseFrom = 20;

    /// <summary>
    /// Resolves targets over all modules of a model, given in model order; <paramref name="modelType"/> is <c>model_type</c> of its
    /// <c>config.json</c>, for defaults.
    /// Nothing matched, or a match that cannot carry the adapter, is an error.
    /// </summary>
    public static TargetChoice Resolve(PeftConfig config, IReadOnlyList<ModelModule> modules, string? modelType = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        var byPath = modules.ToDictionary(m => m.Path);
        var paths = WithContainers(modules);
        var targets = Targets(config, modules, modelType);
        var filter = new Filter(config, targets);
        var traits = PeftTraits.Of(config.PeftType);
        var matched = new List<string>();
        int excluded = 0, unmatched = 0;
        foreach (var path in paths)
        {
            if (filter.Excludes(path)) excluded++;
            else if (filter.Matches(path)) matched.Add(path);
            else unmatched++;
        }
        if (matched.Count == 0) throw Nothing(config, targets, excluded > 0, unmatched > 0, modules);
        var chosen = matched.ConvertAll(path => byPath.TryGetValue(path, out var module) && traits.Carries.Contains(module.Kind) ? module
            : throw new TenonException($"target module '{path}' of {config.Source}", traits.CarriesWords,
            module?.Kind.ToString().ToLowerInvariant() ?? "a block of other modules",
                "name its layers instead, such as q_proj", usage: true));
        var notes = new List<string>();
        if (excluded == 0 && config.Has("exclude_modules") && config["exclude_modules"] is JsonArray { Count: > 0 } or JsonValue)
            notes.Add($"exclude_modules={config["exclude_modules"]!.ToJsonString()} excluded no module");
        if (targets.List?.Where(name => !paths.Any(path => path == name || path.EndsWith("." + name, StringComparison.Ordinal)))
            .ToList() is { Count: > 0 } strangers)
            notes.Add($"target_modules that the model does not have: {string.Join(", ", strangers)}");
        foreach (var field in new[] { "rank_pattern", "alpha_pattern" })
            if (config.Has(field) && traits.PatternsAreRanks
                && config.Patterns(field).Unmatched(matched).ToList() is { Count: > 0 } unused)
                notes.Add($"keys of {field} that match no targeted module: {string.Join(", ", unused)}");
        return new TargetChoice(chosen, targets.Pattern is { } pattern ? pattern : Saved(config.PeftType, targets.List!, paths), notes);
    }

    /// <summary>
    /// Modules that <c>modules_to_save</c> copies and trains whole: every path that ends with an entry, no dot needed, and what lies inside
    /// it.
    /// </summary>
    public static IReadOnlyList<ModelModule> ToSave(PeftConfig config, IReadOnlyList<ModelModule> modules)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (!config.Has("modules_to_save") || config.Texts("modules_to_save") is not { Count: > 0 } names) return [];
        var roots = WithContainers(modules).Where(p => names.Any(n => p.EndsWith(n, StringComparison.Ordinal))).ToList();
        return [.. modules.Where(m => roots.Any(r => m.Path == r || m.Path.StartsWith(r + ".", StringComparison.Ordinal)))];
    }

    /// <summary>The smallest set of suffixes that hits exactly these modules and none of the others, sorted.</summary>
    internal static List<string> Condense(IReadOnlyCollection<string> targets, IEnumerable<string> others)
    {
        var taken = others.SelectMany(Suffixes).ToHashSet();
        var chosen = new HashSet<string>();
        foreach (var target in targets.OrderBy(t => string.Join('\0', Suffixes(t)), StringComparer.Ordinal))
        {
            if (chosen.Any(c => target.EndsWith("." + c, StringComparison.Ordinal))) continue;
            if (Suffixes(target).FirstOrDefault(s => !chosen.Contains(s) && !taken.Contains(s)) is { } suffix) chosen.Add(suffix);
        }
        return [.. chosen.Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Suffixes(string path)
    {
        for (var i = path.LastIndexOf('.'); i >= 0; i = i == 0 ? -1 : path.LastIndexOf('.', i - 1)) yield return path[(i + 1)..];
        yield return path;
    }

    /// <summary>
    /// What the configuration asks for: a pattern over whole paths, or a list; <c>all-linear</c> becomes the list of all linear layers but
    /// the head.
    /// </summary>
    private static (string? Pattern, List<string>? List) Targets(PeftConfig config, IReadOnlyList<ModelModule> modules, string? modelType)
    {
        var given = config["target_modules"];
        if (given is null && (!config.Has("target_parameters") || config["target_parameters"] is null))
            return (null, PeftTraits.TargetsOf(config.PeftType, modelType)?.ToList()
                ?? throw new TenonException(config.Source, "'target_modules' (there is no default for this model)",
                $"null, model_type '{modelType}'", "all-linear takes every linear layer", usage: true));
        if (config.Has("target_parameters") && config["target_parameters"] is JsonArray { Count: > 0 })
            throw new TenonException($"'target_parameters' of {config.Source}",
                "null: parameters that are no modules cannot be adapted here", config["target_parameters"]!.ToJsonString(), usage: true);
        if (given?.GetValueKind() != JsonValueKind.String) return (null, config.Texts("target_modules")?.ToList() ?? []);
        var text = config.Text("target_modules")!;
        return text.Equals(AllLinear, StringComparison.OrdinalIgnoreCase)
            ? (null, [.. modules.Where(m => m.Kind == ModuleKind.Linear).Select(m => m.Path)]) : (text, null);
    }

    private static JsonArray Saved(string peftType, List<string> targets, List<string> paths)
    {
        var set = targets.ToHashSet();
        List<string> saved = [.. set.Order(StringComparer.Ordinal)];
        if (set.Count >= CondenseFrom && PeftTraits.Of(peftType).CondensesTargets)
        {
            var others = paths.Where(p => !set.Contains(p) && !set.Any(t => p.EndsWith("." + t, StringComparison.Ordinal)));
            var condensed = Condense(set, others);
            if (condensed.Count < set.Count) saved = condensed;
        }
        return new JsonArray([.. saved.Select(s => (JsonNode)s)]);
    }

    /// <summary>Every path that PyTorch's <c>named_modules</c> gives: blocks before what lies in them.</summary>
    private static List<string> WithContainers(IReadOnlyList<ModelModule> modules)
    {
        var paths = new List<string>();
        var seen = new HashSet<string>();
        foreach (var module in modules)
        {
            for (var dot = module.Path.IndexOf('.'); dot >= 0; dot = module.Path.IndexOf('.', dot + 1))
                if (seen.Add(module.Path[..dot])) paths.Add(module.Path[..dot]);
            if (seen.Add(module.Path)) paths.Add(module.Path);
        }
        return paths;
    }

    private static TenonException Nothing(PeftConfig config, (string? Pattern, List<string>? List) targets, bool excluded, bool unmatched,
        IReadOnlyList<ModelModule> modules)
    {
        var last = string.Join(", ", modules.Select(m => m.Path[(m.Path.LastIndexOf('.') + 1)..]).Distinct());
        var wanted = targets.Pattern is { } pattern ? $"'{pattern}'" : $"[{string.Join(", ", targets.List!)}]";
        var layers = config.Has("layers_to_transform") && config["layers_to_transform"] is { } l
            ? $"; layers_to_transform is {l.ToJsonString()}" : "";
        if (config.Has("layers_pattern") && config["layers_pattern"] is { } p) layers += $"; layers_pattern is {p.ToJsonString()}";
        if (excluded && !unmatched)
            return new TenonException($"target modules {wanted} of {config.Source}", "at least one module", "all modules were excluded",
                "check target_modules, exclude_modules and modules_to_save", usage: true);
        if (targets is { Pattern: null, List.Count: 0 })
            return new TenonException($"'target_modules' of {config.Source}", "at least one module", "an empty list",
                $"modules end in {last}", usage: true);
        return new TenonException($"target modules {wanted} of {config.Source}", "at least one module of the base model",
            excluded ? "no match besides what exclude_modules and modules_to_save take away" + layers
            : "no match" + layers, $"modules end in {last}; 'all-linear' takes all linear layers", usage: true);
    }

    /// <summary>The matching rule of one configuration, with its patterns compiled.</summary>
    private sealed partial class Filter
    {
        private readonly PythonRegex? _pattern;
        private readonly HashSet<string> _names;
        private readonly PythonRegex? _excludePattern;
        private readonly IReadOnlyList<string> _excludeNames = [];
        private readonly List<PythonRegex> _saved = [];
        private readonly HashSet<int>? _layers;
        private readonly List<Regex> _layerPatterns = [];

        internal Filter(PeftConfig config, (string? Pattern, List<string>? List) targets)
        {
            _pattern = targets.Pattern is { } text ? new PythonRegex(text, "target_modules") : null;
            _names = targets.List?.ToHashSet() ?? [];
            if (config.Has("exclude_modules") && config["exclude_modules"] is { } exclude)
            {
                if (exclude.GetValueKind() == JsonValueKind.String && config.Text("exclude_modules") is { Length: > 0 } regex)
                    _excludePattern = new PythonRegex(regex, "exclude_modules");
                else if (exclude.GetValueKind() != JsonValueKind.String) _excludeNames = config.Texts("exclude_modules")!;
            }
            if (config.Has("modules_to_save") && config.Texts("modules_to_save") is { } save)
                _saved = save.Select(m => new PythonRegex($@"(^|.*\.){m}($|\..*)", "modules_to_save")).ToList();
            if (config.Has("layers_to_transform") && config.Ints("layers_to_transform") is { Count: > 0 } indices) _layers = [.. indices];
            if (config.Has("layers_pattern")
                && config.Texts("layers_pattern")?.Where(p => p.Length > 0).ToList() is { Count: > 0 } patterns)
                _layerPatterns = patterns.ConvertAll(p => LayerPattern(p));
        }

        internal bool Excludes(string path) => (_excludePattern?.FullMatch(path) ?? false)
            || _excludeNames.Any(n => path == n || path.EndsWith("." + n, StringComparison.Ordinal)) || _saved.Any(s => s.Match(path));

        internal bool Matches(string path)
        {
            if (_pattern is not null) return _pattern.FullMatch(path);
            if (_names.Contains(path)) return true;
            if (!_names.Any(n => path.EndsWith("." + n, StringComparison.Ordinal))) return false;
            return _layers is null || (LayerOf(path) is { } layer && _layers.Contains(layer));
        }

        private int? LayerOf(string path)
        {
            var match = _layerPatterns.Count == 0 ? AnyLayer().Match(path)
                : _layerPatterns.Select(p => p.Match(path)).FirstOrDefault(m => m.Success);
            return match is { Success: true }
                && int.TryParse(match.Groups["idx"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
        }

        private static Regex LayerPattern(string name)
        {
            // The name is itself a pattern of Python's; compiling it first gives the error of a broken one.
            _ = new PythonRegex(name, "layers_pattern");
            return new Regex($@"\A(?:^|.*?\.)(?:{new PythonRegexTranslator(name).Run()})\.(?<idx>[0-9]+)\.", RegexOptions.CultureInvariant);
        }

        [GeneratedRegex(@"\A.*?\.[^.]*\.(?<idx>[0-9]+)\.", RegexOptions.CultureInvariant)]
        private static partial Regex AnyLayer();
    }
}
