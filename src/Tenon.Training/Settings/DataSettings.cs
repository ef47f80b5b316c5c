using System.Text.Json;
using System.Text.Json.Serialization;
using Tenon.Rewards.Tasks;
using Tenon.Rollouts;

namespace Tenon.Training.Settings;

/// <summary>The problems, either from a file or generated, and how the model reads them.</summary>
public sealed record DataSettings : ISettings
{
    /// <summary>
    /// A data file, one problem a row: JSON lines (<c>{"id":...,"problem":...,"answer":...}</c>), a JSON array, CSV, TSV, each also
    /// <c>.gz</c>, or Parquet.
    /// </summary>
    public string? Train { get; init; }

    /// <summary>A generated task instead of a file: unlimited problems that check themselves.</summary>
    public TaskSettings? Task { get; init; }

    /// <summary>
    /// The column of the question or of a list of messages, nested ones by a dotted path; null takes the first there of <c>problem</c>,
    /// <c>question</c>, <c>prompt</c> ...
    /// </summary>
    public string? ProblemColumn { get; init; }

    /// <summary>
    /// The column of the gold answer, nested ones by a dotted path; null takes the first there of <c>answer</c>, <c>final_answer</c>,
    /// <c>ground_truth</c> ...
    /// </summary>
    public string? AnswerColumn { get; init; }

    /// <summary>
    /// The column of the id; null takes the first there of <c>id</c>, <c>unique_id</c> ..., else rows are named by their line.
    /// </summary>
    public string? IdColumn { get; init; }

    /// <summary>The column of the worked solution, which supervised training learns from.</summary>
    public string SolutionColumn { get; init; } = "solution";

    /// <summary>
    /// A named prompt (<c>boxed</c> asks for steps and a boxed answer, <c>plain</c> is the question alone), or a template with
    /// <c>{problem}</c>;
    /// <c>default</c> is the model's own: <c>plain</c> for <c>tiny</c>, which was trained on questions alone, <c>boxed</c> for every other.
    /// </summary>
    public string Prompt { get; init; } = Prompts.ModelsOwn;

    /// <summary>A system message before the prompt; needs a chat template.</summary>
    public string? System { get; init; }

    /// <summary>Whether the prompt is wrapped by the model's chat template; null is yes where the model has one.</summary>
    public bool? ChatTemplate { get; init; }

    /// <summary>Whether a file's problems are drawn in a new random order in each pass, or as they stand.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Only the first so many problems of a file; null is all.</summary>
    [Bounds(1, 1_000_000_000)]
    public int? Limit { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (!Prompts.IsKnown(Prompt))
            yield return new("prompt", $"'{Prompt}' is neither a named prompt nor a template"
                + (Nearest.Of(Prompt, Prompts.Names) is { } near ? $"; nearest: {near}" : ""),
                string.Join(", ", Prompts.Names) + ", or a text with {problem}");
        if (System is not null && ChatTemplate == false)
            yield return new("system", "stands beside chat-template: false", "the system text inside the prompt, or the chat template on");
    }

    /// <summary>Faults of the choice between <c>train</c> and <c>task</c>.</summary>
    internal IEnumerable<SettingsFault> SourceFaults()
    {
        if (Train is null && Task is null)
            yield return new("train", "names no problems", "train: FILE.jsonl, or task: { name: arithmetic, level: 2 }");
        if (Train is not null && Task is not null)
            yield return new("task", "stands beside train", "either train or task; null unsets the other");
    }
}

/// <summary>A generated family of problems.</summary>
public sealed record TaskSettings : IHasOptions
{
    /// <summary>The family: <c>arithmetic</c>, <c>countdown</c>, <c>linear-equations</c> ...</summary>
    public string Name { get; init; } = "arithmetic";

    /// <summary>How hard, from 1.</summary>
    [Bounds(1, 100)]
    public int Level { get; init; } = 1;

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

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (!TaskFinder.Names.Contains(Name)) yield return SettingsCheck.NoChoice("name", Name, TaskFinder.Names);
        else if (TaskFinder.Create(Name) is var task && Level > task.Levels)
            yield return new("level", $"{Level} is more than '{Name}' has", $"1 to {task.Levels}");
    }
}
