using System.Reflection;

namespace Tenon;

/// <summary>
/// Things that are found by their type and known by a name: methods, rewards, tasks, verbs. A new one is one new file; a name that nobody
/// has is told with the nearest one.
/// </summary>
/// <typeparam name="T">A thing, or its type.</typeparam>
/// <param name="kind">What one of them is called in messages.</param>
/// <param name="all">All of them by name.</param>
public sealed class Found<T>(string kind, IEnumerable<KeyValuePair<string, T>> all)
{
    private readonly Lazy<SortedDictionary<string, T>> _all = new(() =>
        new SortedDictionary<string, T>(all.ToDictionary(), StringComparer.Ordinal));

    /// <summary>All of them, by name in order.</summary>
    public IReadOnlyDictionary<string, T> All => _all.Value;

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> Names => [.. _all.Value.Keys];

    /// <summary>The one of a name.</summary>
    /// <exception cref="TenonException">A usage error with all names and the nearest one.</exception>
    public T Of(string name) => _all.Value.TryGetValue(name, out var found) ? found
        : throw new TenonException($"{kind} '{name}'", string.Join(", ", Names), name,
            Nearest.Of(name, Names) is { } near ? $"did you mean '{near}'?" : null, usage: true);
}

/// <summary>Looks for types.</summary>
public static class Found
{
    /// <summary>The types of an assembly that are a <typeparamref name="T"/> and can be made.</summary>
    public static IEnumerable<Type> Types<T>(Assembly assembly) =>
        assembly.GetTypes().Where(type => type is { IsAbstract: false, ContainsGenericParameters: false })
            .Where(type => type.IsAssignableTo(typeof(T)));

    /// <summary>One of each type of <typeparamref name="T"/>'s assembly that is made without arguments.</summary>
    public static IEnumerable<T> Made<T>() => Types<T>(typeof(T).Assembly).Where(type => type.GetConstructor(Type.EmptyTypes) is not null)
        .Select(type => (T)Activator.CreateInstance(type)!);
}
