namespace Tenon.Rewards.Outcome;

/// <summary>Where the choices stand, and how the gold names one.</summary>
public sealed record MultipleChoiceSettings : ISettings
{
    /// <summary>
    /// The data column of the choices' texts: a list, a map from letter to text, or <c>{"label":[...],"text":[...]}</c>. A line without it
    /// has letters only.
    /// </summary>
    public string Column { get; init; } = "choices";

    /// <summary>How many letters there are, from A, where a line has no texts.</summary>
    [Bounds(2, ChoiceList.MostChoices)]
    public int Choices { get; init; } = 4;

    /// <summary>How the gold names its choice.</summary>
    public ChoiceGold Gold { get; init; } = ChoiceGold.Letter;

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (string.IsNullOrWhiteSpace(Column)) yield return new("column", "is empty", "the name of a column");
    }
}

/// <summary>How a gold answer names its choice.</summary>
public enum ChoiceGold
{
    /// <summary>By its letter (<c>B</c>, <c>(b)</c>) or its text.</summary>
    Letter,

    /// <summary>By its number, counted from 0.</summary>
    ZeroBased,

    /// <summary>By its number, counted from 1.</summary>
    OneBased,
}
