using Tenon.MathAnswers;
namespace Tenon.Rewards;

/// <summary>What a reward sees of one completion.</summary>
/// <param name="Text">The decoded completion, special tokens left out.</param>
/// <param name="Tokens">Length in tokens, the end token included.</param>
/// <param name="Truncated">True where the completion reached the length limit without an end token.</param>
/// <param name="MaxTokens">The length limit it was sampled under.</param>
/// <param name="TokenIds">The ids, for rewards that look at tokens (repetition).</param>
public readonly record struct Completion(string Text, int Tokens, bool Truncated, int MaxTokens, ReadOnlyMemory<int> TokenIds = default)
{
    /// <summary>
    /// The tag of the think block that the prompt left open (<see cref="ThinkBlocks.LeftOpen"/>), so that the text begins inside it; null
    /// where there is none.
    /// </summary>
    public string? OpenedBlock { get; init; }

    /// <summary>
    /// The text behind the last closed think block; null where the text ends inside one (<see cref="ThinkBlocks.After"/>).
    /// </summary>
    public string? AfterThinking() => ThinkBlocks.After(Text, OpenedBlock);
}

/// <summary>A reward's answer: a score, or a skip with a reason (counted apart, never silently zero).</summary>
/// <param name="Score">The reward; 0 where skipped.</param>
/// <param name="Correct">For outcome rewards whether the answer is fully right; null for shaping rewards and skips.</param>
/// <param name="Reason">The rule that decided, in a few stable words (<c>numeric-equal</c>, <c>no-answer</c> ...).</param>
/// <param name="Skipped">Why nothing could be said (<c>empty-gold</c>, <c>timeout</c> ...), or null.</param>
public sealed record Verdict(double Score, bool? Correct, string Reason, string? Skipped = null)
{
    /// <summary>The extracted answer text, where the reward extracts one.</summary>
    public string? Extracted { get; init; }

    /// <summary>A skip: the row enters no statistics.</summary>
    public static Verdict Skip(string reason) => new(0, null, reason, reason);
}

/// <summary>
/// A verifiable reward: problem and completion in, verdict out. Thread-safe and deterministic; never throws for any completion text.
/// </summary>
public interface IReward
{
    /// <summary>The stable name under which it is logged (<c>reward/NAME</c>).</summary>
    string Name { get; }

    /// <summary>True where the reward judges the outcome (accuracy, dynamic sampling look at these), false where it shapes.</summary>
    bool IsOutcome { get; }

    /// <summary>
    /// True where a gold may be any JSON (a list, an object); false where it is a text, and an object as a gold is a fault of the data.
    /// </summary>
    bool ReadsAnyGold => false;

    /// <summary>What a wrong and a right completion get: the ends of an outcome's scores.</summary>
    (double Wrong, double Right) Scores => (0, 1);

    /// <summary>Judges one completion of one problem.</summary>
    Verdict Judge(Problem problem, in Completion completion);
}
