using System.Text.Json;

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
}
