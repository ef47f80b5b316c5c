using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Models.Layers;

namespace Tenon.Rollouts;

/// <summary>
/// Where the completions of groups are sampled: an engine of this process, or those of other machines. What comes of a request is the same
/// wherever it is computed. One caller at a time.
/// </summary>
public interface IGroupSampler
{
    /// <summary>True where another group would begin at once.</summary>
    bool HasRoom { get; }

    /// <summary>Takes a group in.</summary>
    /// <param name="request">What to sample.</param>
    /// <param name="adapter">The adapter that samples, as it stays until all is whole or cancelled; null for the base model.</param>
    /// <param name="onWhole">Sees the completions by their numbers, once all are there.</param>
    /// <param name="onTokens">Is told how many further tokens are sampled.</param>
    void Submit(RolloutRequest request, IAdapter? adapter, Action<IReadOnlyList<GeneratedSample>> onWhole, Action<int>? onTokens = null);

    /// <summary>Goes on for a moment; false where nothing is left to do.</summary>
    bool Step();

    /// <summary>Gives everything up.</summary>
    void CancelAll();
}

/// <summary>Samples on an engine of this process, which is kept from batch to batch.</summary>
/// <param name="model">The model that answers.</param>
/// <param name="options">Settings of the engine.</param>
public sealed class LocalSampler(CausalModel model, GeneratorOptions options) : IGroupSampler
{
    private readonly GenerationEngine _engine = new(model, options);

    /// <inheritdoc/>
    public bool HasRoom => _engine.HasRoom;

    /// <summary>True where nothing is left to do.</summary>
    public bool IsIdle => _engine.IsIdle;

    /// <inheritdoc/>
    public void Submit(RolloutRequest request, IAdapter? adapter, Action<IReadOnlyList<GeneratedSample>> onWhole,
        Action<int>? onTokens = null)
    {
        var samples = new List<GeneratedSample>(request.Samples);
        _engine.Submit(request.ToGeneration(adapter), sample =>
        {
            samples.Add(sample);
            if (samples.Count < request.Samples) return;
            samples.Sort((a, b) => a.Sample.CompareTo(b.Sample));
            onWhole(samples);
        }, onTokens is null ? null : (_, _) => onTokens(1));
    }

    /// <inheritdoc/>
    public bool Step() => _engine.Step();

    /// <inheritdoc/>
    public void CancelAll() => _engine.CancelAll();
}
