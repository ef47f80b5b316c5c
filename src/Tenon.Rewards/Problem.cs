using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tenon.Rewards;

/// <summary>One verifiable question: a data file's line or a generated task's draw.</summary>
/// <param name="Id">Stable name, unique in its source.</param>
/// <param name="Text">The question as the model reads it (before the prompt template).</param>
/// <param name="Answer">The gold answer, as the data has it; empty where the task's checker needs none.</param>
/// <param name="Fields">Every other column of the line (a checker's own data, a tolerance, a unit ...).</param>
public sealed record Problem(string Id, string Text, string Answer, IReadOnlyDictionary<string, JsonElement>? Fields = null)
{
    /// <summary>A worked solution that ends in the boxed answer, where the source has one (supervised training).</summary>
    public string? Solution { get; init; }

    /// <summary>The conversation's own system message; it takes the place of the recipe's.</summary>
    public string? System { get; init; }

    /// <summary>What was said before the question, user and assistant in turn; empty where the data holds a question alone.</summary>
    public IReadOnlyList<Turn> Earlier { get; init; } = [];

    /// <summary>Where in a run's data it comes from; null where the data is one source of one level.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProblemOrigin? Origin { get; init; }
}

/// <summary>Where in a run's data a problem comes from.</summary>
/// <param name="Source">Number of the source, in the recipe's order.</param>
/// <param name="Name">What metrics call it: the source's name, and the level of a task that has several (<c>arithmetic-3</c>).</param>
/// <param name="Level">The level of a task's problem; null for a file's.</param>
/// <param name="Prompt">The source's own prompt; null for that of all data.</param>
public sealed record ProblemOrigin(int Source, string Name, int? Level = null, string? Prompt = null);

/// <summary>A message that stands before the question of a conversation.</summary>
/// <param name="Role"><c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record Turn(string Role, string Content);
