using System.Text.Json;
using System.Text.Json.Serialization;
using Tenon.Adapters;

namespace Tenon.Training.Settings;

/// <summary>The adapter. Keys that every method shares stand here; a method's own options are further keys of the same mapping.</summary>
public sealed record AdapterSettings : IHasOptions
{
    /// <summary>The method, by name (<c>tenon methods</c> lists them); <c>full</c> trains all weights.</summary>
    public string Method { get; init; } = "lora";

    /// <summary>An adapter folder to go on from; method and shape are then the folder's.</summary>
    public string? From { get; init; }

    /// <summary>The rank of the update; null is 16.</summary>
    [Bounds(1, 65536)]
    public int? Rank { get; init; }

    /// <summary>The scale's numerator (the update is multiplied by alpha / rank); null is twice the rank.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public double? Alpha { get; init; }

    /// <summary>The layers: <c>all-linear</c>, names (<c>[q_proj, v_proj]</c>), or one regular expression over whole names.</summary>
    public IReadOnlyList<string> Targets { get; init; } = ["all-linear"];

    /// <summary>Names or one regular expression of layers that stay as they are.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>The indices of the blocks that get an adapter; empty is all.</summary>
    public IReadOnlyList<int> Layers { get; init; } = [];

    /// <summary>Ranks of single layers by name or regular expression.</summary>
    [Bounds(1, 65536)]
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Alphas of single layers by name or regular expression.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>Share of the adapter's inputs that are dropped in training (never in sampling or scoring); 0 keeps sampler and trainer the same.</summary>
    [Bounds(0, 0.99)]
    public double Dropout { get; init; }

    /// <summary>How the parameters start; null is the method's own way.</summary>
    public string? Init { get; init; }

    /// <summary>Which of the model's biases are trained too: all, or only those of adapted layers.</summary>
    [Words("none", "all", "only")]
    public string Bias { get; init; } = "none";

    /// <summary>Further modules that are trained and saved whole (<c>lm_head</c>, norms).</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>Token ids whose embedding rows are trained too.</summary>
    public IReadOnlyList<int> TrainableTokens { get; init; } = [];

    /// <summary>Seed of the adapter's start; null is the run's.</summary>
    [Bounds(0, 9007199254740991)]
    public long? Seed { get; init; }

    /// <summary>The method's own options.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Options { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public string Owner => $"method '{Method}'";

    /// <inheritdoc/>
    public ISettings? StandardOptions() => AdapterMethod.All.GetValueOrDefault(Method)?.StandardOptions;

    /// <summary>Beside <c>from</c> only the seed counts: method, shape and options are those of the folder.</summary>
    public bool Applies(string key) => From is null || key is "from" or "seed";

    /// <summary>The same adapter with rank, alpha and seed filled in; where it goes on from a folder, rank and alpha are the folder's.</summary>
    public AdapterSettings Resolved(long seed)
    {
        if (From is not null) return this with { Seed = Seed ?? seed };
        var rank = Rank ?? 16;
        return this with { Rank = rank, Alpha = Alpha ?? 2 * rank, Seed = Seed ?? seed };
    }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (From is not null) yield break;
        if (Targets.Count == 0) yield return new("targets", "is empty", "all-linear, names of layers, or a regular expression");
        if (Targets.Count > 1 && Targets.Contains("all-linear")) yield return new("targets", "holds all-linear beside names", "all-linear alone, or names");
        foreach (var layer in Layers)
            if (layer < 0) yield return new("layers", $"{layer} is no index of a block", "0 or more");
        if (!AdapterMethod.All.ContainsKey(Method)) yield return SettingsCheck.NoChoice("method", Method, AdapterMethod.All.Keys);
        else if (Init is not null && !AdapterMethod.Of(Method).Inits.Contains(Init)) yield return AdapterMethod.Of(Method).StartFault(Init);
    }
}
