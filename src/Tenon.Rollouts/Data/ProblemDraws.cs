using Tenon.Rewards;

namespace Tenon.Rollouts.Data;

/// <summary>A step's walk through the problems: what the next one is, and what the step's verdicts change for the steps to come.</summary>
/// <param name="source">The problems.</param>
public class ProblemDraws(ProblemSource source)
{
    /// <summary>Where each source stands; empty where the number of draws says it all.</summary>
    public virtual IReadOnlyList<SourceState> States => [];

    /// <summary>The levels that curricula stand at, by the sources' names.</summary>
    public virtual IEnumerable<(string Name, int Level)> Levels => [];

    /// <summary>The problem of the run's <paramref name="cursor"/>th draw; draws come in order.</summary>
    public virtual Problem Next(long cursor) => source.At(cursor);

    /// <summary>Takes in how many completions of a problem were judged and right.</summary>
    public virtual void Judged(Problem problem, int right, int judged)
    {
    }
}
