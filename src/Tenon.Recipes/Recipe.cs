using System.Text.Json.Nodes;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>
/// A training run as it is written down: YAML (docs/recipes.md has every key), with overrides as <c>--set</c> of the program takes them.
/// Immutable: <see cref="Set"/> gives another recipe.
/// </summary>
public sealed class Recipe
{
    private readonly string _text;
    private readonly IReadOnlyList<string> _overrides;
    private readonly Lazy<RunSettings> _settings;

    private Recipe(string text, string name, IReadOnlyList<string> overrides)
    {
        (_text, Name, _overrides) = (text, name, overrides);
        _settings = new Lazy<RunSettings>(Read<RunSettings>);
    }

    /// <summary>What messages call it: its file, or a word of the caller's.</summary>
    public string Name { get; }

    /// <summary>The settings, all defaults filled in.</summary>
    /// <exception cref="TenonException">The recipe has faults: all of them at once, each with its line, the nearest name and the
    /// range.</exception>
    public RunSettings Settings => _settings.Value;

    /// <summary>Every key of a recipe with its default.</summary>
    public static JsonObject Defaults => SettingsJson.Write(new RunSettings());

    /// <summary>
    /// Reads a recipe, or a run's <c>run.json</c>. Its faults are told once <see cref="Settings"/> is asked for, so that overrides may mend
    /// them.
    /// </summary>
    /// <exception cref="TenonException">The file cannot be read.</exception>
    public static Recipe Load(string path) => new(InputFile.ReadText(path, "the recipe"), path, []);

    /// <summary>A recipe from its text.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="name">What messages call it.</param>
    public static Recipe Parse(string yaml, string name = "recipe") => new(yaml, name, []);

    /// <summary>The recipe with values replaced: <c>"steps=5"</c>, <c>"adapter.method=dora"</c>; values are YAML.</summary>
    public Recipe Set(params string[] overrides) => new(_text, Name, [.. _overrides, .. overrides]);

    /// <summary>The settings of a kind of run.</summary>
    internal T Read<T>() where T : ISettings, new() => RecipeFile.Parse<T>(_text, Name, _overrides);
}
