using System.Globalization;
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

    /// <summary>Options of one method, kebab-case.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>The rank of one layer: the first pattern that matches its path wins.</summary>
    public int RankOf(string path) => Pattern(RankPattern, path, out var rank) ? rank : Rank;

    /// <summary>The alpha of one layer.</summary>
    public double AlphaOf(string path) => Pattern(AlphaPattern, path, out var alpha) ? alpha : Alpha ?? 2 * Rank;

    /// <summary>An option that is an integer in a range.</summary>
    public int Int(string option, int otherwise, int least = int.MinValue, int most = int.MaxValue)
    {
        if (!Options.TryGetValue(option, out var text)) return otherwise;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most ? value
            : throw Wrong(option, most == int.MaxValue ? least == int.MinValue ? "an integer" : $"an integer of {least} or more" : $"an integer from {least} to {most}", text);
    }

    /// <summary>An option that is a number.</summary>
    public double Number(string option, double otherwise)
    {
        if (!Options.TryGetValue(option, out var text)) return otherwise;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : throw Wrong(option, "a number", text);
    }

    /// <summary>An option that is true or false.</summary>
    public bool Flag(string option, bool otherwise)
    {
        if (!Options.TryGetValue(option, out var text)) return otherwise;
        return bool.TryParse(text, out var value) ? value : throw Wrong(option, "true or false", text);
    }

    /// <summary>An option that is one of some words.</summary>
    public string Word(string option, string otherwise, params string[] words)
    {
        if (!Options.TryGetValue(option, out var text)) return otherwise;
        return words.Contains(text) ? text : throw Wrong(option, string.Join(", ", words), text);
    }

    /// <summary>An option as its text, or null.</summary>
    public string? Text(string option) => Options.GetValueOrDefault(option);

    private TenonException Wrong(string option, string expected, string got) => new($"adapter.{option} of method '{Method}'", expected, $"'{got}'", usage: true);

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
