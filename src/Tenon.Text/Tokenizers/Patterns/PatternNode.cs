namespace Tenon.Text.Tokenizers.Patterns;

/// <summary>A parsed pattern. What it holds is what <see cref="PatternCompiler"/> can turn into a program.</summary>
internal abstract record PatternNode
{
    /// <summary>One code point of a set.</summary>
    public sealed record One(CodePointSet Set) : PatternNode;

    /// <summary>All parts one after the other; no parts match the empty text.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>The first part that leads to a match.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>Between <c>Min</c> and <c>Max</c> times, <c>Max</c> -1 for no limit.</summary>
    public sealed record Repeat(PatternNode Body, int Min, int Max, RepeatMode Mode) : PatternNode;

    /// <summary>Look-ahead: succeeds without moving where the body matches here (or does not, if negative).</summary>
    public sealed record Look(PatternNode Body, bool Negative) : PatternNode;

    /// <summary>True where the node can match the empty text.</summary>
    public bool CanBeEmpty => this switch
    {
        One => false,
        Sequence s => s.Parts.All(p => p.CanBeEmpty),
        Choice c => c.Parts.Any(p => p.CanBeEmpty),
        Repeat r => r.Min == 0 || r.Body.CanBeEmpty,
        _ => true,
    };

    /// <summary>Every code point a match can start with; null where it can be empty or begins with a look-ahead.</summary>
    public CodePointSet? First => this switch
    {
        One o => o.Set,
        Choice c => c.Parts.Any(p => p.First is null) ? null : CodePointSet.Union(c.Parts.Select(p => p.First!)),
        Repeat { Min: > 0 } r => r.Body.First,
        Sequence s => FirstOf(s.Parts),
        _ => null,
    };

    // Leading parts that can be empty add their own beginnings: ` ?\p{L}+` starts with a space or a letter.
    private static CodePointSet? FirstOf(IReadOnlyList<PatternNode> parts)
    {
        var sets = new List<CodePointSet>();
        foreach (var part in parts)
        {
            var body = part is Repeat { Min: 0 } repeat ? repeat.Body : part;
            if (body.First is not { } first) return null;
            sets.Add(first);
            if (!part.CanBeEmpty) return CodePointSet.Union(sets);
        }
        return null;
    }
}

/// <summary>How a repetition gives back what it took.</summary>
internal enum RepeatMode
{
    /// <summary>As much as possible, then one less at a time.</summary>
    Greedy,

    /// <summary>As little as possible, then one more at a time.</summary>
    Lazy,

    /// <summary>As much as possible, nothing given back.</summary>
    Possessive,
}
