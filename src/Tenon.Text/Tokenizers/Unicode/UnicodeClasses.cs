using System.Globalization;
using Tenon.Text.Tokenizers.Patterns;

namespace Tenon.Text.Tokenizers.Unicode;

/// <summary>
/// The character classes of the reference library. Its pattern engine (Oniguruma) knows Unicode 16, as does this runtime: a test
/// holds the digest of every class, so that a runtime with other tables is noticed. Classes go by code point, not by UTF-16 unit.
/// </summary>
internal static class UnicodeClasses
{
    private static readonly Lazy<List<(int First, int Last)>[]> Categories = new(ReadCategories);

    // "Digits" asks Rust's char::is_numeric, which is one Unicode version ahead of the pattern engine: 13 numbers are new in Unicode 17.
    private static readonly Lazy<CodePointSet> LazyDigits = new(() =>
        CodePointSet.Union(Property("N")!, CodePointSet.Of([(0x11DE0, 0x11DE9), (0x16FF4, 0x16FF6)])));

    // \w of Rust's regex crate: Alphabetic, Mark, Decimal_Number, Connector_Punctuation, Join_Control. Beyond letters and marks,
    // Alphabetic holds the letter numbers and the circled and squared Latin letters.
    private static readonly Lazy<CodePointSet> LazyWord = new(() => CodePointSet.Union(
        Property("L")!, Property("M")!, Property("Nd")!, Property("Nl")!, Property("Pc")!,
        CodePointSet.Of([(0x200C, 0x200D), (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)])));

    /// <summary><c>\s</c>: the property White_Space, 25 code points.</summary>
    public static CodePointSet Space { get; } = CodePointSet.Of(
        [(0x9, 0xD), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
        (0x205F, 0x205F), (0x3000, 0x3000)]);

    /// <summary>What the <c>Digits</c> pre-tokenizer calls a digit.</summary>
    public static CodePointSet Digits => LazyDigits.Value;

    /// <summary>What <c>single_word</c> of an added token calls a word character.</summary>
    public static CodePointSet Word => LazyWord.Value;

    /// <summary>The code points of a general category (<c>Lu</c>) or a group of them (<c>L</c>); null for an unknown name.</summary>
    public static CodePointSet? Property(string name)
    {
        var parts = Enumerable.Range(0, CategoryNames.Length)
            .Where(i => CategoryNames[i] == name || (name.Length == 1 && CategoryNames[i][0] == name[0])).ToArray();
        return parts.Length == 0 ? null : CodePointSet.Of(parts.SelectMany(i => Categories.Value[i]));
    }

    /// <summary>
    /// Every code point that <c>(?i:c)</c> matches for an ASCII letter c: both cases, and the long s and the Kelvin sign.
    /// </summary>
    public static CodePointSet IgnoreCase(char letter)
    {
        int lower = char.ToLowerInvariant(letter), upper = char.ToUpperInvariant(letter);
        var extra = lower switch { 's' => 0x17F, 'k' => 0x212A, _ => lower };
        return CodePointSet.Of([(lower, lower), (upper, upper), (extra, extra)]);
    }

    // In the order of UnicodeCategory.
    private static readonly string[] CategoryNames =
        ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];

    private static List<(int First, int Last)>[] ReadCategories()
    {
        var ranges = new List<(int First, int Last)>[CategoryNames.Length];
        for (var i = 0; i < ranges.Length; i++) ranges[i] = [];
        for (var c = 0; c <= 0x10FFFF; c++)
        {
            var list = ranges[(int)CharUnicodeInfo.GetUnicodeCategory(c)];
            if (list.Count > 0 && list[^1].Last == c - 1) list[^1] = (list[^1].First, c);
            else list.Add((c, c));
        }
        return ranges;
    }
}
