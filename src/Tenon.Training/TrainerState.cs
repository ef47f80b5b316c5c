using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>What a run carries from step to step beside the adapter and the optimizer's moments.</summary>
public sealed record TrainerState
{
    /// <summary>Steps that are done.</summary>
    public int Step { get; init; }

    /// <summary>Problems drawn so far.</summary>
    public long Cursor { get; init; }

    /// <summary>True where a stop rule has ended the run before its last step.</summary>
    public bool IsStopped { get; init; }

    /// <summary>State of an adaptive entropy bonus; null where there is none.</summary>
    public EntropyController? Entropy { get; init; }
}
