using System.Text.Json.Nodes;

namespace Tenon.Runs.Evaluations;

/// <summary>A line of an evaluation's <c>samples.jsonl</c>: one finished sample.</summary>
public sealed record EvaluationSample
{
    /// <summary><see cref="Finish"/> of a completion that an end token or a stop text ended.</summary>
    public const string Stopped = "stop";

    /// <summary><see cref="Finish"/> of a completion that reached the limit.</summary>
    public const string AtLimit = "length";

    /// <summary><see cref="Finish"/> where the prompt left no room: nothing was sampled.</summary>
    public const string TooLong = "too-long";

    /// <summary>The problem's id.</summary>
    public required string Problem { get; init; }

    /// <summary>The sample's number, from 0.</summary>
    public required int Sample { get; init; }

    /// <summary>The problem's subject, where the data has one.</summary>
    public string? Subject { get; init; }

    /// <summary>The problem's level, where the data has one.</summary>
    public string? Level { get; init; }

    /// <summary>Problems of one cluster depend on each other (variants of one question); null where a problem stands alone.</summary>
    public string? Cluster { get; init; }

    /// <summary>The question as the data has it.</summary>
    public string Question { get; init; } = "";

    /// <summary>The prompt as the model read it: rendered by the chat template, special tokens included.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>The completion, special tokens left out; cut before a stop text.</summary>
    public string Text { get; init; } = "";

    /// <summary>The answer that was found in it.</summary>
    public string? Answer { get; init; }

    /// <summary>The right answer.</summary>
    public string Gold { get; init; } = "";

    /// <summary>1 for a right sample, 0 for a wrong one; NaN where it could not be judged.</summary>
    public double Score { get; init; } = double.NaN;

    /// <summary>The verdict; null where it could not be given.</summary>
    public bool? Correct { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>Length in tokens, the end token included.</summary>
    public int Tokens { get; init; }

    /// <summary>
    /// How it ended: <see cref="Stopped"/>, <see cref="AtLimit"/> or <see cref="TooLong"/>; null where nothing was sampled for want of a
    /// gold.
    /// </summary>
    public string? Finish { get; init; }

    /// <summary>Why there is no verdict (<c>empty-gold</c> ...), or null.</summary>
    public string? Skipped { get; init; }

    /// <summary>True where the limit cut it, or left no room for it.</summary>
    public bool IsTruncated => Finish is AtLimit or TooLong;

    /// <summary>The line.</summary>
    public JsonObject ToJson()
    {
        var json = Plain();
        if (Cluster is not null) json["cluster"] = Cluster;
        return json;
    }

    private JsonObject Plain() => new()
    {
        ["problem"] = Problem,
        ["sample"] = Sample,
        ["subject"] = Subject,
        ["level"] = Level,
        ["question"] = Question,
        ["prompt"] = Prompt,
        ["text"] = Text,
        ["answer"] = Answer,
        ["gold"] = Gold,
        ["score"] = RunJson.Finite(Score),
        ["correct"] = Correct,
        ["reason"] = Reason,
        ["tokens"] = Tokens,
        ["finish"] = Finish,
        ["skipped"] = Skipped,
    };

    /// <summary>Reads a line back; null where it is incomplete.</summary>
    public static EvaluationSample? Read(string line)
    {
        if (RunJson.Parse(line) is not { } json || RunJson.Text(json["problem"]) is not { } problem
            || RunJson.Whole(json["sample"]) is not { } sample) return null;
        return new EvaluationSample
        {
            Problem = problem,
            Sample = (int)sample,
            Subject = RunJson.Text(json["subject"]),
            Level = RunJson.Text(json["level"]),
            Cluster = json["cluster"] is { } cluster ? RunJson.Text(cluster) ?? cluster.ToJsonString() : null,
            Question = RunJson.Text(json["question"]) ?? "",
            Prompt = RunJson.Text(json["prompt"]) ?? "",
            Text = RunJson.Text(json["text"]) ?? "",
            Answer = RunJson.Text(json["answer"]),
            Gold = RunJson.Text(json["gold"]) ?? "",
            Score = RunJson.Number(json["score"]),
            Correct = RunJson.Flag(json["correct"]),
            Reason = RunJson.Text(json["reason"]),
            Tokens = (int)(RunJson.Whole(json["tokens"]) ?? 0),
            Finish = RunJson.Text(json["finish"]),
            Skipped = RunJson.Text(json["skipped"]),
        };
    }
}
