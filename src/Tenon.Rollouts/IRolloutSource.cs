using Tenon.Rollouts.Data;

namespace Tenon.Rollouts;

/// <summary>
/// Where a trainer's rollouts come from: this process, other machines, a script. A batch is a pure function of its step, the state and the
/// adapter: groups come in the
/// order they were drawn, never in the order they were done.
/// </summary>
public interface IRolloutSource
{
    /// <summary>Draws a step's batch.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="state">What the source carried from step to step; it lies in the checkpoint.</param>
    /// <param name="progress">Is told how far the work is, 0 to 1.</param>
    /// <param name="cancel">Gives the batch up.</param>
    RolloutBatch Draw(int step, RolloutState state, Action<double>? progress = null, CancellationToken cancel = default);
}

/// <summary>A step's rollouts.</summary>
/// <param name="Statistics">All groups that were drawn for it.</param>
/// <param name="Groups">Those to train on, in order.</param>
/// <param name="State">What the source goes on from.</param>
public sealed record RolloutBatch(RolloutStatistics Statistics, IReadOnlyList<RolloutGroup> Groups, RolloutState State)
{
    /// <summary>Groups that the step asked for.</summary>
    public int Wanted { get; init; }

    /// <summary>Groups with both outcomes that there was no room for, and that no later step gets.</summary>
    public int Dropped { get; init; }

    /// <summary>Groups that an earlier step drew.</summary>
    public int Carried { get; init; }

    /// <summary>Tokens that were sampled for this step and that neither it nor a later one trains on.</summary>
    public long TokensUnused { get; init; }

    /// <summary>Groups of earlier steps that the batch trains on again; null where a run replays none.</summary>
    public int? Replayed { get; init; }

    /// <summary>The levels that curricula stood at, by the sources' names.</summary>
    public IReadOnlyList<(string Name, int Level)> Levels { get; init; } = [];
}

/// <summary>What a source of rollouts carries from step to step.</summary>
public sealed record RolloutState
{
    /// <summary>Problems drawn so far.</summary>
    public long Cursor { get; init; }

    /// <summary>Groups judged under dynamic sampling, older ones counting less.</summary>
    public double Judged { get; init; }

    /// <summary>Those of them with both outcomes.</summary>
    public double Mixed { get; init; }

    /// <summary>Groups for the next batch.</summary>
    public IReadOnlyList<RolloutGroup> Carried { get; init; } = [];

    /// <summary>Where each source of a mix stands.</summary>
    public IReadOnlyList<SourceState> Sources { get; init; } = [];

    /// <summary>What is remembered of each prompt, by problem id.</summary>
    public IReadOnlyDictionary<string, PromptRate> Memory { get; init; } = new Dictionary<string, PromptRate>();

    /// <summary>Groups that may be trained on again.</summary>
    public IReadOnlyList<RolloutGroup> Replay { get; init; } = [];
}
