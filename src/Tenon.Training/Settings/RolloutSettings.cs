using Tenon.Rollouts.Data;

namespace Tenon.Training.Settings;

/// <summary>
/// What is sampled in each step. The full distribution at the given temperature: what the sampler draws from is what the trainer scores.
/// </summary>
public sealed record RolloutSettings : ISettings
{
    /// <summary>Prompts (groups) in a batch.</summary>
    [Bounds(1, 1_000_000)]
    public int Prompts { get; init; } = 16;

    /// <summary>Completions of each prompt.</summary>
    [Bounds(1, 65536)]
    public int Group { get; init; } = 8;

    /// <summary>The length at which a completion is cut, in tokens, the end token included.</summary>
    [Bounds(1, 10_000_000)]
    public int MaxNewTokens { get; init; } = 512;

    /// <summary>The temperature; sampler and trainer divide the logits by it.</summary>
    [Bounds(0, 100, Above = true)]
    public double Temperature { get; init; } = 1;

    /// <summary>A longer prompt is skipped and counted.</summary>
    [Bounds(1, 10_000_000)]
    public int MaxPromptTokens { get; init; } = 1024;

    /// <summary>
    /// Completions that are sampled side by side; <c>auto</c> is as many as memory and speed suggest. It changes no bit of the result.
    /// </summary>
    [Auto]
    [Bounds(1, 1_000_000)]
    public int? Concurrency { get; init; }

    /// <summary>
    /// Whether a group computes its prompt once, in sampling and in training. It changes no log-probability; a gradient's last bits follow
    /// the order in which the prompt's share is summed.
    /// </summary>
    public bool SharePrompts { get; init; } = true;

    /// <summary>
    /// Where few completions are left, several tokens at a time are tried that followed the last ones elsewhere in the group's texts:
    /// <c>auto</c> as far as it pays, <c>off</c> never. It changes no bit of the result.
    /// </summary>
    [Words("auto", "off")]
    public string Speculation { get; init; } = "auto";

    /// <summary>Dynamic sampling: draw on until the batch holds only groups with right and wrong completions (DAPO).</summary>
    public bool DynamicSampling { get; init; }

    /// <summary>Most rounds of drawing in one step under dynamic sampling; then the step trains on what it has.</summary>
    [Bounds(1, 1000)]
    public int MaxRounds { get; init; } = 8;

    /// <summary>
    /// Groups with right and wrong completions that a batch has no room for: <c>drop</c>, or <c>carry</c> them first into the next batch
    /// with the log-probabilities they were sampled with.
    /// </summary>
    [Words("drop", "carry")]
    public string Surplus { get; init; } = "drop";

    /// <summary>So many steps in a row without any group to train on stop the run, with the reason; 0 goes on for ever.</summary>
    [Bounds(0, 1_000_000)]
    public int MaxEmptySteps { get; init; } = 10;

    /// <summary>Training on groups of earlier steps again, with exact ratios; null is off.</summary>
    public ReplaySettings? Replay { get; init; }

    /// <summary>
    /// Whether the next batch is sampled while this one trains: by the adapter as it was before this step's updates, so that a batch is one
    /// step older than the policy it trains. Ratios are exact and the bits do not depend on how long anything takes.
    /// </summary>
    public bool Overlap { get; init; }
}
