namespace Tenon.Rewards.Format;

/// <summary>
/// The script of a letter, by Unicode's blocks: enough to tell languages of different scripts apart, not those that share one.
/// </summary>
internal static class WritingSystem
{
    // First and last code point of each block of letters, in order.
    private static readonly (int First, int Last, string Script)[] Blocks =
    [
        (0x41, 0x5A, "latin"), (0x61, 0x7A, "latin"), (0xAA, 0xAA, "latin"), (0xBA, 0xBA, "latin"), (0xC0, 0x24F, "latin"),
            (0x250, 0x2AF, "latin"),
        (0x370, 0x3FF, "greek"), (0x400, 0x52F, "cyrillic"), (0x530, 0x58F, "armenian"), (0x590, 0x5FF, "hebrew"), (0x600, 0x6FF, "arabic"),
            (0x750, 0x77F, "arabic"),
        (0x8A0, 0x8FF, "arabic"), (0x900, 0x97F, "devanagari"), (0x980, 0x9FF, "bengali"), (0xA00, 0xA7F, "gurmukhi"),
            (0xA80, 0xAFF, "gujarati"), (0xB00, 0xB7F, "oriya"),
        (0xB80, 0xBFF, "tamil"), (0xC00, 0xC7F, "telugu"), (0xC80, 0xCFF, "kannada"), (0xD00, 0xD7F, "malayalam"),
            (0xD80, 0xDFF, "sinhala"), (0xE00, 0xE7F, "thai"),
        (0xE80, 0xEFF, "lao"), (0xF00, 0xFFF, "tibetan"), (0x1000, 0x109F, "myanmar"), (0x10A0, 0x10FF, "georgian"),
            (0x1100, 0x11FF, "hangul"), (0x1200, 0x139F, "ethiopic"),
        (0x1780, 0x17FF, "khmer"), (0x1800, 0x18AF, "mongolian"), (0x1C80, 0x1C8F, "cyrillic"), (0x1C90, 0x1CBF, "georgian"),
            (0x1E00, 0x1EFF, "latin"), (0x1F00, 0x1FFF, "greek"),
        (0x2C60, 0x2C7F, "latin"), (0x2D00, 0x2D2F, "georgian"), (0x2DE0, 0x2DFF, "cyrillic"), (0x3005, 0x3007, "han"),
            (0x3041, 0x309F, "hiragana"), (0x30A0, 0x30FF, "katakana"),
        (0x3130, 0x318F, "hangul"), (0x31F0, 0x31FF, "katakana"), (0x3400, 0x4DBF, "han"), (0x4E00, 0x9FFF, "han"),
            (0xA640, 0xA69F, "cyrillic"), (0xA720, 0xA7FF, "latin"),
        (0xAC00, 0xD7AF, "hangul"), (0xF900, 0xFAFF, "han"), (0xFB00, 0xFB06, "latin"), (0xFB1D, 0xFB4F, "hebrew"),
            (0xFB50, 0xFDFF, "arabic"), (0xFE70, 0xFEFC, "arabic"),
        (0xFF21, 0xFF3A, "latin"), (0xFF41, 0xFF5A, "latin"), (0xFF66, 0xFF9F, "katakana"), (0xFFA0, 0xFFDC, "hangul"),
            (0x20000, 0x323AF, "han"),
    ];

    private static readonly Dictionary<string, string[]> Languages = new(StringComparer.Ordinal)
    {
        ["ar"] = ["arabic"], ["bg"] = ["cyrillic"], ["bn"] = ["bengali"], ["cs"] = ["latin"], ["de"] = ["latin"], ["el"] = ["greek"],
        ["en"] = ["latin"], ["es"] = ["latin"],
        ["fa"] = ["arabic"], ["fr"] = ["latin"], ["he"] = ["hebrew"], ["hi"] = ["devanagari"], ["hy"] = ["armenian"], ["id"] = ["latin"],
        ["it"] = ["latin"],
        ["ja"] = ["han", "hiragana", "katakana"], ["ka"] = ["georgian"], ["ko"] = ["hangul"], ["nl"] = ["latin"], ["pl"] = ["latin"],
        ["pt"] = ["latin"], ["ru"] = ["cyrillic"],
        ["sv"] = ["latin"], ["ta"] = ["tamil"], ["te"] = ["telugu"], ["th"] = ["thai"], ["tr"] = ["latin"], ["uk"] = ["cyrillic"],
        ["ur"] = ["arabic"], ["vi"] = ["latin"], ["zh"] = ["han"],
    };

    /// <summary>All scripts that have a name here.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Blocks.Select(b => b.Script).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The codes of languages (ISO 639-1) that have an entry.</summary>
    public static IReadOnlyList<string> Codes { get; } = [.. Languages.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The scripts of a script's name or a language's code; null where it is neither.</summary>
    public static IReadOnlyList<string>? Scripts(string name) => Names.Contains(name) ? [name] : Languages.GetValueOrDefault(name);

    /// <summary>The script of a letter; <c>other</c> where its block has no name here.</summary>
    public static string Of(int codePoint)
    {
        var (low, high) = (0, Blocks.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (codePoint < Blocks[middle].First) high = middle - 1;
            else if (codePoint > Blocks[middle].Last) low = middle + 1;
            else return Blocks[middle].Script;
        }

        return "other";
    }

    /// <summary>True for scripts that put no spaces between words: each letter counts as a word there.</summary>
    public static bool IsUnspaced(string script) =>
        script is "han" or "hiragana" or "katakana" or "thai" or "lao" or "khmer" or "myanmar" or "tibetan";
}
