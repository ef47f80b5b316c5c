using Tenon.Rollouts;

namespace Tenon.Training.Settings;

/// <summary>One of several sources of problems.</summary>
public sealed record SourceSettings : ISettings
{
    /// <summary>A data file, as <c>data.train</c>.</summary>
    public string? Train { get; init; }

    /// <summary>A generated task instead of a file.</summary>
    public TaskSettings? Task { get; init; }

    /// <summary>How often its problems are drawn, relative to the weights of the other sources.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double Weight { get; init; } = 1;

    /// <summary>What ids and metrics call it; null is the task's name, or the file's without its ending.</summary>
    public string? Name { get; init; }

    /// <summary>The source's own prompt, as <c>data.prompt</c>; null is that one.</summary>
    public string? Prompt { get; init; }

    /// <summary>The source's own system message; null is <c>data.system</c>.</summary>
    public string? System { get; init; }

    /// <summary>The column of the question.</summary>
    public string? ProblemColumn { get; init; }

    /// <summary>The column of the gold answer.</summary>
    public string? AnswerColumn { get; init; }

    /// <summary>The column of the id.</summary>
    public string? IdColumn { get; init; }

    /// <summary>The column of the worked solution.</summary>
    public string SolutionColumn { get; init; } = "solution";

    /// <summary>Whether the file's problems are drawn in a new random order in each pass, or as they stand.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Only the first so many problems of the file; null is all.</summary>
    [Bounds(1, 1_000_000_000)]
    public int? Limit { get; init; }

    /// <summary>The name that ids and metrics have.</summary>
    public string NameOrDefault() => Name ?? Task?.Name ?? NameOf(Train!);

    private static string NameOf(string path)
    {
        var name = Path.GetFileName(path);
        return name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? name[..dot] : name;
    }

    /// <inheritdoc/>
    public bool Applies(string key) => Task is null
        || key is not ("problem-column" or "answer-column" or "id-column" or "solution-column" or "shuffle" or "limit");

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (Train is null && Task is null)
            yield return new("train", "names no problems", "train: FILE.jsonl, or task: { name: arithmetic, level: 2 }");
        if (Train is not null && Task is not null) yield return new("task", "stands beside train", "either train or task");
        if (Prompt is not null && !Prompts.IsKnown(Prompt))
            yield return new("prompt", $"'{Prompt}' is neither a named prompt nor a template", string.Join(", ", Prompts.Names)
                + ", or a text with {problem}");
    }
}
