namespace Tenon.Rewards.Outcome;

/// <summary>Where an exact match looks, and what it overlooks.</summary>
public sealed record ExactSettings : ISettings
{
    /// <summary>The text that is compared: the last box, or the whole completion (after the think block).</summary>
    public AnswerPlace Where { get; init; } = AnswerPlace.Box;

    /// <summary>True: upper and lower case are alike.</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>True: runs of white space count as one space.</summary>
    public bool IgnoreSpace { get; init; } = true;
}

/// <summary>Where an answer is looked for.</summary>
public enum AnswerPlace
{
    /// <summary>The content of the last <c>\boxed{...}</c> outside think blocks.</summary>
    Box,

    /// <summary>Everything after the think block, trimmed.</summary>
    Text,
}
