namespace Tenon.Rewards.MathAnswers.Extraction;

/// <summary>An answer found in a text, and the rule that found it.</summary>
/// <param name="Text">The answer alone; empty where there is none.</param>
/// <param name="Rule">boxed, boxed-list, answer-tag, final-answer, answer-is, hashes, last-formula, last-number, last-statement, whole, or why there is none.</param>
/// <param name="Hedged">Alternatives were offered ("1 or 2", a box or another): no answer unless the gold is a list itself.</param>
internal readonly record struct Extracted(string Text, string Rule, bool Hedged = false)
{
    public bool Found => Text.Length > 0;

    /// <summary>The answer as it was read while it was looked for, so that it is not read twice.</summary>
    public Parsing.Reading? Reading { get; init; }
}
