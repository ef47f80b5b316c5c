namespace Tenon.Rollouts.Data;

/// <summary>
/// What a run remembers of each prompt: the share of its completions that were right, older ones counting less. A prompt's rate is
/// (right + 1/2) / (judged + 1), so that what is forgotten goes back to one half and is asked again.
/// </summary>
public sealed record MemorySettings : ISettings
{
    /// <summary>A prompt whose remembered rate is this or higher is passed over; null passes none over.</summary>
    [Bounds(0.5, 1, Above = true)]
    public double? SkipSolved { get; init; } = 0.9;

    /// <summary>
    /// How strongly half-solved prompts are preferred: a prompt of rate p is taken with probability 1 - this * (1 - 4 p (1 - p)).
    /// </summary>
    [Bounds(0, 1)]
    public double PreferHalfSolved { get; init; } = 0.5;

    /// <summary>Steps after which what was seen counts half.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double HalfLife { get; init; } = 100;
}
