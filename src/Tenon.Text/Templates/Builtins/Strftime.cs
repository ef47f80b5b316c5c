using System.Globalization;
using System.Text;

namespace Tenon.Text.Templates.Builtins;

/// <summary><c>strftime</c> in the C locale, with the GNU flags for padding and case (<c>%-d</c>, <c>%^a</c>).</summary>
internal static class Strftime
{
    internal static string Format(DateTime t, string format)
    {
        var to = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            RenderBudget.Charge(1);
            if (format[i] != '%' || i + 1 == format.Length)
            {
                to.Append(format[i]);
                continue;
            }
            var start = i++;
            var flag = '\0';
            while (i < format.Length && format[i] is '-' or '_' or '0' or '^' or '#') flag = format[i++];
            var width = 0;
            while (i < format.Length && char.IsAsciiDigit(format[i]) && width < 1000) width = width * 10 + format[i++] - '0';
            while (i < format.Length && format[i] is 'E' or 'O') i++;
            var text = i < format.Length ? One(t, format[i], flag, width) : null;
            to.Append(text ?? format[start..Math.Min(i + 1, format.Length)]);
        }
        return to.ToString();
    }

    private static string? One(DateTime t, char code, char flag, int width)
    {
        var week = (int)t.DayOfWeek;
        return code switch
        {
            'a' => Word(t.ToString("ddd", CultureInfo.InvariantCulture)),
            'A' => Word(t.ToString("dddd", CultureInfo.InvariantCulture)),
            'b' or 'h' => Word(t.ToString("MMM", CultureInfo.InvariantCulture)),
            'B' => Word(t.ToString("MMMM", CultureInfo.InvariantCulture)),
            'c' => Format(t, "%a %b %e %H:%M:%S %Y"),
            'C' => Number(t.Year / 100, 2, '0'),
            'd' => Number(t.Day, 2, '0'),
            'D' or 'x' => Format(t, "%m/%d/%y"),
            'e' => Number(t.Day, 2, ' '),
            'f' => ((t.Ticks % TimeSpan.TicksPerSecond) / 10).ToString("000000", CultureInfo.InvariantCulture),
            'F' => Format(t, "%Y-%m-%d"),
            'g' => Number(ISOWeek.GetYear(t) % 100, 2, '0'),
            'G' => Number(ISOWeek.GetYear(t), 1, '0'),
            'H' => Number(t.Hour, 2, '0'),
            'I' => Number((t.Hour + 11) % 12 + 1, 2, '0'),
            'j' => Number(t.DayOfYear, 3, '0'),
            'k' => Number(t.Hour, 2, ' '),
            'l' => Number((t.Hour + 11) % 12 + 1, 2, ' '),
            'm' => Number(t.Month, 2, '0'),
            'M' => Number(t.Minute, 2, '0'),
            'n' => "\n",
            'p' => flag == '#' ? (t.Hour < 12 ? "am" : "pm") : t.Hour < 12 ? "AM" : "PM",
            'P' => t.Hour < 12 ? "am" : "pm",
            'r' => Format(t, "%I:%M:%S %p"),
            'R' => Format(t, "%H:%M"),
            's' => ((DateTimeOffset)DateTime.SpecifyKind(t, DateTimeKind.Utc)).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            'S' => Number(t.Second, 2, '0'),
            't' => "\t",
            'T' or 'X' => Format(t, "%H:%M:%S"),
            'u' => Number(week == 0 ? 7 : week, 1, '0'),
            'U' => Number((t.DayOfYear + 6 - week) / 7, 2, '0'),
            'V' => Number(ISOWeek.GetWeekOfYear(t), 2, '0'),
            'w' => Number(week, 1, '0'),
            'W' => Number((t.DayOfYear + 6 - (week + 6) % 7) / 7, 2, '0'),
            'y' => Number(t.Year % 100, 2, '0'),
            'Y' => Number(t.Year, 1, '0'),
            'z' or 'Z' => "",
            '%' => "%",
            _ => null,
        };

        string Word(string name) => (flag is '^' or '#' ? name.ToUpperInvariant() : name).PadLeft(width);

        string Number(int value, int digits, char pad)
        {
            if (flag == '-') digits = 1;
            if (flag == '_') pad = ' ';
            if (flag == '0') pad = '0';
            return value.ToString(CultureInfo.InvariantCulture).PadLeft(Math.Max(digits, width), pad);
        }
    }
}
