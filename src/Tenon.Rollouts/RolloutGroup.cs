using Tenon.Models.Generation;
using Tenon.Rewards;

namespace Tenon.Rollouts;

/// <summary>One completion with its verdicts.</summary>
/// <param name="Sampled">Ids and log-probabilities.</param>
/// <param name="Text">Decoded, special tokens left out.</param>
/// <param name="Verdicts">One a reward, in the recipe's order.</param>
public sealed record Rollout(GeneratedSample Sampled, string Text, Verdict[] Verdicts)
{
    /// <summary>True where it reached the length limit.</summary>
    public bool IsTruncated => Sampled.Finish == FinishReason.Length;
}

/// <summary>The completions of one prompt.</summary>
/// <param name="Problem">The question.</param>
/// <param name="Draw">Number of the draw within its step: the place of its random numbers.</param>
/// <param name="Prompt">Prompt ids.</param>
/// <param name="Rollouts">The group.</param>
public sealed record RolloutGroup(Problem Problem, int Draw, int[] Prompt, IReadOnlyList<Rollout> Rollouts)
{
    /// <summary>The step it was drawn in: a group that was carried over is older than the step that trains on it.</summary>
    public int Step { get; init; }

    /// <summary>The greedy answer to the prompt, where the objective takes its reward as a baseline (ReMax); else null.</summary>
    public Rollout? Greedy { get; init; }
}
