using Tenon.Rollouts;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>What a run carries from step to step beside the adapter and the optimizer's moments.</summary>
public sealed record TrainerState
{
    /// <summary>Steps that are done.</summary>
    public int Step { get; init; }

    /// <summary>Where the source of rollouts stands.</summary>
    public RolloutState Rollouts { get; init; } = new();

    /// <summary>True where a stop rule has ended the run before its last step.</summary>
    public bool IsStopped { get; init; }

    /// <summary>Steps in a row that had no group to train on.</summary>
    public int EmptySteps { get; init; }

    /// <summary>The checkpoint of the best held-out accuracy so far; null before the first evaluation of a checkpoint.</summary>
    public int? BestStep { get; init; }

    /// <summary>That accuracy.</summary>
    public double BestAccuracy { get; init; } = double.NaN;

    /// <summary>Evaluations since then without a better one.</summary>
    public int SinceBest { get; init; }

    /// <summary>How often the run has gone back to a checkpoint since the last new one.</summary>
    public int Setbacks { get; init; }

    /// <summary>The step in which it went back to one the last time; null where it never did.</summary>
    public int? WentBackAt { get; init; }

    /// <summary>The step of that checkpoint.</summary>
    public int? WentBackTo { get; init; }

    /// <summary>State of an adaptive entropy bonus; null where there is none.</summary>
    public EntropyController? Entropy { get; init; }
}
