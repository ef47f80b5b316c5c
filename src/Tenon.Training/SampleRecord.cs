using System.Text.Json.Nodes;
using Tenon.Rewards;

namespace Tenon.Training;

/// <summary>A line of <c>samples/NNNNNN.jsonl</c>: one completion of a step with its verdicts, in the order of groups and samples.</summary>
public sealed record SampleRecord
{
    /// <summary>The step it was drawn in.</summary>
    public required int Step { get; init; }

    /// <summary>The group's place in the step, from 0, as drawn.</summary>
    public required int Group { get; init; }

    /// <summary>The completion's place in its group, from 0.</summary>
    public required int Sample { get; init; }

    /// <summary>The problem.</summary>
    public required Problem Problem { get; init; }

    /// <summary>The text, special tokens left out.</summary>
    public required string Completion { get; init; }

    /// <summary>Its length in tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>True where it reached the length limit.</summary>
    public bool Truncated { get; init; }

    /// <summary>The weighted sum of the rewards; NaN where all skipped.</summary>
    public double Reward { get; init; } = double.NaN;

    /// <summary>Its advantage; NaN where it was not trained on.</summary>
    public double Advantage { get; init; } = double.NaN;

    /// <summary>Each reward's verdict, by name.</summary>
    public IReadOnlyList<(string Name, Verdict Verdict)> Verdicts { get; init; } = [];

    /// <summary>The line: the outcome's verdict stands as <c>correct</c> and <c>reason</c>, each reward's score under <c>rewards</c>.</summary>
    public JsonObject ToJson()
    {
        var outcome = Verdicts.Select(pair => pair.Verdict).FirstOrDefault(verdict => verdict.Correct is not null) ?? Verdicts.Select(pair => pair.Verdict).FirstOrDefault();
        return new JsonObject
        {
            ["step"] = Step,
            ["group"] = Group,
            ["sample"] = Sample,
            ["id"] = Problem.Id,
            ["problem"] = Problem.Text,
            ["answer"] = Problem.Answer,
            ["completion"] = Completion,
            ["tokens"] = Tokens,
            ["truncated"] = Truncated,
            ["reward"] = Finite(Reward),
            ["advantage"] = Finite(Advantage),
            ["correct"] = outcome?.Correct,
            ["reason"] = outcome?.Reason,
            ["extracted"] = outcome?.Extracted,
            ["rewards"] = new JsonObject(Verdicts.Select(pair => KeyValuePair.Create(pair.Name, pair.Verdict.Skipped is { } why ? JsonValue.Create(why) : (JsonNode?)pair.Verdict.Score))),
        };
    }

    private static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;
}
