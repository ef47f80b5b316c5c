using System.Text.Json;
using System.Text.Json.Serialization;
using Tenon.Rewards.Tasks;
using Tenon.Rollouts.Data;

namespace Tenon.Training.Settings;

/// <summary>A generated family of problems.</summary>
public sealed record TaskSettings : IHasOptions
{
    /// <summary>The family: <c>arithmetic</c>, <c>countdown</c>, <c>linear-equations</c> ...</summary>
    public string Name { get; init; } = "arithmetic";

    /// <summary>How hard, from 1; several levels are given by the first and the last, <c>[1, 4]</c>.</summary>
    public LevelRange Level { get; init; } = new(1);

    /// <summary>What moves the level where there are several; null draws all of them alike.</summary>
    public CurriculumSettings? Curriculum { get; init; }

    /// <summary>Options that a family has for itself.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Options { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public string Owner => $"task '{Name}'";

    /// <inheritdoc/>
    public ISettings? StandardOptions() => TaskFinder.StandardSettings(Name);

    /// <summary>The task with its options.</summary>
    public ITask Create() => TaskFinder.Create(Name, Options?.ToDictionary(o => o.Key, o => (object?)o.Value));

    /// <summary>The task with its options.</summary>
    /// <exception cref="TenonException">It does not have the level.</exception>
    public ITask CreateChecked()
    {
        var task = Create();
        if (LevelFault(task.Levels) is { } fault)
            throw new TenonException($"data.task.level of '{task.Name}'", fault.Expected, $"{Level}", usage: true);
        return task;
    }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (!TaskFinder.Names.Contains(Name)) yield return SettingsCheck.NoChoice("name", Name, TaskFinder.Names);
        else if (LevelFault(TaskFinder.Create(Name).Levels) is { } fault) yield return fault;
        if (Curriculum is not null && Level.Count == 1)
            yield return new("curriculum", $"has nothing to move beside level: {Level}", "level: [FIRST, LAST], or no curriculum");
    }

    private SettingsFault? LevelFault(int levels)
    {
        if (Level.First > Level.Last) return new("level", $"{Level} runs backwards", $"[{Level.Last}, {Level.First}]");
        if (Level.First < 1) return new("level", $"{Level} is out of range", $"1 to {levels}");
        return Level.Last > levels ? new("level", $"{Level} is more than '{Name}' has", $"1 to {levels}") : null;
    }
}
