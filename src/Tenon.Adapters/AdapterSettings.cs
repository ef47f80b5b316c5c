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

    /// <summary>Options of one method, kebab-case.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>The rank of one layer: the first pattern that matches its path wins.</summary>
    public int RankOf(string path) => Pattern(RankPattern, path, out var rank) ? rank : Rank;

    /// <summary>The alpha of one layer.</summary>
    public double AlphaOf(string path) => Pattern(AlphaPattern, path, out var alpha) ? alpha : Alpha ?? 2 * Rank;

    /// <summary>PEFT's rule: a pattern matches a whole path or what follows a dot in it.</summary>
    private static bool Pattern<T>(IReadOnlyDictionary<string, T> patterns, string path, out T value)
    {
        foreach (var (pattern, found) in patterns)
            if (System.Text.RegularExpressions.Regex.IsMatch(path, $@"^(.*\.)?({pattern})$"))
            {
                value = found;
                return true;
            }

        value = default!;
        return false;
    }
}
