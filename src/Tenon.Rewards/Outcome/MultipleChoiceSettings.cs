using Tenon.Rewards.Settings;

namespace Tenon.Rewards.Outcome;

/// <summary>Where the choices stand, and how the gold names one.</summary>
public sealed record MultipleChoiceSettings : ICheckedSettings
{
    /// <summary>The data column of the choices' texts: a list, a map from letter to text, or <c>{"label":[...],"text":[...]}</c>. A line without it has letters only.</summary>
    public string Column { get; init; } = "choices";

    /// <summary>How many letters there are, from A, where a line has no texts.</summary>
    public int Choices { get; init; } = 4;

    /// <summary>How the gold names its choice.</summary>
    public ChoiceGold Gold { get; init; } = ChoiceGold.Letter;

    /// <inheritdoc/>
    public IEnumerable<SettingFault> Faults()
    {
        if (string.IsNullOrWhiteSpace(Column)) yield return new("column", "expected the name of a column");
        if (Choices is < 2 or > ChoiceList.MostChoices) yield return new("choices", $"expected 2 to {ChoiceList.MostChoices}, got {Choices}");
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
