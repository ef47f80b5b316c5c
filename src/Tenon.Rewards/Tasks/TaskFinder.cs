using Tenon.Rewards.Settings;

namespace Tenon.Rewards.Tasks;

/// <summary>Makes a generated task from its recipe name; every public <see cref="ITask"/> of this project is found by its type's name.</summary>
public static class TaskFinder
{
    private static readonly NamedTypes<ITask> Types = new("task", "Task");

    /// <summary>All names, in order.</summary>
    public static IReadOnlyList<string> Names => Types.Names;

    /// <summary>Makes the task; a usage error with the nearest name where there is no such task.</summary>
    public static ITask Create(string name) => Types.Create(name, null);
}
