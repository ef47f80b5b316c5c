namespace Tenon.MathAnswers;

/// <summary>
/// A plain number: digits with sign, thousands commas, decimal point or one fraction bar. Nothing that still has to be worked out.
/// </summary>
internal static class PlainValue
{
    public static bool Is(string text)
    {
        var s = text.AsSpan().Trim(" $");
        if (s.Length > 0 && s[0] is '-' or '−' or '+') s = s[1..];
        var (digits, points, bars) = (0, 0, 0);
        for (var i = 0; i < s.Length; i++)
        {
            var c = s[i];
            if (char.IsAsciiDigit(c)) digits++;
            else if (c == '.') points++;
            else if (c == '/' && digits > 0 && i + 1 < s.Length) bars++;
            else if (!(c == ',' && i + 3 < s.Length && i > 0)) return false;
        }
        return digits > 0 && points <= 1 && bars <= 1 && points * bars == 0;
    }
}
