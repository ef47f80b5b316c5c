using System.Reflection;
using System.Text.Json;

namespace Tenon.Rewards.Settings;

/// <summary>
/// Finds the types of one interface by their names, so that a new reward or task is one new file: <c>SoftOverlongReward</c> is
/// <c>soft-overlong</c>.
/// A type that takes settings has one public constructor whose only parameter is its settings record.
/// </summary>
internal sealed class NamedTypes<T>(string kind, string suffix)
{
    private readonly Lazy<SortedDictionary<string, Type>> _types = new(() => new SortedDictionary<string, Type>(
        typeof(T).Assembly.GetTypes().Where(t => t is { IsPublic: true, IsAbstract: false } && t.IsAssignableTo(typeof(T)))
            .ToDictionary(t => SettingNames.KeyOf(t.Name.EndsWith(suffix, StringComparison.Ordinal) ? t.Name[..^suffix.Length] : t.Name)),
        StringComparer.Ordinal));

    public IReadOnlyList<string> Names => [.. _types.Value.Keys];

    /// <summary>The settings of one of them at their defaults; null where nobody has that name.</summary>
    public ISettings? Standard(string name) => _types.Value.TryGetValue(name, out var type) ? Standard(type) : null;

    public T Create(string name, IReadOnlyDictionary<string, object?>? values)
    {
        var settings = Read(Find(name), values, out var faults);
        if (faults.Count == 0) return Make(Find(name), settings);
        var lines = string.Join("\n  ", faults.Select(fault => fault.ToString()));
        throw new TenonException($"The settings of {kind} '{name}' have faults:\n  {lines}", hint: "see docs/rewards.md", usage: true);
    }

    /// <summary>Every fault of the settings; where there is none, the thing is made once, and what hinders that is the fault.</summary>
    public IReadOnlyList<SettingsFault> Check(string name, IReadOnlyDictionary<string, object?>? values)
    {
        var settings = Read(Find(name), values, out var faults);
        if (faults.Count > 0) return faults;
        try
        {
            (Make(Find(name), settings) as IDisposable)?.Dispose();
            return [];
        }
        catch (TenonException e)
        {
            return [new("name", $"'{name}' cannot be made: {e.Message}")];
        }
    }

    private static ISettings Standard(Type type) =>
        type.GetConstructors().Select(c => c.GetParameters()).FirstOrDefault(p => p.Length == 1)?[0].ParameterType is { } settings
            ? (ISettings)Activator.CreateInstance(settings)!
            : new NoOptions();

    private static ISettings Read(Type type, IReadOnlyDictionary<string, object?>? values, out List<SettingsFault> faults)
    {
        var given = values?.ToDictionary(v => v.Key, v => v.Value is JsonElement json ? json : JsonSerializer.SerializeToElement(v.Value));
        var read = new List<PlacedFault>();
        var settings = SettingsReader.Options(Standard(type), given, read);
        faults = [.. read.Select(fault => new SettingsFault(fault.Key, fault.What))];
        faults.AddRange(SettingsCheck.Faults(settings).Where(fault => read.All(other => other.Key != fault.Key)));
        return settings;
    }

    private static T Make(Type type, ISettings settings)
    {
        if (settings is NoOptions) return (T)Activator.CreateInstance(type)!;
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
        throw new TenonException($"Unknown {kind} '{name}'", string.Join(", ", Names), name, near is null ? null
            : $"did you mean '{near}'?", usage: true);
    }
}
