using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>Finite sets of integers in words: "the even numbers from 2 to 8", "primes less than 10".</summary>
internal static class FiniteSets
{
    private const int MostElements = 200;
    private const int Largest = 1_000_000;

    private static readonly string[] Openers = ["the set of ", "set of ", "all of the ", "all the ", "all ", "the "];
    private static readonly string[] Nouns = ["integers ", "numbers ", "whole numbers ", "natural numbers "];

    /// <summary>The set; null for all other texts. <paramref name="s"/> is in lower case and ends in a space.</summary>
    public static Expr? Find(string s)
    {
        while (Take(ref s, Openers)) { }
        var positive = Take(ref s, ["positive "]);
        Func<int, bool> kind;
        if (Take(ref s, ["even "])) kind = n => n % 2 == 0;
        else if (Take(ref s, ["odd "])) kind = n => n % 2 != 0;
        else if (Take(ref s, ["primes ", "prime "])) (kind, positive) = (IsPrime, true);
        else if (Take(ref s, ["multiples of "]) && Number(ref s) is > 0 and var step) kind = n => n % step == 0;
        else if (s.Contains("integer", StringComparison.Ordinal) || s.Contains("natural", StringComparison.Ordinal)
            || s.Contains("whole", StringComparison.Ordinal)) return Integers(s, positive);
        else return null;
        Take(ref s, Nouns);
        var from = positive ? 1 : int.MinValue;
        if (Take(ref s, ["from ", "between "]) is var both && both)
        {
            if (Number(ref s) is not { } first || !Take(ref s, ["to ", "and ", "through "])) return null;
            from = first;
        }
        else if (!Take(ref s, ["up to ", "at most "]))
        {
            return Take(ref s, ["less than ", "below ", "smaller than "]) && Number(ref s) is { } above && s.Length == 0 && from > 0
                ? Elements(from, above - 1, kind) : null;
        }

        if (Number(ref s) is not { } last) return null;
        Take(ref s, ["inclusive ", "(inclusive) ", ", inclusive "]);
        return s.Length == 0 && from != int.MinValue ? Elements(from, last, kind) : null;
    }

    // "positive integers less than 5", "integers from -1 to 1 inclusive", "integers strictly between 0 and 4"
    private static Expr? Integers(string s, bool positive)
    {
        var natural = s.StartsWith("natural ", StringComparison.Ordinal);
        var zero = Take(ref s, ["non-negative ", "nonnegative "]) || s.StartsWith("whole ", StringComparison.Ordinal);
        if (!Take(ref s, ["integers ", "natural numbers ", "whole numbers "])) return null;
        var lowest = positive || natural ? 1 : zero ? 0 : int.MinValue;
        var strict = Take(ref s, ["strictly between "]);
        if (strict || Take(ref s, ["from "]) || s.Contains("inclusive", StringComparison.Ordinal) && Take(ref s, ["between "]))
        {
            if (Number(ref s) is not { } first || !Take(ref s, ["to ", "and ", "through "]) || Number(ref s) is not { } last) return null;
            Take(ref s, ["inclusive ", "(inclusive) ", ", inclusive "]);
            return s.Length == 0 ? strict ? Elements(first + 1, last - 1, _ => true) : Elements(first, last, _ => true) : null;
        }

        if (lowest == int.MinValue) return null;
        var below = Take(ref s, ["less than or equal to ", "not greater than ", "up to ", "at most "]) ? 0
            : Take(ref s, ["less than ", "below ", "smaller than "]) ? 1 : -1;
        return below >= 0 && Number(ref s) is { } bound && s.Length == 0 ? Elements(lowest, bound - below, _ => true) : null;
    }

    private static Expr? Elements(int from, int to, Func<int, bool> kind)
    {
        if (to < from || to - from > 10 * MostElements) return null;
        var all = Enumerable.Range(from, to - from + 1).Where(kind).ToList();
        return all.Count is 0 or > MostElements ? null : new Expr(ExprKind.Set, "", [.. all.Select(n => Expr.Num(new Rational(n)))]);
    }

    private static bool IsPrime(int n)
    {
        for (var d = 2; d * d <= n; d++)
            if (n % d == 0) return false;
        return n > 1;
    }

    private static int? Number(ref string s)
    {
        var end = s.IndexOf(' ');
        if (end < 0 || !int.TryParse(s.AsSpan(0, end).TrimEnd(','), System.Globalization.NumberStyles.AllowLeadingSign,
            System.Globalization.CultureInfo.InvariantCulture, out var value) || Math.Abs(value) > Largest) return null;
        s = s[(end + 1)..];
        return value;
    }

    private static bool Take(ref string s, string[] words)
    {
        foreach (var word in words)
            if (s.StartsWith(word, StringComparison.Ordinal))
            {
                s = s[word.Length..];
                return true;
            }

        return false;
    }
}
