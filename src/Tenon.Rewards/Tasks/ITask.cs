namespace Tenon.Rewards.Tasks;

/// <summary>Which part of a task's problems a draw comes from; no problem is in both.</summary>
public enum Split
{
    /// <summary>Problems to train on (seven of eight).</summary>
    Train,

    /// <summary>Held-out problems (one of eight, by a hash of the problem itself, so whatever the seed).</summary>
    Eval,
}

/// <summary>
/// A family of generated problems: unlimited verifiable data, each problem a pure function of (task, level, seed, index, split).
/// </summary>
public interface ITask
{
    /// <summary>The name a recipe uses (<c>task: { name: arithmetic }</c>).</summary>
    string Name { get; }

    /// <summary>The hardest level; levels count from 1.</summary>
    int Levels { get; }

    /// <summary>The task's own judge, an outcome reward that wants the evaluated answer in the last box.</summary>
    IReward Checker { get; }

    /// <summary>What one level asks, in a few words; a <see cref="TenonException"/> for a level outside 1..<see cref="Levels"/>.</summary>
    string Describe(int level);

    /// <summary>
    /// Problem number <paramref name="index"/> (from 0) of a seed's sequence: the same on every machine; a
    /// <see cref="TenonException"/> for a level outside 1..<see cref="Levels"/> or a negative index.
    /// </summary>
    Problem Draw(int level, ulong seed, long index, Split split);
}
