using Tenon.Rewards.Tasks;

namespace Tenon.Rollouts.Data;

/// <summary>One source of a mix: a file's problems, or a task with its levels.</summary>
/// <param name="Name">What ids and metrics call it.</param>
/// <param name="Weight">Its share, relative to the other sources'.</param>
public sealed record DataSource(string Name, double Weight)
{
    /// <summary>The problems of a file; null for a task.</summary>
    public ProblemSource? File { get; init; }

    /// <summary>The task; null for a file.</summary>
    public ITask? Task { get; init; }

    /// <summary>The task's levels.</summary>
    public LevelRange Levels { get; init; } = new(1);

    /// <summary>What moves the level; null draws all levels alike.</summary>
    public CurriculumSettings? Curriculum { get; init; }

    /// <summary>The source's own prompt; null for that of all data.</summary>
    public string? Prompt { get; init; }

    /// <summary>The source's own system message.</summary>
    public string? System { get; init; }

    /// <summary>Number of distinct problems; null for a task.</summary>
    public int? Count => File?.Count;
}

/// <summary>Where a run stands in one source.</summary>
public sealed record SourceState
{
    /// <summary>Problems drawn from it so far.</summary>
    public long Cursor { get; init; }

    /// <summary>The level that a curriculum by accuracy stands at; 0 before it has begun.</summary>
    public int Level { get; init; }

    /// <summary>Completions judged at that level since the last decision.</summary>
    public long Judged { get; init; }

    /// <summary>Those of them that were right.</summary>
    public long Right { get; init; }
}
