namespace Tenon.MathAnswers.Extraction;

/// <summary>An answer found in a text, and the rule that found it.</summary>
/// <param name="Text">The answer alone; empty where there is none.</param>
/// <param name="Rule">boxed, boxed-list, answer-tag, final-answer, answer-is, hashes, last-formula, last-number, last-statement, closing,
/// whole, or why there is none.</param>
/// <param name="Hedged">Alternatives were offered ("1 or 2", a box or another): no answer unless the gold is a list itself.</param>
internal readonly record struct Extracted(string Text, string Rule, bool Hedged = false)
{
    public bool Found => Text.Length > 0;

    /// <summary>The text is of a language in which points group digits and a comma parts decimals: 2.500 may be 2500.</summary>
    public bool PointsGroup { get; init; }

    /// <summary>The words right behind a number in its sentence, which may be its unit.</summary>
    public string? Behind { get; init; }

    /// <summary>
    /// The values of all boxes where each of them is said to be something ("the smaller is \boxed{4}, the larger is \boxed{9}"), as one
    /// list: the answer to a gold of as many values.
    /// </summary>
    public string? Together { get; init; }

    /// <summary>The answer as it was read while it was looked for, so that it is not read twice.</summary>
    public Parsing.Reading? Reading { get; init; }
}

/// <summary>What counts as an answer.</summary>
internal readonly record struct ExtractionRules
{
    /// <summary>The tag of the think block that the prompt left open, or null.</summary>
    public string? OpenedBlock { get; init; }

    /// <summary>Only a box holds the answer.</summary>
    public bool BoxedOnly { get; init; }

    /// <summary>Only what is announced, or the whole text, is the answer.</summary>
    public bool AnchoredOnly { get; init; }

    /// <summary>The last formula or number of a text is its answer even where no sentence states one.</summary>
    public bool Lenient { get; init; }

    /// <summary>The text was cut at its length limit: its last sentence states nothing.</summary>
    public bool Truncated { get; init; }
}
