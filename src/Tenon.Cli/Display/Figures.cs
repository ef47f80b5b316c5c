using System.Globalization;
using System.Text;

namespace Tenon.Cli.Display;

/// <summary>Numbers, times and model text as a person reads them; the same in every country.</summary>
internal static class Figures
{
    /// <summary>Three significant digits; a dash where there is nothing to say.</summary>
    public static string Number(double value)
    {
        if (double.IsNaN(value)) return "-";
        if (value == 0) return "0";
        var size = Math.Abs(value);
        return size is >= 0.001 and < 100_000
            ? value.ToString(size >= 100 ? "N0" : size >= 10 ? "F1" : size >= 0.1 ? "F3" : "F4", CultureInfo.InvariantCulture)
            : value.ToString("0.0E+0", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal)
            .Replace("e+", "e", StringComparison.Ordinal);
    }

    /// <summary>A share as a percentage.</summary>
    public static string Percent(double share) =>
        double.IsNaN(share) ? "-" : (share * 100).ToString(share is > 0 and < 0.1 ? "0.0" : "0", CultureInfo.InvariantCulture) + " %";

    /// <summary>A whole number with thousands set apart.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Hours, minutes and seconds.</summary>
    public static string Time(TimeSpan time) => time.TotalHours >= 1
        ? ((int)time.TotalHours).ToString(CultureInfo.InvariantCulture) + time.ToString(@"\:mm\:ss", CultureInfo.InvariantCulture)
        : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);

    /// <summary>
    /// A model's text on at most so many characters: control characters (escape sequences among them) become marks, the middle gives way.
    /// </summary>
    public static string Text(string text, int length)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
            clean.Append(c is '\n' ? '⏎' : c is '\t' ? ' ' : char.IsControl(c) ? '·' : c);
        if (clean.Length <= length) return clean.ToString();
        var tail = length / 2;
        return clean.ToString(0, length - tail - 1) + "…" + clean.ToString(clean.Length - tail, tail);
    }
}
