namespace Tenon.MathAnswers;

/// <summary>A named set of rules with a version, which every verdict carries: a changed rule is a new version.</summary>
public sealed record RuleProfile
{
    private RuleProfile(string name, string version) => (Name, Version) = (name, version);

    /// <summary>The default: what is mathematically right, as docs/verifier.md lists it.</summary>
    public static RuleProfile Tenon { get; } = new("tenon", "9");

    /// <summary>What Math-Verify 0.9 decides, for comparison with other people's figures.</summary>
    public static RuleProfile MathVerify { get; } = new("math-verify", "0.9-1");

    /// <summary>The rules of <see cref="Tenon"/>, but only a box holds the answer.</summary>
    public static RuleProfile Boxed { get; } = new("boxed", "9");

    /// <summary>
    /// The rules of <see cref="Tenon"/>, but where nothing states an answer the last formula or number of the text is taken for one.
    /// </summary>
    public static RuleProfile Lenient { get; } = new("lenient", "9");

    /// <summary>All profiles.</summary>
    public static IReadOnlyList<RuleProfile> All { get; } = [Tenon, MathVerify, Boxed, Lenient];

    /// <summary>The name it is chosen by.</summary>
    public string Name { get; }

    /// <summary>Changes with every change of a verdict.</summary>
    public string Version { get; }

    /// <summary>Name and version as verdicts carry them.</summary>
    public string Id => Name + "-" + Version;

    /// <summary>Finds a profile by name; a usage error lists the names.</summary>
    public static RuleProfile Find(string name) =>
        All.FirstOrDefault(p => p.Name == name)
        ?? throw new TenonException($"Unknown rule profile '{name}'", string.Join(", ", All.Select(p => p.Name)), name, usage: true);
}
