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
    private readonly Found<Type> _types = new(kind, Found.Types<T>(typeof(T).Assembly).Where(type => type.IsPublic).Select(type =>
        KeyValuePair.Create(SettingNames.KeyOf(type.Name.EndsWith(suffix, StringComparison.Ordinal) ? type.Name[..^suffix.Length]
        : type.Name), type)));

    public IReadOnlyList<string> Names => _types.Names;

    /// <summary>The settings of one of them at their defaults; null where nobody has that name.</summary>
    public ISettings? Standard(string name) => _types.All.TryGetValue(name, out var type) ? Standard(type) : null;

    public T Create(string name, IReadOnlyDictionary<string, object?>? values)
    {
        var settings = Read(_types.Of(name), values, out var faults);
        if (faults.Count == 0) return Make(_types.Of(name), settings);
        var lines = string.Join("\n  ", faults.Select(fault => fault.ToString()));
        throw new TenonException($"The settings of {kind} '{name}' have faults:\n  {lines}", hint: "see docs/rewards.md", usage: true);
    }

    /// <summary>Every fault of the settings; where there is none, the thing is made once, and what hinders that is the fault.</summary>
    public IReadOnlyList<SettingsFault> Check(string name, IReadOnlyDictionary<string, object?>? values)
    {
        var settings = Read(_types.Of(name), values, out var faults);
        if (faults.Count > 0) return faults;
        try
        {
            (Make(_types.Of(name), settings) as IDisposable)?.Dispose();
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
}
