using System.Collections.Frozen;
using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>Which words are units, and which units measure the same thing: so that 5 m is 500 cm and not 5 cm.</summary>
internal static class Units
{
    private static readonly FrozenDictionary<string, (string Dimension, Rational Factor)> Table = Build();

    // Symbols that mean another unit, or none, in lower case.
    private static readonly FrozenDictionary<string, (string Dimension, Rational Factor)> Symbols = BuildSymbols();

    private static readonly FrozenSet<string> Words = new[]
    {
        "square", "sq", "cubic", "per", "unit", "apple", "coin", "student", "people", "person", "men", "women", "way", "digit", "number",
        "page", "book", "point", "game", "ball", "card", "item",
        "yuan", "rupee", "pound", "euro", "dozen", "mph", "kph", "amps", "ohm", "volt", "watt", "joule", "newton", "pascal", "kelvin",
        "mol", "mole", "hz", "khz", "mhz", "km/h", "kmh", "am", "pm", "square-units",
        "rad", "radian", "marble", "ticket", "ounce", "oz", "lb", "lbs", "gallon", "acre", "hectare", "piece", "egg", "value", "solution",
        "time", "step", "side", "edge", "degree", "st", "nd", "rd", "th",
    }.ToFrozenSet();

    /// <summary>True where a bare word behind a number is a unit.</summary>
    public static bool IsWord(string word)
    {
        var w = word.ToLowerInvariant();
        return Table.ContainsKey(w) || Words.Contains(w) || Symbols.ContainsKey(word)
            || (w.Length > 3 && w[^1] == 's'
            && (Words.Contains(w[..^1]) || (w.EndsWith("es", StringComparison.Ordinal) && Words.Contains(w[..^2]))));
    }

    /// <summary>
    /// True where both units are known and compatible; then <paramref name="factor"/> turns a value in <paramref name="from"/> into one in
    /// <paramref name="to"/>. False with <paramref name="known"/> where both are known and measure different things.
    /// </summary>
    public static bool TryConvert(string from, string to, out Rational factor, out bool known)
    {
        (factor, known) = (Rational.One, false);
        if (!Resolve(Pound(from, to), out var a) || !Resolve(Pound(to, from), out var b)) return false;
        known = true;
        if (a.Dimension != b.Dimension) return false;
        factor = a.Factor / b.Factor;
        return true;
    }

    /// <summary>True for pounds, of weight or money.</summary>
    public static bool IsPound(string unit) => unit.Trim(' ', '.', ',').ToLowerInvariant() is "pound" or "pounds";

    // A pound is what the other side is: a weight or money; alone it is neither.
    private static string Pound(string unit, string other) =>
        !IsPound(unit) || !Resolve(other, out var known) ? unit
        : known.Dimension switch { "mass" => "lb", "sterling" => "gbp", "money" or "euros" or "yen" => "gbp", _ => "lb" };

    /// <summary>True where both texts name the same unit, known or not: plural, case and spacing aside.</summary>
    public static bool Same(string a, string b) => TryConvert(a, b, out var f, out var known) ? f == Rational.One : !known
        && Plain(a) == Plain(b);

    private static string Plain(string unit)
    {
        var u = unit.ToLowerInvariant().Replace(" ", "", StringComparison.Ordinal).Trim('.', ',');
        return u.Length > 2 && u[^1] == 's' ? u[..^1] : u;
    }

    /// <summary>The unit that a currency sign stands for.</summary>
    public static string OfCurrency(string sign) =>
        sign switch { "€" => "euros", "£" => "gbp", "¥" => "yen", "₹" => "rupees", "₩" => "won", "₽" => "rubles", _ => "dollars" };

    /// <summary>True for dozens of anything.</summary>
    public static bool IsDozen(string? unit) => unit is not null && unit.TrimStart().StartsWith("dozen",
        StringComparison.OrdinalIgnoreCase);

    /// <summary>True for AM and PM.</summary>
    public static bool IsHalfOfDay(string? unit) => unit?.Trim().ToLowerInvariant() is "am" or "pm" or "a.m." or "p.m." or "a.m" or "p.m";

    /// <summary>True for radians by any of their names.</summary>
    public static bool IsRadian(string? unit) =>
        unit is not null && unit.Trim(' ', '.').ToLowerInvariant() is "rad" or "rads" or "radian" or "radians" or "радиан" or "радиана"
        or "弧度";

    /// <summary>
    /// A unit as powers of what it measures, in a fixed order, and its factor: m/s, kg*m/s^2, square feet, miles per hour.
    /// </summary>
    private static bool Resolve(string unit, out (string Dimension, Rational Factor) found)
    {
        found = ("", Rational.One);
        var u = unit.Trim(' ', '.', ',').Replace("k Omega", "kOmega", StringComparison.Ordinal);
        if (u.Length is 0 or > 60) return false;
        if (u.Length == 3 && u[1] == '.' && u[2] is 'm' or 'M') u = u.Remove(1, 1);
        if (Known(u, out found)) return true;
        foreach (var (word, sign) in
            (ReadOnlySpan<(string, string)>)[(" per ", "/"), ("square ", "^2 "), ("sq ", "^2 "), ("sq. ", "^2 "), ("cubic ", "^3 "),
            (" squared", "^2"), (" cubed", "^3"), ("·", "*"), ("⋅", "*"), ("\\cdot", "*"), ("\\times", "*"), ("{", ""), ("}", ""), ("(",
                ""), (")", "")])
            u = u.Replace(word, sign, StringComparison.OrdinalIgnoreCase);
        var powers = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var factor = Rational.One;
        var below = false;
        var pending = 0;
        foreach (var part in Parts(u))
        {
            if (part == "/") below = true;
            else if (part is "^2" or "^3") pending = part[1] - '0';
            else if (!Power(part, below, pending, powers, ref factor)) return false;
            else pending = 0;
        }

        var name = string.Join(" ", powers.Where(p => p.Value != 0).Select(p => p.Value == 1 ? p.Key : $"{p.Key}^{p.Value}"));
        found = (name, factor);
        return name.Length > 0;
    }

    private static bool Known(string unit, out (string Dimension, Rational Factor) found) =>
        Symbols.TryGetValue(unit, out found) || Table.TryGetValue(unit.ToLowerInvariant(), out found);

    private static IEnumerable<string> Parts(string unit)
    {
        foreach (var quotient in unit.Replace("/", " / ", StringComparison.Ordinal)
            .Split([' ', '*'], StringSplitOptions.RemoveEmptyEntries)) yield return quotient;
    }

    // s^2, m^{-1}, m2: one unit and its power.
    private static bool Power(string part, bool below, int pending, SortedDictionary<string, int> powers, ref Rational factor)
    {
        var power = pending == 0 ? 1 : pending;
        if (part.IndexOf('^', StringComparison.Ordinal) is > 0 and var cut)
        {
            if (!int.TryParse(part.AsSpan(cut + 1), System.Globalization.CultureInfo.InvariantCulture, out power)
                || power is 0 or > 3 or < -3) return false;
            part = part[..cut];
        }
        if (!Known(part, out var one)) return false;
        if (below) power = -power;
        for (var i = 0; i < Math.Abs(power); i++) factor = power > 0 ? factor * one.Factor : factor / one.Factor;
        foreach (var dimension in one.Dimension.Split(' '))
        {
            var (name, times) = dimension.IndexOf('^', StringComparison.Ordinal) is > 0 and var at
                ? (dimension[..at], int.Parse(dimension.AsSpan(at + 1), System.Globalization.CultureInfo.InvariantCulture))
                : (dimension, 1);
            powers[name] = powers.GetValueOrDefault(name) + (power * times);
        }
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
        Add("length^3", new Rational(1, 1000), "liter", "liters", "litre", "litres", "l");
        Add("length^3", new Rational(1, 1000000), "ml", "milliliter", "milliliters", "millilitre", "millilitres");
        Add("length^3", new Rational(473176473, 125000000000), "gallon", "gallons", "gal");
        Add("length^3", new Rational(473176473, 500000000000), "quart", "quarts", "qt");
        Add("length^3", new Rational(473176473, 1000000000000), "pint", "pints");
        Add("length^2", 10000, "hectare", "hectares");
        Add("length^2", new Rational(40468564224, 10000000), "acre", "acres");
        Add("length", new Rational(1, 1000000000), "nm", "nanometer", "nanometers");
        Add("length", new Rational(1, 1000000), "micrometer", "micrometers", "micron", "microns");
        Add("mass", new Rational(45359237, 100000000), "lb", "lbs");
        Add("mass", new Rational(28349523125, 1000000000000), "oz", "ounce", "ounces");
        Add("time", new Rational(1, 1000), "ms", "millisecond", "milliseconds");
        Add("length time^-1", new Rational(1609344, 3600000), "mph");
        Add("length time^-1", new Rational(1000, 3600), "kph", "kmh", "kmph");
        Add("length mass time^-2", 1, "newton", "newtons", "n");
        Add("length^2 mass time^-2", 1, "joule", "joules", "j");
        Add("length^2 mass time^-2", 1000, "kj", "kilojoule", "kilojoules");
        Add("length^2 mass time^-3", 1, "watt", "watts", "w");
        Add("length^2 mass time^-3", 1000, "kw", "kilowatt", "kilowatts");
        Add("length^-1 mass time^-2", 1, "pascal", "pascals", "pa");
        Add("length^-1 mass time^-2", 100_000, "bar", "bars");
        Add("length^-1 mass time^-2", 101_325, "atm", "atmosphere", "atmospheres");
        Add("length^-1 mass time^-2", 1000, "kpa");
        Add("length^2 mass time^-2", new Rational(4184, 1000), "cal", "calorie", "calories");
        Add("length^2 mass time^-2", 4184, "kcal", "kilocalorie", "kilocalories");
        Add("length^2 mass time^-2", 3_600_000, "kwh");
        Add("electronvolts", 1, "ev", "electronvolt", "electronvolts");
        Add("electronvolts", 1000, "kev");
        Add("am", 1, "am");
        Add("pm", 1, "pm");
        foreach (var (name, factor) in (ReadOnlySpan<(string, int)>)[("kb", 1000), ("mb", 1_000_000), ("gb", 1_000_000_000)]) Add("data",
            factor, name);
        Add("data", 1, "byte", "bytes");
        Add("time^-1", 1, "hz", "hertz");
        Add("time^-1", 1000, "khz");
        Add("time^-1", 1000000, "mhz");
        Add("current", 1, "ampere", "amperes", "amp", "amps", "a");
        Add("voltage", 1, "volt", "volts", "v");
        Add("voltage", 1000, "kv", "kilovolt", "kilovolts");
        Add("current", new Rational(1, 1000), "ma", "milliampere", "milliamperes", "milliamps");
        Add("resistance", 1, "ohm", "ohms", "omega");
        Add("resistance", 1000, "kohm", "kilohm", "kilohms", "komega");
        Add("capacitance", 1, "farad", "farads");
        Add("inductance", 1, "henry", "henries");
        Add("flux", 1, "tesla", "teslas");
        Add("charge", 1, "coulomb", "coulombs");
        Add("amount", 1, "mol", "mole", "moles");
        Add("amount", new Rational(1, 1000), "mmol", "millimole", "millimoles");
        Add("kelvin", 1, "kelvin", "kelvins", "k");
        Add("celsius", 1, "celsius");
        Add("fahrenheit", 1, "fahrenheit");
        Add("radians", 1, "rad", "radian", "radians");
        Add("money", 1, "dollar", "dollars", "usd");
        Add("euros", 1, "euro", "euros", "eur");
        Add("sterling", 1, "gbp");
        Add("yen", 1, "yen");
        Add("rupees", 1, "rupee", "rupees");
        Add("won", 1, "won");
        Add("rubles", 1, "ruble", "rubles");
        Add("money", new Rational(1, 100), "cent", "cents");
        return t.ToFrozenDictionary();
    }

    private static FrozenDictionary<string, (string, Rational)> BuildSymbols()
    {
        var (pressure, power, energy) = ("length^-1 mass time^-2", "length^2 mass time^-3", "length^2 mass time^-2");
        return new Dictionary<string, (string, Rational)>
        {
            ["mPa"] = (pressure, new Rational(1, 1000)), ["MPa"] = (pressure, 1_000_000), ["GPa"] = (pressure, 1_000_000_000),
            ["mW"] = (power, new Rational(1, 1000)), ["MW"] = (power, 1_000_000), ["GW"] = (power, 1_000_000_000),
            ["mJ"] = (energy, new Rational(1, 1000)), ["MJ"] = (energy, 1_000_000), ["GJ"] = (energy, 1_000_000_000),
            ["mV"] = ("voltage", new Rational(1, 1000)), ["MV"] = ("voltage", 1_000_000),
            ["MeV"] = ("electronvolts", 1_000_000), ["GeV"] = ("electronvolts", 1_000_000_000),
            ["C"] = ("charge", 1), ["T"] = ("flux", 1), ["F"] = ("capacitance", 1), ["H"] = ("inductance", 1),
            ["M"] = ("amount length^-3", 1000), ["Mg"] = ("mass", 1000),
        }.ToFrozenDictionary();
    }
}
