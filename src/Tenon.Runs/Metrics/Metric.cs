namespace Tenon.Runs;

/// <summary>
/// A number that a step of a run reports. It is declared once, in <see cref="StepMetric"/>, and its name, sentence, unit and the way it is
/// taken over a step's optimizer steps go from there to the file, the display, the report and the documents.
/// </summary>
/// <param name="Name">Its key in <c>metrics.jsonl</c>; stable.</param>
/// <param name="Title">A few words above a chart.</param>
/// <param name="Sentence">What it is, in one sentence.</param>
/// <param name="Unit">What it is counted in.</param>
/// <param name="Over">What it is taken over.</param>
public sealed record Metric(string Name, string Title, string Sentence, Unit Unit, Over Over) : IComparable<Metric>
{
    /// <summary>Its place in a line of <c>metrics.jsonl</c>; metrics of one family share a place and stand there by name.</summary>
    public int Place { get; init; }

    /// <summary>True where every line has the key, with null where the step has nothing to say.</summary>
    public bool IsAlways { get; init; }

    /// <summary>True for time, speed and memory: the only numbers in which two equal runs may differ.</summary>
    public bool IsTime { get; init; }

    /// <summary>The value of a step that reports none: 0 for what counts, NaN (null in the file) for the rest.</summary>
    public double Missing => Unit is Unit.Groups or Unit.Tokens && IsAlways && Over != Over.MeanOfCompletions ? 0 : double.NaN;

    /// <inheritdoc/>
    public int CompareTo(Metric? other)
    {
        if (other is null) return 1;
        var place = Place.CompareTo(other.Place);
        return place != 0 ? place : string.CompareOrdinal(Name, other.Name);
    }

    /// <inheritdoc/>
    public bool Equals(Metric? other) => other is not null && Name == other.Name;

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Metrics that share a prefix and differ in what they are about: one reward, one reason, one benchmark.</summary>
/// <param name="Prefix">The part of the name before the slash, the slash included; empty for the metrics of a method, which brings its
/// own.</param>
/// <param name="Member">The family as a metric; a member's sentence is its own.</param>
public sealed record MetricFamily(string Prefix, Metric Member)
{
    /// <summary>The member of that name.</summary>
    public Metric this[string name] =>
        Member with { Name = Prefix + name, Title = Member.Title.Length == 0 ? Prefix + name : $"{Member.Title}: {name}" };
}

/// <summary>What a metric is counted in.</summary>
public enum Unit
{
    /// <summary>A plain number.</summary>
    None,

    /// <summary>A share, 0 to 1.</summary>
    Share,

    /// <summary>Tokens.</summary>
    Tokens,

    /// <summary>Groups of completions.</summary>
    Groups,

    /// <summary>Seconds.</summary>
    Seconds,

    /// <summary>Tokens a second.</summary>
    TokensPerSecond,

    /// <summary>1e9 bytes.</summary>
    Gigabytes,

    /// <summary>Nats: natural logarithms of probabilities.</summary>
    Nats,
}

/// <summary>What a metric is taken over.</summary>
public enum Over
{
    /// <summary>The step as a whole.</summary>
    Step,

    /// <summary>The mean over all completions that were drawn, before any filter.</summary>
    MeanOfCompletions,

    /// <summary>All completions or groups that were drawn, before any filter.</summary>
    Drawn,

    /// <summary>The mean over the step's optimizer steps; those that say nothing are left out.</summary>
    MeanOfUpdates,

    /// <summary>The sum over the step's optimizer steps.</summary>
    SumOfUpdates,

    /// <summary>The last of the step's optimizer steps.</summary>
    LastUpdate,

    /// <summary>The largest over the step's optimizer steps.</summary>
    LargestOfUpdates,

    /// <summary>The smallest over the step's optimizer steps.</summary>
    SmallestOfUpdates,

    /// <summary>The first of the step's optimizer steps, before anything has moved.</summary>
    FirstUpdate,
}
