namespace Tenon.Adapters;

/// <summary>
/// Other spellings of methods, starts and options, above all PEFT's, and what they mean here. Each method says its own; they are applied
/// where a recipe or a command line is read, before anything is written, so that a run's folder holds the canonical words only.
/// </summary>
public static class AdapterAliases
{
    /// <summary>Every other spelling of a method, with the method.</summary>
    public static IReadOnlyDictionary<string, string> Methods { get; } =
        AdapterMethod.All.Values.SelectMany(method => method.Aliases.Select(alias => KeyValuePair.Create(alias, method.Name)))
            .ToDictionary();

    /// <summary>Starts of LoRA in PEFT that are methods of their own here.</summary>
    public static IReadOnlyList<string> Starts { get; } = [.. AdapterMethod.All.Values.Where(m => m.IsStartOfLora).Select(m => m.Name)];

    /// <summary>
    /// The method that a word means: case, underscores and other spellings apart. A word that means none comes back in kebab-case.
    /// </summary>
    public static string MethodOf(string word)
    {
        var plain = Plain(word);
        return Methods.GetValueOrDefault(plain, plain);
    }

    /// <summary>
    /// The method that a start of LoRA means (<c>pissa</c>, <c>pissa_niter_4</c>), with its options; null where it is a start as it stands.
    /// </summary>
    public static (string Method, IReadOnlyDictionary<string, string> Options)? MethodOfStart(string word)
    {
        var plain = Plain(word);
        foreach (var method in AdapterMethod.All.Values)
            if (method.OfLoraStart(plain) is { } options) return (method.Name, options);
        return null;
    }

    /// <summary>
    /// A start's own word; null for the method's own start: PEFT's <c>true</c> is that, its <c>false</c> is <c>random</c>.
    /// </summary>
    public static string? StartOf(string word) => Plain(word) switch
    {
        "true" or "default" => null,
        "false" => "random",
        var plain => plain,
    };

    /// <summary>The own word of a method's option that takes one of a few.</summary>
    public static string OptionOf(AdapterMethod method, string option, string word) => method.OptionWord(option, Plain(word));

    /// <summary>Which biases are trained: PEFT calls those of adapted layers after each method.</summary>
    public static string BiasOf(string word) =>
        Plain(word) is var plain && plain.EndsWith("-only", StringComparison.Ordinal) ? "only" : plain;

    private static string Plain(string word) => word.Trim().ToLowerInvariant().Replace('_', '-');
}
