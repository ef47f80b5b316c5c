using System.Globalization;
using System.Text.RegularExpressions;
using Tenon.Rewards;

namespace Tenon.Tests.Rewards.Tasks;

/// <summary>How much work a generated problem is, read off the problem itself: one measure for each family.</summary>
internal static partial class TaskLoad
{
    public static double Of(string family, Problem problem) => family switch
    {
        "arithmetic" => Operations(problem.Text),
        "base-conversion" => Conversions(problem.Text),
        // How many numbers there are, and how large.
        "countdown" => Numbers(problem).Count * Numbers(problem).Max(),
        "counting" => Looks(problem.Text),
        "dates" => Months(problem),
        "graph-paths" => problem.Text.IndexOf(". Find", StringComparison.Ordinal),
        "linear-equations" => Digits().Count(problem.Text) + (problem.Answer.Contains('/') ? 1 : 0),
        // Things to place.
        "logic-grids" => problem.Answer.Split(", ").Length,
        "sorting" => problem.Answer.Length - (2 * problem.Answer.Count(c => c == ',')),
        "sudoku4x4" => problem.Text.Count(c => c == '_'),
        _ => throw new InvalidOperationException($"no measure for {family}: a new family says here what makes it hard"),
    };

    // Digits that a sum passes over; a product meets each pair of digits, and costs three times a sum's; so does finding the place of a
    // further operation.
    private static double Operations(string text)
    {
        var work = -3.0;
        for (var i = 1; i < text.Length; i++)
        {
            if (!"+-*/".Contains(text[i], StringComparison.Ordinal)) continue;
            var left = text[..i].Reverse().SkipWhile(c => c == ')').TakeWhile(char.IsAsciiDigit).Count();
            var right = text[(i + 1)..].SkipWhile(c => c == '(').TakeWhile(char.IsAsciiDigit).Count();
            work += 3;
            work += text[i] is '+' or '-' ? Math.Max(left, right) : 3.0 * left * right;
        }
        return work;
    }

    // Bits that pass through a base other than ten.
    private static double Conversions(string text)
    {
        var bases = Bases().Matches(text).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).ToList();
        var numbers = UpperDigits().Matches(text).Select(m => m.Value).ToList();
        var from = bases[0];
        var to = bases[^1];
        var bits =
            numbers.Sum(n =>
            Math.Log2(Math.Max(2, n.Aggregate(0.0, (v, c) => (v * from) + "0123456789ABCDEF".IndexOf(c, StringComparison.Ordinal)))));
        return bits * ((from == 10 ? 0 : 1) + (to == 10 ? 0 : 1));
    }

    private static List<int> Numbers(Problem problem) => [.. problem.Fields!["numbers"].EnumerateArray().Select(n => n.GetInt32())];

    // Letters or list entries to look at, or whole numbers times conditions.
    private static double Looks(string text)
    {
        if (Word().Match(text) is { Success: true } word) return word.Groups[1].Length;
        if (text.Contains(": ", StringComparison.Ordinal)) return text.Length - text.IndexOf(": ", StringComparison.Ordinal) - 3;
        var last = int.Parse(UpTo().Match(text).Groups[1].Value, CultureInfo.InvariantCulture);
        return last * (text.Contains("but not", StringComparison.Ordinal) ? 2 : 1);
    }

    // Month lengths that have to be known.
    private static double Months(Problem problem)
    {
        var dates = Iso().Matches(problem.Text + " " + problem.Answer)
            .Select(m => DateOnly.ParseExact(m.Value, "yyyy-MM-dd", CultureInfo.InvariantCulture)).ToList();
        return dates.Count < 2 ? 0 : Math.Abs((12 * (dates[1].Year - dates[0].Year)) + dates[1].Month - dates[0].Month);
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();

    [GeneratedRegex(@"base[- ](\d+)")]
    private static partial Regex Bases();

    [GeneratedRegex(@"(?<=(number|numbers|and) )[0-9A-F]+")]
    private static partial Regex UpperDigits();

    [GeneratedRegex(@"occur in (\w+)")]
    private static partial Regex Word();

    [GeneratedRegex(@"from 1 to (\d+)")]
    private static partial Regex UpTo();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d")]
    private static partial Regex Iso();
}
