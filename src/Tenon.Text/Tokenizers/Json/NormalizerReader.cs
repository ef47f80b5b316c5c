using Tenon.Checkpoints;
using Tenon.Text.Tokenizers.Normalizers;
using Tenon.Text.Tokenizers.Patterns;

namespace Tenon.Text.Tokenizers.Json;

/// <summary>Reads <c>normalizer</c>.</summary>
internal static class NormalizerReader
{
    private const string Known = "NFC, Lowercase, Prepend, Replace, Strip, Sequence";

    /// <summary>The steps in their order; none where there is no normalizer.</summary>
    public static IReadOnlyList<Normalizer> Read(JsonFields root) =>
        root.Object("normalizer") is { } part ? [.. Parts.Flat(part, "normalizers").Select(One)] : [];

    private static Normalizer One(JsonFields n) => n.String("type") switch
    {
        "NFC" => new NfcNormalizer(),
        "Lowercase" => new LowercaseNormalizer(),
        "Prepend" => new PrependNormalizer(n.RequiredString("prepend")),
        "Replace" => new ReplaceNormalizer(PatternReader.Read(n), n.RequiredString("content")),
        "Strip" => new StripNormalizer(n.Bool("strip_left") ?? false, n.Bool("strip_right") ?? false),
        var type => throw Parts.Unknown(n, "a normalizer", type, Known),
    };
}

/// <summary>Reads <c>pattern</c>: a regular expression, or a text that stands for itself.</summary>
internal static class PatternReader
{
    public static Pattern Read(JsonFields part)
    {
        var pattern = part.RequiredObject("pattern");
        if (pattern.String("Regex") is { Length: > 0 } expression) return Pattern.Compile(expression);
        if (pattern.String("String") is { Length: > 0 } text) return Pattern.Compile(Literal(text));
        throw Parts.Unknown(part, "a pattern", pattern.Element.GetRawText(), "Regex or String");
    }

    private static string Literal(string text) => string.Concat(text.Select(c =>
        char.IsLetterOrDigit(c) || char.IsWhiteSpace(c) || char.IsSurrogate(c) || c > 127 ? c.ToString() : "\\" + c));
}
