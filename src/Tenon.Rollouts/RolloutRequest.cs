using Tenon.Models.Generation;
using Tenon.Models.Layers;

namespace Tenon.Rollouts;

/// <summary>
/// Everything that decides a group of completions, as plain values that can leave the process: a random number is a pure function of its
/// place and every sum has one
/// order, so whoever holds the model and the adapter of these names and the same numerics samples the same rollouts, bit for bit.
/// </summary>
public sealed record RolloutRequest
{
    /// <summary>Fingerprint of the base weights.</summary>
    public required string Model { get; init; }

    /// <summary>The adapter's version: the run's step after which it was taken.</summary>
    public required long AdapterVersion { get; init; }

    /// <summary>Version of the numerics (<c>Numerics.Of</c> the precision).</summary>
    public required int Numerics { get; init; }

    /// <summary>The processor's tier, on which bf16 depends.</summary>
    public required string Tier { get; init; }

    /// <summary>Precision of products with frozen weights.</summary>
    public required string Precision { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public SamplingSettings Sampling { get; init; } = new();

    /// <summary>Ids that end a completion, ascending.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>The run's seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The run's step.</summary>
    public required int Step { get; init; }

    /// <summary>What the random numbers are for: training rollouts and evaluations draw apart.</summary>
    public RandomPurpose Purpose { get; init; } = RandomPurpose.Sampling;

    /// <summary>Which prompt of the step.</summary>
    public required int Draw { get; init; }

    /// <summary>Prompt ids.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>Number of the first sample.</summary>
    public int FirstSample { get; init; }

    /// <summary>Completions.</summary>
    public required int Samples { get; init; }

    /// <summary>Limit of a completion's length.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>The request as an engine takes it.</summary>
    public GenerationRequest ToGeneration(IAdapter? adapter) =>
        new(Prompt, Samples, MaxNewTokens, new RandomPlace(Seed, Purpose, Step, (uint)Draw))
        {
            Adapter = adapter,
            FirstSample = FirstSample,
            Sampling = Sampling,
            EndTokens = EndTokens.ToHashSet(),
        };
}
