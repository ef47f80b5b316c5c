using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Tenon.Adapters;

/// <summary>The adapter. Keys that every method shares stand here; a method's own options are further keys of the same mapping.</summary>
public sealed record AdapterSettings : IHasOptions
{
    /// <summary>The method, by name (<c>tenon methods</c> lists them); <c>full</c> trains all weights.</summary>
    public string Method { get; init; } = Plain;

    /// <summary>An adapter folder to go on from; method and shape are then the folder's.</summary>
    public string? From { get; init; }

    /// <summary>The rank of the update; null is 16.</summary>
    [Bounds(1, 65536)]
    public int? Rank { get; init; }

    /// <summary>The scale's numerator (the update is multiplied by alpha / rank); null is twice the rank.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public double? Alpha { get; init; }

    /// <summary>The layers: <c>all-linear</c>, names (<c>[q_proj, v_proj]</c>), or one regular expression over whole names.</summary>
    public AdapterTargets Targets { get; init; } = AdapterTargets.AllLinear;

    /// <summary>Names or one regular expression of layers that stay as they are.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>The indices of the blocks that get an adapter; empty is all.</summary>
    [Bounds(0, int.MaxValue)]
    public IReadOnlyList<int> Layers { get; init; } = [];

    /// <summary>Ranks of single layers by name or regular expression.</summary>
    [Bounds(1, 65536)]
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Alphas of single layers by name or regular expression.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>
    /// Share of the adapter's inputs that are dropped in training (never in sampling or scoring); 0 keeps sampler and trainer the same.
    /// </summary>
    [Bounds(0, 0.99)]
    public double Dropout { get; init; }

    /// <summary>How the parameters start; null is the method's own way.</summary>
    public string? Init { get; init; }

    /// <summary>Which of the model's biases are trained too: all, or only those of adapted layers.</summary>
    [Words("none", "all", "only")]
    public string Bias { get; init; } = "none";

    /// <summary>Further modules that are trained and saved whole (<c>lm_head</c>, norms), by the ends of their paths.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>Token ids whose embedding rows are trained too.</summary>
    public IReadOnlyList<int> TrainableTokens { get; init; } = [];

    /// <summary>Token ids whose rows of an untied head are trained apart from the embedding's.</summary>
    public IReadOnlyList<int> TrainableHeadTokens { get; init; } = [];

    /// <summary>Seed of the adapter's start; null is the run's.</summary>
    [Bounds(0, 9007199254740991)]
    public long? Seed { get; init; }

    /// <summary>The method's own options as they were given; <see cref="OptionsAs{T}"/> reads them.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Options { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public string Owner => $"method '{Method}'";

    /// <inheritdoc/>
    public ISettings? StandardOptions() => AdapterMethod.All.GetValueOrDefault(Method)?.StandardOptions;

    /// <summary>Beside <c>from</c> only the seed counts: method, shape and options are those of the folder.</summary>
    public bool Applies(string key) => From is null || key is "from" or "seed";

    /// <summary>What it is made from beside the settings.</summary>
    internal AdapterStart Start { get; init; } = AdapterStart.Fresh;

    /// <summary>The rank of layers that no pattern names.</summary>
    internal int CommonRank => Rank ?? 16;

    /// <summary>The seed of the start values.</summary>
    internal ulong StartSeed => (ulong)(Seed ?? 42);

    /// <summary>The method of a recipe that names none.</summary>
    public const string Plain = "lora";

    /// <summary>The adapter that is the whole model: full training.</summary>
    public static AdapterSettings Whole { get; } = new() { Method = AdapterMethod.All.Values.Single(m => m.IsWhole).Name };

    /// <summary>
    /// The same adapter with rank, alpha and seed filled in; where it goes on from a folder, rank and alpha are the folder's.
    /// </summary>
    public AdapterSettings Resolved(long seed)
    {
        if (From is not null) return this with { Seed = Seed ?? seed };
        return this with { Rank = CommonRank, Alpha = Alpha ?? 2 * CommonRank, Seed = Seed ?? seed };
    }

    /// <summary>The method's own options as it declares them: its defaults, and what <see cref="Options"/> says otherwise.</summary>
    public T OptionsAs<T>() where T : ISettings => (T)AdapterMethod.Of(Method).OptionsOf(this);

    /// <summary>The same settings with one option more.</summary>
    internal AdapterSettings With(string option, string value) =>
        this with { Options = new Dictionary<string, JsonElement>(Options ?? []) { [option] = JsonSerializer.SerializeToElement(value) } };

    /// <summary>Options from texts, as a command line has them.</summary>
    public static Dictionary<string, JsonElement> Texts(IEnumerable<KeyValuePair<string, string>> options) =>
        options.ToDictionary(option => option.Key, option => JsonSerializer.SerializeToElement(option.Value));

    /// <summary>Options from a record of them.</summary>
    public static Dictionary<string, JsonElement> Values(ISettings options) =>
        SettingsJson.Write(options).ToDictionary(option => option.Key, option => JsonSerializer.SerializeToElement(option.Value));

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (From is not null) yield break;
        if (Targets is AdapterTargets.Names { Paths: var names })
        {
            if (names.Count == 0) yield return new("targets", "is empty", "all-linear, names of layers, or a regular expression");
            if (names.Contains("all-linear")) yield return new("targets", "holds all-linear beside names", "all-linear alone, or names");
        }

        if (!AdapterMethod.All.TryGetValue(Method, out var method))
            yield return SettingsCheck.NoChoice("method", Method, AdapterMethod.All.Keys);
        else if (Init is not null && !method.Inits.Contains(Init)) yield return method.StartFault(Init);
    }

    /// <summary>The rank of one layer: the first pattern that matches its path wins.</summary>
    public int RankOf(string path) => Match(RankPattern, path, out var rank) ? rank : CommonRank;

    /// <summary>The alpha of one layer.</summary>
    public double AlphaOf(string path) => Match(AlphaPattern, path, out var alpha) ? alpha : Alpha ?? 2 * CommonRank;

    /// <summary>PEFT's rule: a pattern matches a whole path or what follows a dot in it.</summary>
    private static bool Match<T>(IReadOnlyDictionary<string, T> patterns, string path, out T value)
    {
        foreach (var (pattern, found) in patterns)
            if (Regex.IsMatch(path, $@"^(.*\.)?({pattern})$"))
            {
                value = found;
                return true;
            }

        value = default!;
        return false;
    }
}
