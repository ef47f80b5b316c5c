using Tenon.Checkpoints;
using Tenon.Text.Tokenizers.Patterns;
using Tenon.Text.Tokenizers.PreTokenizers;

namespace Tenon.Text.Tokenizers.Json;

/// <summary>Reads <c>pre_tokenizer</c>: the steps that cut a text into the pieces that are merged by themselves.</summary>
internal static class PreTokenizerReader
{
    /// <summary>The pattern built into the <c>ByteLevel</c> pre-tokenizer (GPT-2).</summary>
    internal const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Known = "ByteLevel, Split, Digits, Sequence";

    /// <summary>The steps in their order.</summary>
    public static IReadOnlyList<PreTokenizer> Read(JsonFields root)
    {
        if (root.Object("pre_tokenizer") is not { } part)
            throw Parts.Unknown(root, "no pre_tokenizer, and so a vocabulary", "characters", "bytes: a ByteLevel step");
        var result = new List<PreTokenizer>();
        var asBytes = false;
        foreach (var step in Parts.Flat(part, "pretokenizers"))
        {
            // ByteLevel writes each byte as a character of its own alphabet; a step behind it would look at those.
            if (asBytes) throw Parts.Unknown(step, "a pre-tokenizer behind ByteLevel", step.String("type"), "ByteLevel last");
            switch (step.String("type"))
            {
                case "ByteLevel":
                    asBytes = true;
                    if (step.Bool("add_prefix_space") ?? true) result.Add(new PrefixSpace());
                    if (step.Bool("use_regex") ?? true)
                        result.Add(new PatternSplit(Pattern.Compile(Gpt2Pattern), SplitBehavior.Isolated, false));
                    break;
                case "Digits":
                    result.Add(new DigitSplit(step.Bool("individual_digits") ?? false));
                    break;
                case "Split":
                    result.Add(new PatternSplit(PatternReader.Read(step), Behavior(step), step.Bool("invert") ?? false));
                    break;
                case var type:
                    throw Parts.Unknown(step, "a pre-tokenizer", type, Known);
            }
        }
        return asBytes ? result
            : throw Parts.Unknown(part, "no ByteLevel step, and so a vocabulary", "characters", "bytes: a ByteLevel step");
    }

    private static SplitBehavior Behavior(JsonFields step)
    {
        var name = step.RequiredString("behavior");
        foreach (var behavior in Enum.GetValues<SplitBehavior>())
            if (behavior.ToString() == name) return behavior;
        throw Parts.Unknown(step, "a behavior", name, string.Join(", ", Enum.GetNames<SplitBehavior>()));
    }
}
