using Tenon.Rewards;
using Tenon.Rewards.Tasks;
using Tenon.Rollouts.Data;

namespace Tenon.Rollouts;

/// <summary>The problems of a run, as a pure function of their number: a file in a new order each pass, or a task's draws.</summary>
public abstract class ProblemSource
{
    /// <summary>Number of distinct problems; null where there is no end.</summary>
    public abstract int? Count { get; }

    /// <summary>The problem of a cursor that counts from 0.</summary>
    public abstract Problem At(long cursor);

    /// <summary>Begins a step's walk; <paramref name="states"/> are those that the step before has left.</summary>
    public virtual ProblemDraws Begin(IReadOnlyList<SourceState> states, int step) => new(this);

    /// <summary>Problems of a file: each pass over them is a permutation by the seed (or, without shuffling, the file's order).</summary>
    /// <param name="problems">The problems.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="shuffle">False takes them as they stand.</param>
    /// <param name="number">Which of a run's files it is: each has an order of its own.</param>
    public static ProblemSource Of(IReadOnlyList<Problem> problems, ulong seed, bool shuffle = true, uint number = 0) =>
        new FileSource(problems, seed, shuffle, number);

    /// <summary>Problems that a task generates.</summary>
    public static ProblemSource Of(ITask task, int level, ulong seed, Split split = Split.Train) =>
        new TaskSource(task, level, seed, split);

    private sealed class FileSource(IReadOnlyList<Problem> problems, ulong seed, bool shuffle, uint number) : ProblemSource
    {
        private long _pass = -1;
        private int[] _order = [];

        public override int? Count => problems.Count;

        public override Problem At(long cursor)
        {
            var (current, index) = Math.DivRem(cursor, problems.Count);
            if (!shuffle) return problems[(int)index];
            if (current != _pass)
            {
                _order = new RandomKey(seed).Permutation(problems.Count, RandomPurpose.DataOrder, 0, checked((uint)current), number);
                _pass = current;
            }

            return problems[_order[index]];
        }
    }

    private sealed class TaskSource(ITask task, int level, ulong seed, Split split) : ProblemSource
    {
        public override int? Count => null;

        public override Problem At(long cursor) => task.Draw(level, seed, cursor, split);
    }
}
