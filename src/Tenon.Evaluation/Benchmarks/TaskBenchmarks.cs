using System.Globalization;
using Tenon.Rewards;
using Tenon.Rewards.Tasks;
using Tenon.Rollouts;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>
/// Benchmarks without a file: held-out problems of a generated task, named <c>TASK:LEVEL</c> (<c>arithmetic:2</c>), a second task beside
/// the one that a run is trained on.
/// </summary>
public static class TaskBenchmarks
{
    /// <summary>Problems where no number is asked for.</summary>
    public const int UsualProblems = 128;

    /// <summary>The task and level that a name says; null for a name that is no generated task.</summary>
    /// <exception cref="TenonException">The task has no such level.</exception>
    public static (ITask Task, int Level)? Find(string name)
    {
        var colon = name.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var level)
            || !TaskFinder.Names.Contains(name[..colon])) return null;
        var task = TaskFinder.Create(name[..colon]);
        if (level < 1 || level > task.Levels)
            throw new TenonException($"benchmark {name}", $"a level of 1 to {task.Levels}", $"{level}", usage: true);
        return (task, level);
    }

    /// <summary>The benchmark: as many held-out problems of a seed, judged by the task's own checker.</summary>
    public static Benchmark Of(string name, int samples, (ITask Task, int Level) task, ulong seed, int? problems) =>
        new(name, samples, Draw(task.Task, task.Level, seed, problems ?? UsualProblems))
        {
            Rewards = [new WeightedReward(task.Task.Checker)], Grader = task.Task.Name,
        };

    /// <summary>Held-out problems of a task; none of them is ever trained on.</summary>
    public static IReadOnlyList<Problem> Draw(ITask task, int level, ulong seed, int count) =>
        [.. Enumerable.Range(0, count).Select(i => task.Draw(level, seed, i, Split.Eval))];
}
