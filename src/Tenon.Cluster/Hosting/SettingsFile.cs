using Tenon.Recipes;

namespace Tenon.Cluster;

/// <summary>Settings in a YAML file of their own, with every fault told at once.</summary>
internal static class SettingsFile
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="TenonException">It cannot be read, or has faults.</exception>
    public static T Load<T>(string path, string what, string page) where T : ISettings, new()
    {
        var faults = new List<PlacedFault>();
        var tree = RecipeYaml.Parse(InputFile.ReadText(path, what), line => $"line {line}", faults) as SettingMap
            ?? new SettingMap("line 1", []);
        var settings = SettingsJson.Read<T>(new SettingsReader(faults, typeof(T)).Record(tree, typeof(T), ""));
        faults.AddRange(SettingsCheck.Faults(settings).Where(fault => !faults.Exists(other => other.Key == fault.Key))
            .Select(fault => new PlacedFault(what, fault.Key, fault.Text)).ToList());
        if (faults.Count == 0) return settings;
        throw new TenonException($"{what} {path}:{string.Concat(faults.Select(fault => $"\n  {fault}"))}",
            hint: $"{page} explains every key", usage: true);
    }
}
