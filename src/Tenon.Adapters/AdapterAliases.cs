using System.Globalization;

namespace Tenon.Adapters;

/// <summary>
/// Other spellings of methods, starts and variants, above all PEFT's, and what they mean here. The one table: it is applied where a recipe
/// or a command
/// line is read, before anything is written, so that a run's folder holds the canonical words only.
/// </summary>
public static class AdapterAliases
{
    private static readonly Dictionary<string, string> S_methods = new()
    {
        ["layernorm"] = "ln-tuning", ["layer-norm"] = "ln-tuning", ["lntuning"] = "ln-tuning",
        ["rs-lora"] = "rslora", ["lora-plus"] = "lora+", ["loraplus"] = "lora+", ["lorafa"] = "lora-fa",
        ["milora-plus"] = "milora+", ["miloraplus"] = "milora+", ["loraxs"] = "lora-xs", ["(ia)3"] = "ia3", ["bone"] = "miss",
        ["none"] = "full",
    };

    /// <summary>Starts of LoRA in PEFT that are methods of their own here.</summary>
    private static readonly string[] S_startMethods = ["pissa", "olora", "mica", "eva", "orthogonal", "milora", "milora+"];

    /// <summary>Every other spelling of a method, with the method.</summary>
    public static IReadOnlyDictionary<string, string> Methods => S_methods;

    /// <summary>Starts that are methods.</summary>
    public static IReadOnlyList<string> Starts => S_startMethods;

    /// <summary>
    /// The method that a word means: case, underscores and other spellings apart. A word that means none comes back in kebab-case.
    /// </summary>
    public static string MethodOf(string word)
    {
        var plain = Plain(word);
        return S_methods.GetValueOrDefault(plain, plain);
    }

    /// <summary>
    /// The method that a start of LoRA means (<c>pissa</c>, <c>pissa_niter_4</c>), with PiSSA's iterations; null where it is a start as it
    /// stands.
    /// </summary>
    public static (string Method, int? Iterations)? MethodOfStart(string word)
    {
        var plain = Plain(word);
        if (S_startMethods.Contains(plain)) return (plain, null);
        return plain.StartsWith("pissa-niter-", StringComparison.Ordinal)
            && int.TryParse(plain["pissa-niter-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
                ? ("pissa", iterations)
                : null;
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

    /// <summary>A variant's own word: RoAd's are named by their number.</summary>
    public static string VariantOf(string word) => Plain(word) switch
    {
        "road-1" => "1",
        "road-2" => "2",
        "road-4" => "4",
        var plain => plain,
    };

    /// <summary>Which biases are trained: PEFT calls those of adapted layers after each method.</summary>
    public static string BiasOf(string word) =>
        Plain(word) is var plain && plain.EndsWith("-only", StringComparison.Ordinal) ? "only" : plain;

    private static string Plain(string word) => word.Trim().ToLowerInvariant().Replace('_', '-');
}
