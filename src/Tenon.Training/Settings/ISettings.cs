namespace Tenon.Training.Settings;

/// <summary>A record of settings. Ranges of single values are <see cref="BoundsAttribute"/>s; what several values must agree on stands in <see cref="Rules"/>.</summary>
public interface ISettings
{
    /// <summary>The faults between this record's own values, keys relative to the record.</summary>
    IEnumerable<SettingsFault> Rules() => [];
}

/// <summary>One fault of a recipe.</summary>
/// <param name="Key">The key with its path, as the recipe writes it (<c>rollout.max-new-tokens</c>, <c>reward.0.weight</c>).</param>
/// <param name="What">What is wrong, beginning with the value or a verb.</param>
/// <param name="Expected">The range, the valid words, or what to write instead.</param>
public sealed record SettingsFault(string Key, string What, string? Expected = null)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Key}: {What}" + (Expected is null ? "" : $"; expected {Expected}");
}

/// <summary>The range of a number, both ends included unless <see cref="Above"/> is set.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BoundsAttribute(double least, double most) : Attribute
{
    /// <summary>The least value.</summary>
    public double Least => least;

    /// <summary>The largest value; infinity for none.</summary>
    public double Most => most;

    /// <summary>True where the value must be above <see cref="Least"/>, not equal to it.</summary>
    public bool Above { get; set; }

    /// <summary>True where the value lies in the range; NaN and infinities never do.</summary>
    public bool Holds(double value) => double.IsFinite(value) && value <= most && (Above ? value > least : value >= least);

    /// <summary>The range in words.</summary>
    public override string ToString()
    {
        var low = Above ? $"above {Text(least)}" : double.IsInfinity(most) ? $"{Text(least)} or more" : Text(least);
        if (double.IsInfinity(most)) return low;
        return Above ? $"{low}, at most {Text(most)}" : $"{low} to {Text(most)}";
    }

    private static string Text(double value) =>
        value == Math.Floor(value) && Math.Abs(value) < 1e15
            ? ((long)value).ToString(System.Globalization.CultureInfo.InvariantCulture)
            : value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>The words that a text may be.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class WordsAttribute(params string[] words) : Attribute
{
    /// <summary>The words.</summary>
    public IReadOnlyList<string> Words => words;
}

/// <summary>A value that may be written <c>auto</c>, which is null in the record.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AutoAttribute : Attribute;
