using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tenon.MathAnswers.Parsing;

/// <summary>
/// Texts of other scripts in the signs that the reader knows: decimal digits of every script and width, full-width signs, Arabic separators
/// and
/// punctuation; marks of direction vanish. A text of Latin, Greek and Cyrillic letters is given back as it is, at the cost of one scan.
/// </summary>
internal static partial class OtherScripts
{
    public static string Normalise(string text)
    {
        var first = text.AsSpan().IndexOfAnyExceptInRange('\0', '\u05ff');
        if (first < 0) return text;
        var b = new StringBuilder(text.Length).Append(text, 0, first);
        for (var i = first; i < text.Length; i++)
        {
            var c = text[i];
            if (c < '\u0600') b.Append(c);
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && CharUnicodeInfo.GetDecimalDigitValue(text, i) is >= 0 and var styled)
            {
                b.Append((char)('0' + styled));
                i++;
            }
            else if (!char.IsSurrogate(c) && CharUnicodeInfo.GetDecimalDigitValue(c) is >= 0 and var digit) b.Append((char)('0' + digit));
            else if (c is >= '！' and <= '～') b.Append((char)(c - '！' + '!'));
            else if (c is >= '①' and <= '⑳') Circled(b, c - '①' + 1);
            else Sign(b, c);
        }

        var result = b.ToString();
        return result.Contains("分之", StringComparison.Ordinal) ? Parts().Replace(result, Part) : result;
    }

    // 四分之三 is 3/4, 百分之50 is 50%.
    private static string Part(Match m) => m.Groups[1].Value == "百" ? Figure(m.Groups[2].Value) + "%"
        : Figure(m.Groups[2].Value) + "/" + Figure(m.Groups[1].Value);

    private static string Figure(string numeral) => Numerals.IndexOf(numeral, StringComparison.Ordinal) is >= 0 and var value
        ? (value + 1).ToString(CultureInfo.InvariantCulture) : numeral;

    private const string Numerals = "一二三四五六七八九十";

    [GeneratedRegex("([百一二三四五六七八九十]|[0-9]+)分之([一二三四五六七八九十](?![一二三四五六七八九十百])|[0-9]+(?:\\.[0-9]+)?)")]
    private static partial Regex Parts();

    private static void Sign(StringBuilder b, char c)
    {
        switch (c)
        {
            case '\u061c' or '\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'): return;
            case '٫': b.Append('.'); return;
            case '٬' or '،': b.Append(','); return;
            case '٪': b.Append('%'); return;
            case '؛': b.Append(';'); return;
            case '؟': b.Append('?'); return;
            case '㎜' or '㎝' or '㎞' or '㎎' or '㎏' or '㎖' or '㎗' or '㎡' or '㎠' or '㎢' or '㎤' or '㎥': b.Append(' ').Append(Squared(c)); return;
            case '℃': b.Append("°C"); return;
            case '℉': b.Append("°F"); return;
            case '\u3000': b.Append(' '); return;
            // A full stop of another script ends a sentence as ours does.
            case '。' or '｡' or '।' or '॥' or '۔': b.Append(". "); return;
            default: b.Append(c); return;
        }
    }

    // Units that East Asian type has as one sign.
    private static string Squared(char c) => c switch
    {
        '㎜' => "mm",
        '㎝' => "cm",
        '㎞' => "km",
        '㎎' => "mg",
        '㎏' => "kg",
        '㎖' => "mL",
        '㎗' => "dL",
        '㎡' => "m²",
        '㎠' => "cm²",
        '㎢' => "km²",
        '㎤' => "cm³",
        _ => "m³",
    };

    // ③ names a choice; two of them in a row are not one number.
    private static void Circled(StringBuilder b, int number)
    {
        if (b.Length > 0 && char.IsAsciiDigit(b[^1])) b.Append(' ');
        b.Append(CultureInfo.InvariantCulture, $"{number}");
    }
}
