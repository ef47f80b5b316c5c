namespace Tenon.Runs;

/// <summary>Units and what a metric is taken over, in words.</summary>
public static class Units
{
    /// <summary>A unit in words; empty for plain numbers.</summary>
    public static string Word(Unit unit) => unit switch
    {
        Unit.Share => "share",
        Unit.Tokens => "tokens",
        Unit.Groups => "groups",
        Unit.Seconds => "s",
        Unit.TokensPerSecond => "tokens/s",
        Unit.Gigabytes => "GB",
        Unit.Nats => "nats",
        _ => "",
    };

    /// <summary>A unit behind a title, in brackets; empty for shares and plain numbers.</summary>
    public static string Suffix(Unit unit) => unit is Unit.None or Unit.Share ? "" : $" ({Word(unit)})";

    /// <summary>What a metric is taken over, in words.</summary>
    public static string Word(Over over) => over switch
    {
        Over.MeanOfCompletions => "mean over all drawn completions",
        Over.Drawn => "all that was drawn",
        Over.MeanOfUpdates => "mean over the step's optimizer steps",
        Over.SumOfUpdates => "sum over the step's optimizer steps",
        Over.LastUpdate => "last optimizer step",
        Over.LargestOfUpdates => "largest over the step's optimizer steps",
        Over.SmallestOfUpdates => "smallest over the step's optimizer steps",
        Over.FirstUpdate => "first optimizer step",
        _ => "the step",
    };
}
