namespace Tenon.Studies;

/// <summary>
/// A study as it is written down: a base recipe, axes over any of its keys, what is tuned on seeds of its own, and the seeds that are
/// reported.
/// </summary>
public sealed record StudyRecipe
{
    /// <summary>What messages call the study.</summary>
    public required string Name { get; init; }

    /// <summary>The text of the base recipe (YAML or JSON).</summary>
    public required string BaseText { get; init; }

    /// <summary>What messages call the base.</summary>
    public required string BaseName { get; init; }

    /// <summary>The grids: <c>axes</c> first, then each of <c>ablations</c> by its name.</summary>
    public required IReadOnlyList<StudyGrid> Grids { get; init; }

    /// <summary>The keys whose value is chosen for each row by runs of <see cref="TuneSeeds"/>; none leaves the base's.</summary>
    public IReadOnlyList<TunedKey> Tuned { get; init; } = [];

    /// <summary>The seeds that are tuned on; none of them is reported.</summary>
    public IReadOnlyList<long> TuneSeeds { get; init; } = [];

    /// <summary>
    /// True where each tuning seed runs only the better half of the values that are left: successive halving with whole runs as its unit,
    /// so that no schedule is cut.
    /// </summary>
    public bool Halving { get; init; }

    /// <summary>What tuning looks at: never the problems that are reported.</summary>
    public IReadOnlyList<string> TuneBenchmarks { get; init; } = [];

    /// <summary>The reported seeds.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>The reported benchmarks, <c>NAME@K</c>.</summary>
    public required IReadOnlyList<string> Benchmarks { get; init; }

    /// <summary>The row that others are compared with, by the values of some axes; the other axes' values are the row's own.</summary>
    public IReadOnlyDictionary<string, string> CompareWith { get; init; } = new Dictionary<string, string>();

    /// <summary>What rows have in common where they are compared.</summary>
    public StudyBudget Equal { get; init; } = StudyBudget.Steps;

    /// <summary>Whether the final updates' spectra are taken; null takes them of small bases.</summary>
    public bool? Spectra { get; init; }
}

/// <summary>What the rows of a study have in common.</summary>
public enum StudyBudget
{
    /// <summary>Each run ends after the recipe's steps.</summary>
    Steps,

    /// <summary>Each run counts up to the last evaluation at which it had sampled no more tokens than the shortest run.</summary>
    Tokens,

    /// <summary>Each run counts up to the last evaluation at which it had taken no longer than the fastest run.</summary>
    Time,

    /// <summary>Each row's rank is the one whose trainable parameters come nearest to those of the row compared with.</summary>
    Parameters,
}

/// <summary>A grid: the product of its axes.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Axes">The axes, the slowest first.</param>
public sealed record StudyGrid(string Name, IReadOnlyList<StudyAxis> Axes);

/// <summary>An axis: a key of the recipe and its values.</summary>
/// <param name="Key">The key, with dots (<c>adapter.method</c>).</param>
/// <param name="Values">The values.</param>
public sealed record StudyAxis(string Key, IReadOnlyList<StudyValue> Values);

/// <summary>A value of an axis.</summary>
/// <param name="Label">What tables call it.</param>
/// <param name="Json">The value itself, as JSON.</param>
/// <param name="Place">Where it was written.</param>
public sealed record StudyValue(string Label, string Json, string Place = "");

/// <summary>A key that is tuned: its values, or factors around a middle.</summary>
/// <param name="Key">The key (<c>optimizer.learning-rate</c>).</param>
/// <param name="Values">The values to try; null where <paramref name="Factors"/> makes them.</param>
/// <param name="Around">The middle; null is the method's own default rate on the model.</param>
/// <param name="Factors">What the middle is multiplied by.</param>
public sealed record TunedKey(string Key, IReadOnlyList<StudyValue>? Values, double? Around, IReadOnlyList<double> Factors);
