using System.Text.RegularExpressions;

namespace Tenon.Rewards.Outcome;

/// <summary>The pattern, the text it is held against, and what a match has to give.</summary>
public sealed record RegexSettings : ISettings
{
    /// <summary>A .NET regular expression; null takes each line's own from <see cref="Column"/>.</summary>
    public string? Pattern { get; init; }

    /// <summary>The data column of the pattern, where <see cref="Pattern"/> is null.</summary>
    public string Column { get; init; } = "pattern";

    /// <summary>The text that is looked at.</summary>
    public RegexPlace Where { get; init; } = RegexPlace.Text;

    /// <summary><c>full</c>: the pattern covers the whole text. <c>anywhere</c>: some part of it.</summary>
    public RegexMatch Match { get; init; } = RegexMatch.Full;

    /// <summary>
    /// True: the first group of the last match (all of it where there is no group) must be the gold answer, spaces around it apart.
    /// </summary>
    public bool Gold { get; init; }

    /// <summary>True: upper and lower case are alike.</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>
    /// True allows look-around and back-references; a match may then take <see cref="Timeout"/>. False matches in linear time.
    /// </summary>
    public bool Backtracking { get; init; }

    /// <summary>Seconds after which a backtracking match is given up; the completion is then wrong.</summary>
    [Bounds(0, 3600, Above = true)]
    public double Timeout { get; init; } = 1;

    /// <summary>True where a match is the outcome (accuracy, dynamic sampling), false where it only shapes.</summary>
    public bool Outcome { get; init; } = true;

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (string.IsNullOrWhiteSpace(Column)) yield return new("column", "is empty", "the name of a column");
        if (Pattern is not null && Timeout > 0 && Compile(Pattern, out var fault) is null) yield return new("pattern", fault!);
    }

    /// <summary>The expression; null with the fault where it is none.</summary>
    internal Regex? Compile(string pattern, out string? fault)
    {
        fault = null;
        var options = RegexOptions.CultureInvariant | (IgnoreCase ? RegexOptions.IgnoreCase : 0)
            | (Backtracking ? 0 : RegexOptions.NonBacktracking);
        var timeout = Backtracking ? TimeSpan.FromSeconds(Timeout) : Regex.InfiniteMatchTimeout;
        try
        {
            // By itself first: a pattern such as a)(b would be an expression inside the brackets below and none alone.
            var alone = new Regex(pattern, options, timeout);
            return Match == RegexMatch.Full ? new Regex($@"\A(?:{pattern})\z", options, timeout) : alone;
        }
        catch (ArgumentException e)
        {
            fault = $"is no regular expression: {e.Message}";
        }
        catch (NotSupportedException)
        {
            fault =
                "has look-around or a back-reference, which cannot be matched in linear time: set 'backtracking: true', or write it without";
        }

        return null;
    }
}

/// <summary>What a pattern is held against.</summary>
public enum RegexPlace
{
    /// <summary>Everything after the think block, trimmed.</summary>
    Text,

    /// <summary>The content of the last box.</summary>
    Box,

    /// <summary>The whole completion as it stands.</summary>
    All,
}

/// <summary>How much of the text a pattern must cover.</summary>
public enum RegexMatch
{
    /// <summary>All of it.</summary>
    Full,

    /// <summary>Any part.</summary>
    Anywhere,
}
