using System.Collections.Frozen;
using Tenon.Rewards.MathAnswers.Numbers;

namespace Tenon.Rewards.MathAnswers.Parsing;

/// <summary>Which words are units, and which units measure the same thing: so that 5 m is 500 cm and not 5 cm.</summary>
internal static class Units
{
    private static readonly FrozenDictionary<string, (string Dimension, Rational Factor)> Table = Build();

    private static readonly FrozenSet<string> Words = new[]
    {
        "square", "sq", "cubic", "per", "unit", "apple", "coin", "student", "people", "person", "men", "women", "way", "digit", "number", "page", "book", "point", "game", "ball", "card", "item",
        "yuan", "rupee", "pound", "euro", "dozen", "mph", "kph", "amps", "ohm", "volt", "watt", "joule", "newton", "pascal", "kelvin", "mol", "mole", "hz", "khz", "mhz", "km/h", "kmh", "am", "pm", "square-units",
        "rad", "radian", "marble", "ticket", "ounce", "oz", "lb", "lbs", "gallon", "acre", "hectare", "piece", "egg", "value", "solution", "time", "step", "side", "edge", "degree", "st", "nd", "rd", "th",
    }.ToFrozenSet();

    /// <summary>True where a bare word behind a number is a unit.</summary>
    public static bool IsWord(string word)
    {
        var w = word.ToLowerInvariant();
        return Table.ContainsKey(w) || Words.Contains(w) || (w.Length > 3 && w[^1] == 's' && (Words.Contains(w[..^1]) || (w.EndsWith("es", StringComparison.Ordinal) && Words.Contains(w[..^2]))));
    }

    /// <summary>
    /// True where both units are known and compatible; then <paramref name="factor"/> turns a value in <paramref name="from"/> into one in
    /// <paramref name="to"/>. False with <paramref name="known"/> where both are known and measure different things.
    /// </summary>
    public static bool TryConvert(string from, string to, out Rational factor, out bool known)
    {
        (factor, known) = (Rational.One, false);
        if (!Resolve(from, out var a) || !Resolve(to, out var b)) return false;
        known = true;
        if (a.Dimension != b.Dimension) return false;
        factor = a.Factor / b.Factor;
        return true;
    }

    /// <summary>True where both texts name the same unit, known or not: plural, case and spacing aside.</summary>
    public static bool Same(string a, string b) => Plain(a) == Plain(b) || (TryConvert(a, b, out var f, out _) && f == Rational.One);

    private static string Plain(string unit)
    {
        var u = unit.ToLowerInvariant().Replace(" ", "", StringComparison.Ordinal).Trim('.', ',');
        return u.Length > 2 && u[^1] == 's' ? u[..^1] : u;
    }

    private static bool Resolve(string unit, out (string Dimension, Rational Factor) found)
    {
        var u = unit.ToLowerInvariant().Trim(' ', '.', ',');
        var power = 1;
        if (u.StartsWith("square ", StringComparison.Ordinal) || u.StartsWith("sq ", StringComparison.Ordinal)) (power, u) = (2, u[(u.IndexOf(' ') + 1)..]);
        else if (u.StartsWith("cubic ", StringComparison.Ordinal)) (power, u) = (3, u[6..]);
        else if (u.Contains('^', StringComparison.Ordinal))
        {
            var cut = u.IndexOf('^', StringComparison.Ordinal);
            if (!int.TryParse(u.AsSpan(cut + 1), System.Globalization.CultureInfo.InvariantCulture, out power) || power is < 1 or > 3)
            {
                found = default;
                return false;
            }
            u = u[..cut].TrimEnd();
        }
        if (!Table.TryGetValue(u, out found)) return false;
        if (power == 1) return true;
        found = (found.Dimension + "^" + power, power == 2 ? found.Factor * found.Factor : found.Factor * found.Factor * found.Factor);
        return true;
    }

    private static FrozenDictionary<string, (string, Rational)> Build()
    {
        var t = new Dictionary<string, (string, Rational)>();
        void Add(string dimension, Rational factor, params string[] names)
        {
            foreach (var n in names) t[n] = (dimension, factor);
        }
        Add("length", 1, "meter", "meters", "metre", "metres", "m");
        Add("length", new Rational(1, 1000), "mm", "millimeter", "millimeters", "millimetre", "millimetres");
        Add("length", new Rational(1, 100), "cm", "centimeter", "centimeters", "centimetre", "centimetres");
        Add("length", new Rational(1, 10), "dm", "decimeter", "decimeters");
        Add("length", 1000, "km", "kilometer", "kilometers", "kilometre", "kilometres");
        Add("length", new Rational(254, 10000), "inch", "inches", "in");
        Add("length", new Rational(3048, 10000), "foot", "feet", "ft");
        Add("length", new Rational(9144, 10000), "yard", "yards", "yd");
        Add("length", new Rational(1609344, 1000), "mile", "miles", "mi");
        Add("mass", 1, "kg", "kilogram", "kilograms");
        Add("mass", new Rational(1, 1000), "gram", "grams", "g");
        Add("mass", new Rational(1, 1000000), "mg", "milligram", "milligrams");
        Add("mass", 1000, "tonne", "tonnes");
        Add("time", 1, "second", "seconds", "sec", "secs", "s");
        Add("time", 60, "minute", "minutes", "min", "mins");
        Add("time", 3600, "hour", "hours", "hr", "hrs", "h");
        Add("time", 86400, "day", "days");
        Add("time", 604800, "week", "weeks");
        Add("months", 1, "month", "months");
        Add("months", 12, "year", "years", "yr", "yrs");
        Add("volume", 1, "liter", "liters", "litre", "litres", "l");
        Add("volume", new Rational(1, 1000), "ml", "milliliter", "milliliters", "millilitre", "millilitres");
        Add("money", 1, "dollar", "dollars", "usd");
        Add("money", new Rational(1, 100), "cent", "cents");
        return t.ToFrozenDictionary();
    }
}
