namespace Tenon.Evaluation.Spectra;

/// <summary>Whether weights are decomposed whole or to their first directions.</summary>
public enum Decomposition
{
    /// <summary>Whole where the smaller side is at most <see cref="SpectraSettings.ExactUpTo"/>, else the first directions.</summary>
    Auto,

    /// <summary>Whole, however large, and so are the weights after the update.</summary>
    Exact,

    /// <summary>The first directions of every weight.</summary>
    Randomized,
}

/// <summary>How spectra are taken.</summary>
public sealed record SpectraSettings
{
    /// <summary>The fewest first directions that are looked for where a weight is not decomposed whole.</summary>
    public const int LeastTop = 256;

    /// <summary>How many first directions of W and W' are compared by their angles; 0 for none.</summary>
    public int Angles { get; init; } = 8;

    /// <summary>Whole decompositions or first directions.</summary>
    public Decomposition Decomposition { get; init; }

    /// <summary>Up to this smaller side a weight is decomposed whole unless told otherwise: beyond it a matrix takes minutes.</summary>
    public int ExactUpTo { get; init; } = 2048;

    /// <summary>First directions that are looked for where a weight is not decomposed whole; null takes 256 or a tenth.</summary>
    public int? Top { get; init; }

    /// <summary>Seed of the random starts.</summary>
    public ulong Seed { get; init; }

    /// <summary>Keeps all singular values and what belongs to them.</summary>
    public bool Values { get; init; }

    /// <summary>Only modules whose path holds one of these words; all where empty.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>True for a path that <see cref="Modules"/> asks for.</summary>
    public bool Wants(string path) => Modules.Count == 0 || Modules.Any(word => path.Contains(word, StringComparison.Ordinal));

    /// <summary>
    /// How many first directions are looked for in a matrix of this shape; null where it is decomposed whole. The first tenth of the
    /// directions is always among them, so that its share of the update is known.
    /// </summary>
    public int? TopOf(int rows, int columns)
    {
        var side = Math.Min(rows, columns);
        if (Decomposition == Decomposition.Exact || (Decomposition == Decomposition.Auto && side <= ExactUpTo)) return null;
        var top = Top ?? Math.Max(LeastTop, (side + 9) / 10);
        return top < side ? top : null;
    }
}
