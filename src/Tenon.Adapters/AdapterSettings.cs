using System.Text.RegularExpressions;

namespace Tenon.Adapters;

/// <summary>What every method declares alike, and a bag for what only one of them has.</summary>
public sealed record AdapterSettings
{
    /// <summary>The method's name (<c>lora</c>, <c>dora</c> ...).</summary>
    public string Method { get; init; } = "lora";

    /// <summary>Rank, at least 1.</summary>
    public int Rank { get; init; } = 16;

    /// <summary>Scale numerator; the scale is alpha / rank for the LoRA family. Null takes twice the rank.</summary>
    public double? Alpha { get; init; }

    /// <summary><c>all-linear</c>, a list of suffixes separated by commas, or a regular expression that must match the whole module path.</summary>
    public string Targets { get; init; } = "all-linear";

    /// <summary>Dropout on the adapter's input while training; off in scoring and sampling.</summary>
    public double Dropout { get; init; }

    /// <summary>Start values, by PEFT's names; null for the method's default.</summary>
    public string? Init { get; init; }

    /// <summary>Seed of the start values.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Ranks by module pattern (PEFT's <c>rank_pattern</c>).</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Alphas by module pattern (PEFT's <c>alpha_pattern</c>).</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>Names, or one regular expression, of layers that stay as they are.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Indices of the blocks that get an adapter; empty is all.</summary>
    public IReadOnlyList<int> Layers { get; init; } = [];

    /// <summary>Which biases of the model are trained too: <c>none</c>, <c>all</c>, or <c>only</c> those of adapted layers.</summary>
    public string Bias { get; init; } = "none";

    /// <summary>Further modules that are trained and saved whole, by the end of their path.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>Token ids whose embedding rows are trained too (PEFT's <c>trainable_token_indices</c>), in this order.</summary>
    public IReadOnlyList<int> TrainableTokens { get; init; } = [];

    /// <summary>Token ids whose rows of the head are trained apart from the embedding's (an entry <c>lm_head</c> of PEFT's <c>trainable_token_indices</c>).</summary>
    public IReadOnlyList<int> TrainableHeadTokens { get; init; } = [];

    /// <summary>The configuration of the folder that the adapter was read from; it is written back as it was. Null for a fresh adapter.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public Peft.PeftConfig? Peft { get; init; }

    /// <summary>What is odd about the folder that the adapter was read from and was let pass, one sentence each.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>True where all tensors, private ones included, are read from a record right after: a start that costs a decomposition may then be left out.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool SkipStart { get; init; }

    /// <summary>Token sequences that the model will meet (the run's first prompts), for starts that look at activations; null where nobody has any.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<int[]>? Calibration { get; init; }

    /// <summary>The method's own options as texts, by their keys; <see cref="OptionsAs{T}"/> reads them.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>The rank of one layer: the first pattern that matches its path wins.</summary>
    public int RankOf(string path) => Pattern(RankPattern, path, out var rank) ? rank : Rank;

    /// <summary>The alpha of one layer.</summary>
    public double AlphaOf(string path) => Pattern(AlphaPattern, path, out var alpha) ? alpha : Alpha ?? 2 * Rank;

    /// <summary>The method's own options as it declares them: its defaults, and what <see cref="Options"/> says otherwise.</summary>
    public T OptionsAs<T>() where T : ISettings => (T)AdapterMethod.Of(Method).OptionsOf(this);

    /// <summary>PEFT's rule: a pattern matches a whole path or what follows a dot in it.</summary>
    private static bool Pattern<T>(IReadOnlyDictionary<string, T> patterns, string path, out T value)
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
