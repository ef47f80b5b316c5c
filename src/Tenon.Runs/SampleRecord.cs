using System.Text.Json.Nodes;

namespace Tenon.Runs;

/// <summary>
/// A line of <c>samples/NNNNNN.jsonl</c>: one completion of a step with its verdicts, in the order of groups and samples.
/// </summary>
public sealed record SampleRecord
{
    /// <summary>The step it was drawn in.</summary>
    public required int Step { get; init; }

    /// <summary>The group's place in the step, from 0, as drawn.</summary>
    public required int Group { get; init; }

    /// <summary>The completion's place in its group, from 0.</summary>
    public required int Sample { get; init; }

    /// <summary>The problem's id.</summary>
    public required string Id { get; init; }

    /// <summary>The problem's text.</summary>
    public required string Problem { get; init; }

    /// <summary>The prompt as the model read it: rendered by the chat template, special tokens included.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>The right answer.</summary>
    public required string Answer { get; init; }

    /// <summary>The text, special tokens left out.</summary>
    public required string Completion { get; init; }

    /// <summary>Its length in tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>True where it reached the length limit.</summary>
    public bool Truncated { get; init; }

    /// <summary>The weighted sum of the rewards; NaN where all skipped.</summary>
    public double Reward { get; init; } = double.NaN;

    /// <summary>Its advantage, the mean over its tokens where they differ; NaN where it was not trained on.</summary>
    public double Advantage { get; init; } = double.NaN;

    /// <summary>The outcome reward's verdict; null where it could not be given.</summary>
    public bool? Correct { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>The answer that was found in the completion.</summary>
    public string? Extracted { get; init; }

    /// <summary>Each reward's score by name, or the reason it was skipped for.</summary>
    public IReadOnlyList<(string Name, double Score, string? Skipped)> Rewards { get; init; } = [];

    /// <summary><c>length</c> where the limit ended it, else <c>stop</c>.</summary>
    public string Finish => Truncated ? "length" : "stop";

    /// <summary>The line.</summary>
    public JsonObject ToJson() => new()
    {
        ["step"] = Step,
        ["group"] = Group,
        ["sample"] = Sample,
        ["id"] = Id,
        ["problem"] = Problem,
        ["prompt"] = Prompt,
        ["answer"] = Answer,
        ["completion"] = Completion,
        ["tokens"] = Tokens,
        ["truncated"] = Truncated,
        ["reward"] = RunJson.Finite(Reward),
        ["advantage"] = RunJson.Finite(Advantage),
        ["correct"] = Correct,
        ["reason"] = Reason,
        ["extracted"] = Extracted,
        ["rewards"] =
        new JsonObject(
        Rewards.Select(r => KeyValuePair.Create(r.Name, r.Skipped is null ? RunJson.Finite(r.Score) : JsonValue.Create(r.Skipped)))),
    };

    /// <summary>Reads a line back; null where it is incomplete.</summary>
    public static SampleRecord? Read(string line)
    {
        if (RunJson.Parse(line) is not { } json || RunJson.Whole(json["step"]) is not { } step) return null;
        return new SampleRecord
        {
            Step = (int)step,
            Group = (int)(RunJson.Whole(json["group"]) ?? 0),
            Sample = (int)(RunJson.Whole(json["sample"]) ?? 0),
            Id = RunJson.Text(json["id"]) ?? "",
            Problem = RunJson.Text(json["problem"]) ?? "",
            Prompt = RunJson.Text(json["prompt"]) ?? "",
            Answer = RunJson.Text(json["answer"]) ?? "",
            Completion = RunJson.Text(json["completion"]) ?? "",
            Tokens = (int)(RunJson.Whole(json["tokens"]) ?? 0),
            Truncated = RunJson.Flag(json["truncated"]) == true,
            Reward = RunJson.Number(json["reward"]),
            Advantage = RunJson.Number(json["advantage"]),
            Correct = RunJson.Flag(json["correct"]),
            Reason = RunJson.Text(json["reason"]),
            Extracted = RunJson.Text(json["extracted"]),
            Rewards = [.. (json["rewards"] as JsonObject ?? []).Select(r => (r.Key, RunJson.Number(r.Value), RunJson.Text(r.Value)))],
        };
    }
}
