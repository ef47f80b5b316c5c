namespace Tenon.MathAnswers;

/// <summary>A verdict and why.</summary>
/// <param name="Correct">Right or wrong; null where nothing could be said, see <paramref name="Skipped"/>.</param>
/// <param name="Reason">The rule that decided, in a stable word: <c>numeric-equal</c>, <c>identity</c>, <c>no-answer</c>, <c>budget</c>
/// ...</param>
/// <param name="Rules">Name and version of the rule profile.</param>
/// <param name="Skipped">Why there is no verdict: <c>empty-gold</c>; null otherwise. It depends on the gold alone.</param>
public sealed record MathVerdict(bool? Correct, string Reason, string Rules, string? Skipped = null)
{
    /// <summary>The answer's text as it was found, or null.</summary>
    public string? Extracted { get; init; }

    /// <summary>The rule that found it: <c>boxed</c>, <c>final-answer</c>, <c>last-number</c> ...</summary>
    public string? ExtractionRule { get; init; }

    /// <summary>The gold as it was read, in plain notation; null where it was read as words.</summary>
    public string? GoldParsed => (MathVerifyGold ?? GoldReading?.Expr)?.ToString();

    /// <summary>The answer as it was read, in plain notation; null where it was read as words.</summary>
    public string? AnswerParsed => (MathVerifyAnswer ?? AnswerReading?.Expr)?.ToString();

    /// <summary>Steps of comparison that the verdict cost; the same on every machine.</summary>
    internal int Steps { get; init; }

    internal Parsing.Reading? GoldReading { get; init; }

    internal Parsing.Reading? AnswerReading { get; init; }

    internal Parsing.Expr? MathVerifyGold { get; init; }

    internal Parsing.Expr? MathVerifyAnswer { get; init; }
}
