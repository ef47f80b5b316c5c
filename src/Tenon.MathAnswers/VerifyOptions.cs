namespace Tenon.MathAnswers;

/// <summary>What a call may ask of the verifier beyond the gold and the answer.</summary>
public sealed record VerifyOptions
{
    /// <summary>The defaults.</summary>
    public static VerifyOptions Default { get; } = new();

    /// <summary>The rules; null means the verifier's own profile.</summary>
    public RuleProfile? Profile { get; init; }

    /// <summary>
    /// Relative tolerance |answer - gold| ≤ tolerance · |gold| that the benchmark or recipe states; null means the profile's own rule.
    /// </summary>
    public double? Tolerance { get; init; }

    /// <summary>The unit the gold is in; an answer in another known unit is converted, one of another kind is wrong.</summary>
    public string? Unit { get; init; }

    /// <summary>Further golds; the answer is right where it meets any of them.</summary>
    public IReadOnlyList<string> OtherGolds { get; init; } = [];

    /// <summary>
    /// The tag of the think block that the prompt left open (<see cref="ThinkBlocks.LeftOpen"/>): the answer begins inside it.
    /// </summary>
    public string? OpenedBlock { get; init; }

    /// <summary>The answer was cut at its length limit: without a box or the word "answer" it states nothing.</summary>
    public bool Truncated { get; init; }

    /// <summary>True: the answer must be a plain value (a number, a fraction in digits), so that copying the question never pays.</summary>
    public bool RequireValue { get; init; }
}
