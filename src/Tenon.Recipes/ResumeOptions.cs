namespace Tenon.Recipes;

/// <summary>What a run that goes on may be told anew.</summary>
public sealed record ResumeOptions
{
    /// <summary>
    /// A recipe's file beside the one that the folder holds: it must say the same, but for keys that may change while a run goes on.
    /// </summary>
    public string? Recipe { get; init; }

    /// <summary>Overrides, under the same rule: <c>"steps=200"</c>.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>Goes on although numerics, CPU tier, model file or data file differ, and with them the numbers.</summary>
    public bool Force { get; init; }
}
