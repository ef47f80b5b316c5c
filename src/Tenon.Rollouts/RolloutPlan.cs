using Tenon.Rollouts.Data;

namespace Tenon.Rollouts;

/// <summary>What a step draws.</summary>
public sealed record RolloutPlan
{
    /// <summary>Groups of a batch.</summary>
    public required int Prompts { get; init; }

    /// <summary>Completions of each.</summary>
    public required int Group { get; init; }

    /// <summary>The length at which a completion is cut.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>A longer prompt is skipped and counted.</summary>
    public required int MaxPromptTokens { get; init; }

    /// <summary>Draw on until the batch holds only groups with both outcomes.</summary>
    public bool DynamicSampling { get; init; }

    /// <summary>Most rounds of drawing in one step.</summary>
    public int MaxRounds { get; init; } = 8;

    /// <summary>Groups with both outcomes beyond the batch go first into the next one; else they are dropped.</summary>
    public bool CarrySurplus { get; init; }

    /// <summary>What is remembered of each prompt; null for nothing.</summary>
    public MemorySettings? Memory { get; init; }

    /// <summary>Groups of earlier steps in the batch; null for none.</summary>
    public ReplaySettings? Replay { get; init; }

    /// <summary>Verdicts turned round on purpose; null for none.</summary>
    public RewardNoiseSettings? RewardNoise { get; init; }

    /// <summary>Answer each prompt of the batch greedily, too: the baseline of ReMax.</summary>
    public bool GreedyBaseline { get; init; }

    /// <summary>The run's seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What its random numbers are for.</summary>
    public RandomPurpose Purpose { get; init; } = RandomPurpose.Sampling;
}
