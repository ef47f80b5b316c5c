using Tenon.Rewards.Settings;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// Makes a generated task from its recipe name and options; every public <see cref="ITask"/> of this project is found by its type's name.
/// </summary>
public static class TaskFinder
{
    private static readonly NamedTypes<ITask> S_types = new("task", "Task");

    /// <summary>All names, in order.</summary>
    public static IReadOnlyList<string> Names => S_types.Names;

    /// <summary>The options of one task at their defaults; null where there is no such task.</summary>
    public static ISettings? StandardSettings(string name) => S_types.Standard(name);

    /// <summary>Makes the task; a usage error with the nearest name where there is no such task.</summary>
    public static ITask Create(string name, IReadOnlyDictionary<string, object?>? options = null) => S_types.Create(name, options);
}
