using System.Text.Json.Serialization;
using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Models.Generation;

/// <summary>Where a rollout's random numbers come from: with the sample and the position they are a pure function of this place.</summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Purpose">Training rollouts and evaluations draw apart.</param>
/// <param name="Step">The run's step.</param>
/// <param name="Draw">Which prompt of the step.</param>
public readonly record struct RandomPlace(ulong Seed, RandomPurpose Purpose = RandomPurpose.Sampling, int Step = 0, uint Draw = 0)
{
    /// <summary>The uniform number of a token.</summary>
    public double Uniform(int sample, int position) => new RandomKey(Seed).UniformDouble(Purpose, Step, Draw, (uint)sample, (uint)position);
}

/// <summary>Decides after each token whether a completion ends there, beside its end tokens: stop texts, a deadline, a grammar.</summary>
/// <param name="sample">The sample's number.</param>
/// <param name="ids">What was sampled so far, the newest last.</param>
public delegate bool StopRule(int sample, ReadOnlySpan<int> ids);

/// <summary>A prompt and how many completions of it are wanted.</summary>
/// <param name="Prompt">Token ids, at least one.</param>
/// <param name="Samples">Completions.</param>
/// <param name="MaxNewTokens">Limit of a completion's length, the end token included.</param>
/// <param name="Place">Where its random numbers come from.</param>
public sealed record GenerationRequest(int[] Prompt, int Samples, int MaxNewTokens, RandomPlace Place)
{
    /// <summary>The adapter that samples; null for the base model.</summary>
    public IAdapter? Adapter { get; init; }

    /// <summary>Number of the first sample: a request may be a part of a larger group.</summary>
    public int FirstSample { get; init; }

    /// <summary>How its tokens are chosen; null for the engine's own settings.</summary>
    public SamplingSettings? Sampling { get; init; }

    /// <summary>Ids that end its completions; null for the engine's own.</summary>
    public IReadOnlySet<int>? EndTokens { get; init; }

    /// <summary>A further reason to end a completion; it then counts as stopped.</summary>
    public StopRule? Stop { get; init; }
}

/// <summary>Why a completion ended.</summary>
public enum FinishReason
{
    /// <summary>An end token was sampled, or the request's stop rule said so.</summary>
    Stop,

    /// <summary>The length limit was reached.</summary>
    Length,
}

/// <summary>One finished completion.</summary>
/// <param name="Request">Index of its request: the number of requests that were submitted before it.</param>
/// <param name="Sample">Its number within the request's group.</param>
/// <param name="Ids">Sampled ids, the end token included.</param>
/// <param name="LogProbabilities">Of each id under the distribution that was sampled from.</param>
/// <param name="FullLogProbabilities">Of each id under the full distribution at the sampling temperature.</param>
/// <param name="Finish">Why it ended.</param>
public sealed record GeneratedSample(int Request, int Sample, int[] Ids, float[] LogProbabilities, float[] FullLogProbabilities,
    FinishReason Finish)
{
    /// <summary>Where the frozen products of its tokens are kept in this process; null where they are not.</summary>
    [JsonIgnore]
    public KeptTokens? Kept { get; init; }
}
