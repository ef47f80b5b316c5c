using System.Globalization;

namespace Tenon;

/// <summary>The range of a number, both ends included unless <see cref="Above"/> or <see cref="Below"/> is set.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BoundsAttribute(double least, double most) : Attribute
{
    /// <summary>The least value; minus infinity for none.</summary>
    public double Least => least;

    /// <summary>The largest value; infinity for none.</summary>
    public double Most => most;

    /// <summary>True where the value must be above <see cref="Least"/>, not equal to it.</summary>
    public bool Above { get; set; }

    /// <summary>True where the value must be below <see cref="Most"/>, not equal to it.</summary>
    public bool Below { get; set; }

    /// <summary>True where the value lies in the range; NaN and infinities never do.</summary>
    public bool Holds(double value) =>
        double.IsFinite(value) && (Below ? value < most : value <= most) && (Above ? value > least : value >= least);

    /// <summary>The range in words.</summary>
    public override string ToString()
    {
        var top = Below ? $"below {Text(most)}" : $"at most {Text(most)}";
        if (double.IsNegativeInfinity(least)) return double.IsInfinity(most) ? "any number" : top;
        if (double.IsInfinity(most)) return Above ? $"above {Text(least)}" : $"{Text(least)} or more";
        if (Above) return $"above {Text(least)}, {top}";
        return Below ? $"{Text(least)} to {top}" : $"{Text(least)} to {Text(most)}";
    }

    private static string Text(double value) =>
        value == Math.Floor(value) && Math.Abs(value) < 1e16
            ? ((long)value).ToString(CultureInfo.InvariantCulture)
            : value.ToString("R", CultureInfo.InvariantCulture);
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

/// <summary>
/// What a value is where nobody names one, in words: for null, which stands for what follows from other settings or from the model.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DefaultAttribute(string text) : Attribute
{
    /// <summary>The words (<c>half of rank, rounded up</c>).</summary>
    public string Text => text;
}
