namespace Tenon.Rewards.Data;

/// <summary>
/// The columns of a data file that a problem is made of: names, or dotted paths into nested ones. Null takes the first of the usual names
/// that the
/// file's first row has.
/// </summary>
public sealed record ProblemColumns
{
    /// <summary>The usual names of the question, in the order they are tried.</summary>
    public static IReadOnlyList<string> ProblemNames { get; } =
        ["problem", "question", "prompt", "query", "instruction", "input", "Problem", "Question", "messages", "conversations"];

    /// <summary>The usual names of the gold answer, in the order they are tried.</summary>
    public static IReadOnlyList<string> AnswerNames { get; } =
    [
        "answer", "final_answer", "expected_answer", "ground_truth", "reward_model.ground_truth", "gold", "target", "Answer", "label",
            "solution",
    ];

    /// <summary>The usual names of the id, in the order they are tried.</summary>
    public static IReadOnlyList<string> IdNames { get; } = ["id", "unique_id", "problem_id", "question_id", "uid", "ID"];

    /// <summary>The column of the question, or of a conversation that ends in it.</summary>
    public string? Problem { get; init; }

    /// <summary>The column of the gold answer.</summary>
    public string? Answer { get; init; }

    /// <summary>The column of the id; a row without one is named by its line.</summary>
    public string? Id { get; init; }

    /// <summary>The column of the worked solution, used where a row has it.</summary>
    public string Solution { get; init; } = "solution";

    /// <summary>False where the reward needs no gold: every answer is then empty, and no column for it is looked for.</summary>
    public bool HasAnswer { get; init; } = true;

    /// <summary>True where a gold may be any JSON; false refuses objects and takes lists of texts as lists.</summary>
    public bool AnyGold { get; init; }

    /// <summary>Columns to be taken before the usual names where the file has them (those of the training data, for a benchmark).</summary>
    public ProblemColumns? Before { get; init; }

    /// <summary>True where one of the columns is named.</summary>
    public bool IsNamed => Problem is not null || Answer is not null || Id is not null;
}
