using System.Reflection;

namespace Tenon.Rewards.Settings;

/// <summary>
/// Finds the types of one interface by their names, so that a new reward or task is one new file: <c>SoftOverlongReward</c> is <c>soft-overlong</c>.
/// A type that takes settings has one public constructor whose only parameter is its settings record.
/// </summary>
internal sealed class NamedTypes<T>(string kind, string suffix)
{
    private readonly Lazy<SortedDictionary<string, Type>> _types = new(() => new SortedDictionary<string, Type>(
        typeof(T).Assembly.GetTypes().Where(t => t is { IsPublic: true, IsAbstract: false } && t.IsAssignableTo(typeof(T)))
            .ToDictionary(t => KebabCase.Of(t.Name.EndsWith(suffix, StringComparison.Ordinal) ? t.Name[..^suffix.Length] : t.Name)), StringComparer.Ordinal));

    public IReadOnlyList<string> Names => [.. _types.Value.Keys];

    public IReadOnlyList<string> Keys(string name) => [.. SettingsType(Find(name)) is { } type ? SettingsReader.Keys(type) : []];

    public T Create(string name, IReadOnlyDictionary<string, object?>? values)
    {
        var faults = new List<SettingFault>();
        var made = TryCreate(name, values, faults);
        if (made is not null && faults.Count == 0) return made;
        var lines = string.Join("\n  ", faults.Select(f => $"{f.Key}: {f.Message}"));
        throw new TenonException($"The settings of {kind} '{name}' have faults:\n  {lines}", hint: "see docs/rewards.md", usage: true);
    }

    public T? TryCreate(string name, IReadOnlyDictionary<string, object?>? values, List<SettingFault> faults)
    {
        var type = Find(name);
        values ??= new Dictionary<string, object?>();
        if (SettingsType(type) is not { } settingsType)
        {
            foreach (var key in values.Keys) faults.Add(new SettingFault(key, $"unknown key: {kind} '{name}' has no settings"));
            return faults.Count > 0 ? default : (T)Activator.CreateInstance(type)!;
        }

        var settings = SettingsReader.Read(settingsType, values, faults);
        if (faults.Count > 0) return default;
        try
        {
            return (T)Activator.CreateInstance(type, settings)!;
        }
        catch (TargetInvocationException e) when (e.InnerException is TenonException inner)
        {
            throw inner;
        }
    }

    private Type Find(string name)
    {
        if (_types.Value.TryGetValue(name, out var type)) return type;
        var near = Nearest.Of(name, Names);
        throw new TenonException($"Unknown {kind} '{name}'", string.Join(", ", Names), name, near is null ? null : $"did you mean '{near}'?", usage: true);
    }

    private static Type? SettingsType(Type type) =>
        type.GetConstructors().Select(c => c.GetParameters()).FirstOrDefault(p => p.Length == 1)?[0].ParameterType;
}
