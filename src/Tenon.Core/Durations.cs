using System.Globalization;

namespace Tenon;

/// <summary>Lengths of time for a person: as many digits as an estimate has, in the unit that reads best.</summary>
public static class Durations
{
    /// <summary><c>40 ms</c>, <c>3.2 s</c>, <c>75 s</c>, <c>12 min</c> or <c>2.5 h</c>.</summary>
    public static string Text(double seconds) => seconds switch
    {
        < 0.095 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:F0} ms"),
        < 9.95 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F1} s"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:F0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:F1} h"),
    };
}
