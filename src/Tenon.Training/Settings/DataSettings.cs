using System.Text.Json.Serialization;
using Tenon.Rollouts;
using Tenon.Rollouts.Data;

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
    /// Several sources instead of one, drawn by weight; <c>data</c> may also be this list itself. Each brings its own checker unless
    /// <c>reward</c> names one.
    /// </summary>
    public IReadOnlyList<SourceSettings> Sources { get; init; } = [];

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

    /// <summary>
    /// What is remembered of each prompt's pass rate, to pass over what is solved and prefer what is half-solved; null is off.
    /// </summary>
    public MemorySettings? Memory { get; init; }

    /// <summary>All sources as one list, whichever way the recipe writes them.</summary>
    [JsonIgnore]
    public IReadOnlyList<SourceSettings> AllSources => Sources.Count > 0 ? Sources
        : [new SourceSettings
        {
            Train = Train, Task = Task, ProblemColumn = ProblemColumn, AnswerColumn = AnswerColumn, IdColumn = IdColumn,
            SolutionColumn = SolutionColumn, Shuffle = Shuffle, Limit = Limit,
        }];

    /// <summary>The generated tasks among the sources.</summary>
    [JsonIgnore]
    public IReadOnlyList<TaskSettings> Tasks => [.. AllSources.Select(source => source.Task).OfType<TaskSettings>()];

    /// <inheritdoc/>
    public bool Applies(string key) => Sources.Count == 0
        || key is not ("problem-column" or "answer-column" or "id-column" or "solution-column" or "shuffle" or "limit");

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (!Prompts.IsKnown(Prompt))
            yield return new("prompt", $"'{Prompt}' is neither a named prompt nor a template"
                + (Nearest.Of(Prompt, Prompts.Names) is { } near ? $"; nearest: {near}" : ""),
                string.Join(", ", Prompts.Names) + ", or a text with {problem}");
        if (System is not null && ChatTemplate == false)
            yield return new("system", "stands beside chat-template: false", "the system text inside the prompt, or the chat template on");
        if (Memory is not null && AllSources.All(source => source.Train is null))
            yield return new("memory", "does nothing without a file: a task does not draw a problem twice", "train: FILE, or no memory");
    }

    /// <summary>Faults of the choice between <c>train</c>, <c>task</c> and <c>sources</c>.</summary>
    internal IEnumerable<SettingsFault> SourceFaults()
    {
        if (Sources.Count > 0 && (Train ?? Task as object) is not null)
            yield return new(Train is null ? "task" : "train", "stands beside sources", "a source of its own among them, or null");
        if (Sources.Count > 0) yield break;
        if (Train is null && Task is null)
            yield return new("train", "names no problems", "train: FILE.jsonl, or task: { name: arithmetic, level: 2 }");
        if (Train is not null && Task is not null)
            yield return new("task", "stands beside train", "either train or task; null unsets the other");
    }
}
