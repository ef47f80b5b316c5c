// Upper, lower and title case as Python maps them: the full mappings of Unicode's SpecialCasing (a letter may become several) over .NET's
// simple ones.
using System.Globalization;
using System.Text;

namespace Tenon.Text.Templates.Values;

/// <summary>Python's case mappings and letter classes.</summary>
internal static class CaseMapping
{
    // Letters whose capital is more than one letter, each followed by it (Unicode SpecialCasing.txt, the unconditional entries).
    private const string Expanding =
        "\u00DFSS \u0149\u02BCN \u01F0J\u030C \u0390\u0399\u0308\u0301 \u03B0\u03A5\u0308\u0301 \u0587\u0535\u0552 \u1E96H\u0331 " +
        "\u1E97T\u0308 \u1E98W\u030A \u1E99Y\u030A \u1E9AA\u02BE \u1F50\u03A5\u0313 \u1F52\u03A5\u0313\u0300 " +
        "\u1F54\u03A5\u0313\u0301 \u1F56\u03A5\u0313\u0342 \u1F80\u1F08\u0399 \u1F81\u1F09\u0399 \u1F82\u1F0A\u0399 " +
        "\u1F83\u1F0B\u0399 \u1F84\u1F0C\u0399 \u1F85\u1F0D\u0399 \u1F86\u1F0E\u0399 \u1F87\u1F0F\u0399 \u1F88\u1F08\u0399 " +
        "\u1F89\u1F09\u0399 \u1F8A\u1F0A\u0399 \u1F8B\u1F0B\u0399 \u1F8C\u1F0C\u0399 \u1F8D\u1F0D\u0399 \u1F8E\u1F0E\u0399 " +
        "\u1F8F\u1F0F\u0399 \u1F90\u1F28\u0399 \u1F91\u1F29\u0399 \u1F92\u1F2A\u0399 \u1F93\u1F2B\u0399 \u1F94\u1F2C\u0399 " +
        "\u1F95\u1F2D\u0399 \u1F96\u1F2E\u0399 \u1F97\u1F2F\u0399 \u1F98\u1F28\u0399 \u1F99\u1F29\u0399 \u1F9A\u1F2A\u0399 " +
        "\u1F9B\u1F2B\u0399 \u1F9C\u1F2C\u0399 \u1F9D\u1F2D\u0399 \u1F9E\u1F2E\u0399 \u1F9F\u1F2F\u0399 \u1FA0\u1F68\u0399 " +
        "\u1FA1\u1F69\u0399 \u1FA2\u1F6A\u0399 \u1FA3\u1F6B\u0399 \u1FA4\u1F6C\u0399 \u1FA5\u1F6D\u0399 \u1FA6\u1F6E\u0399 " +
        "\u1FA7\u1F6F\u0399 \u1FA8\u1F68\u0399 \u1FA9\u1F69\u0399 \u1FAA\u1F6A\u0399 \u1FAB\u1F6B\u0399 \u1FAC\u1F6C\u0399 " +
        "\u1FAD\u1F6D\u0399 \u1FAE\u1F6E\u0399 \u1FAF\u1F6F\u0399 \u1FB2\u1FBA\u0399 \u1FB3\u0391\u0399 \u1FB4\u0386\u0399 " +
        "\u1FB6\u0391\u0342 \u1FB7\u0391\u0342\u0399 \u1FBC\u0391\u0399 \u1FC2\u1FCA\u0399 \u1FC3\u0397\u0399 \u1FC4\u0389\u0399 " +
        "\u1FC6\u0397\u0342 \u1FC7\u0397\u0342\u0399 \u1FCC\u0397\u0399 \u1FD2\u0399\u0308\u0300 \u1FD3\u0399\u0308\u0301 " +
        "\u1FD6\u0399\u0342 \u1FD7\u0399\u0308\u0342 \u1FE2\u03A5\u0308\u0300 \u1FE3\u03A5\u0308\u0301 \u1FE4\u03A1\u0313 " +
        "\u1FE6\u03A5\u0342 \u1FE7\u03A5\u0308\u0342 \u1FF2\u1FFA\u0399 \u1FF3\u03A9\u0399 \u1FF4\u038F\u0399 \u1FF6\u03A9\u0342 " +
        "\u1FF7\u03A9\u0342\u0399 \u1FFC\u03A9\u0399 \uFB00FF \uFB01FI \uFB02FL \uFB03FFI \uFB04FFL \uFB05ST \uFB06ST " +
        "\uFB13\u0544\u0546 \uFB14\u0544\u0535 \uFB15\u0544\u053B \uFB16\u054E\u0546 \uFB17\u0544\u053D";

    private static readonly Dictionary<int, string> Expansions = Expanding.Split(' ').ToDictionary(e => (int)e[0], e => e[1..]);

    internal static string Upper(string s) => Map(s, (to, c, _, _) => to.Append(Upper(c)));

    internal static string Lower(string s) => Map(s, (to, c, all, i) => Lower(to, c, all, i));

    internal static string SwapCase(string s) => Map(s, (to, c, all, i) =>
    {
        if (IsUpper(c)) Lower(to, c, all, i);
        else if (IsLower(c)) to.Append(Upper(c));
        else to.AppendScalar(c);
    });

    internal static string Capitalize(string s) => Map(s, (to, c, all, i) =>
    {
        if (i == 0) to.Append(Title(c));
        else Lower(to, c, all, i);
    });

    /// <summary>Every letter after something that has no case becomes a capital.</summary>
    internal static string TitleCase(string s) => Map(s, (to, c, all, i) =>
    {
        if (i > 0 && IsCased(all[i - 1])) Lower(to, c, all, i);
        else to.Append(Title(c));
    });

    /// <summary>For comparisons without case: nearly lower(upper(s)); the Cherokee letters fold to capitals.</summary>
    internal static string CaseFold(string s) => Map(s, (to, c, _, _) =>
    {
        if (c is 0x131 or (>= 0x13A0 and <= 0x13F5) or 0x1E9E) to.Append(c == 0x1E9E ? "ss" : PyText.FromScalar(c));
        else if (c is >= 0xAB70 and <= 0xABBF) to.AppendScalar(c - 0xAB70 + 0x13A0);
        else
            foreach (var u in PyText.Scalars(Upper(c))) Lower(to, u, [u], 0);
    });

    internal static bool IsLower(int c) =>
        Category(c) == UnicodeCategory.LowercaseLetter || c is 0xAA or 0xBA
        || c is (>= 0x2170 and <= 0x217F) or (>= 0x24D0 and <= 0x24E9) or (>= 0x2B0 and <= 0x2B8);

    internal static bool IsUpper(int c) =>
        Category(c) == UnicodeCategory.UppercaseLetter || c is (>= 0x2160 and <= 0x216F) or (>= 0x24B6 and <= 0x24CF);

    internal static bool IsTitle(int c) => Category(c) == UnicodeCategory.TitlecaseLetter;

    internal static bool IsCased(int c) => IsLower(c) || IsUpper(c) || IsTitle(c);

    internal static bool IsAlpha(int c) =>
        Category(c) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter;

    internal static bool IsDecimal(int c) => Category(c) == UnicodeCategory.DecimalDigitNumber;

    internal static bool IsDigit(int c) => IsDecimal(c) || CharUnicodeInfo.GetDigitValue(PyText.FromScalar(c), 0) >= 0;

    internal static bool IsNumeric(int c) => IsDigit(c) || Category(c) is UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    internal static bool IsAlnum(int c) => IsAlpha(c) || IsNumeric(c);

    /// <summary>A character of an identifier: letters, digits, marks and connectors.</summary>
    internal static bool IsWord(int c, bool first) => c == '_' || IsAlpha(c) || Category(c) == UnicodeCategory.LetterNumber
        || (!first && Category(c) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.NonSpacingMark
        or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation);

    private static UnicodeCategory Category(int c) => CharUnicodeInfo.GetUnicodeCategory(c);

    private static string Map(string s, Action<StringBuilder, int, List<int>, int> map)
    {
        var all = PyText.Scalars(s);
        var to = new StringBuilder(s.Length + 8);
        for (var i = 0; i < all.Count; i++) map(to, all[i], all, i);
        return to.ToString();
    }

    private static string Upper(int c) => Expansions.TryGetValue(c, out var many) ? many : c switch
    {
        0x131 => "I",
        0x17F => "S",
        _ => Rune.IsValid(c) ? Rune.ToUpperInvariant(new Rune(c)).ToString() : PyText.FromScalar(c),
    };

    private static string Title(int c)
    {
        if (c is (>= 0x1C4 and <= 0x1CC) or (>= 0x1F1 and <= 0x1F3))
            return PyText.FromScalar(c >= 0x1F1 ? 0x1F2 : 0x1C5 + (c - 0x1C4) / 3 * 3);
        if (c is >= 0x10D0 and <= 0x10FF) return PyText.FromScalar(c);
        if (c is >= 0x1F80 and <= 0x1FAF) return PyText.FromScalar(c | 8);
        if (c is 0x1FB3 or 0x1FC3 or 0x1FF3) return PyText.FromScalar(c + 9);
        if (c is 0x1FBC or 0x1FCC or 0x1FFC) return PyText.FromScalar(c);
        var upper = Upper(c);
        return Expansions.ContainsKey(c) ? upper[..1] + Lower(upper[1..]).Replace('\u03B9', '\u0345') : upper;
    }

    private static void Lower(StringBuilder to, int c, List<int> all, int at)
    {
        if (c == 0x130) to.Append("i\u0307");
        else if (c == 0x3A3) to.Append(IsFinalSigma(all, at) ? '\u03C2' : '\u03C3');
        else if (Rune.IsValid(c)) to.AppendScalar(Rune.ToLowerInvariant(new Rune(c)).Value);
        else to.AppendScalar(c);
    }

    private static bool IsFinalSigma(List<int> all, int at)
    {
        int before = at - 1, after = at + 1;
        while (before >= 0 && IsCaseIgnorable(all[before])) before--;
        while (after < all.Count && IsCaseIgnorable(all[after])) after++;
        return before >= 0 && IsCased(all[before]) && !(after < all.Count && IsCased(all[after]));
    }

    private static bool IsCaseIgnorable(int c) =>
        c is '\'' or '.' or ':' or '^' or '`' or 0xA8 or 0xAD or 0xAF or 0xB4 or 0xB7 or 0xB8 or 0x2019
        || Category(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
        or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
