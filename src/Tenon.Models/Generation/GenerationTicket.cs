namespace Tenon.Models.Generation;

/// <summary>
/// A request that an engine has taken in: its number, and what is known of it so far. Its callbacks run on the thread that steps the
/// engine.
/// </summary>
public sealed class GenerationTicket
{
    internal GenerationTicket(int number, GenerationRequest request, SamplingSettings sampling, IReadOnlySet<int> endTokens)
    {
        Number = number;
        Request = request;
        Sampling = sampling;
        EndTokens = endTokens;
    }

    /// <summary>The number of requests that the engine took in before it.</summary>
    public int Number { get; }

    /// <summary>What was asked for.</summary>
    public GenerationRequest Request { get; }

    /// <summary>Sees each token (sample, token) as it is chosen.</summary>
    public Action<int, SampledToken>? OnToken { get; init; }

    /// <summary>Sees each completion as it ends.</summary>
    public Action<GeneratedSample>? OnSample { get; init; }

    /// <summary>Samples that have ended.</summary>
    public int Finished { get; internal set; }

    /// <summary>True once it was cancelled.</summary>
    public bool IsCancelled { get; internal set; }

    /// <summary>True where nothing is left to do for it.</summary>
    public bool IsDone => IsCancelled || Finished == Request.Samples;

    internal SamplingSettings Sampling { get; }

    internal IReadOnlySet<int> EndTokens { get; }

    /// <summary>Where drafts for its samples are found; null where none are tried, and once nothing is left to do.</summary>
    internal DraftIndex? Drafts { get; set; }
}
