using System.Globalization;
using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>Weekdays and dates of the Gregorian calendar, leap years among them. Dates are written year-month-day (2024-02-29).</summary>
public sealed class Dates : GeneratedTask
{
    /// <inheritdoc/>
    public override string Name => "dates";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new ExactReward(new ExactSettings { IgnoreCase = true });

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
    [
        "the weekday some days after a weekday",
        "the date 1 to 45 days after a date",
        "the days between two dates of two years",
        "the weekday of a date, from another date's weekday",
        "the date of the first to fourth Monday (Tuesday ...) of a month, from another date's weekday",
    ];

    private protected override Draft? Make(int level, CounterRandom random)
    {
        var date = new DateOnly(random.Between(1990, 2040), random.Between(1, 12), 1).AddDays(random.Below(31));
        return level switch
        {
            1 => Weekday(date.DayOfWeek, random.Between(1, 60)),
            2 => After(date, random.Between(1, 45)),
            3 => Between(date, random.Between(20, 700)),
            4 => WeekdayOf(date, random.Between(400, 1500)),
            _ => NthWeekday(date, random.Between(1, 4), (DayOfWeek)random.Below(7), random.Between(800, 2200)),
        };
    }

    private static Draft? Weekday(DayOfWeek today, int days) => days % 7 == 0
        ? null // The answer would stand in the question.
        : Ask($"Today is {today}. Which day of the week is it in {days} days?", $"{(DayOfWeek)(((int)today + days) % 7)}");

    private static Draft After(DateOnly date, int days) =>
        Ask($"Which date is {days} days after {Iso(date)}? Answer as year-month-day.", Iso(date.AddDays(days)));

    private static Draft Between(DateOnly date, int days) =>
        Ask($"How many days are there from {Iso(date)} to {Iso(date.AddDays(days))}?", $"{days}");

    private static Draft? WeekdayOf(DateOnly date, int days) => days % 7 == 0
        ? null
        : Ask($"{Iso(date)} is a {date.DayOfWeek}. Which day of the week is {Iso(date.AddDays(days))}?", $"{date.AddDays(days).DayOfWeek}");

    private static Draft NthWeekday(DateOnly known, int nth, DayOfWeek weekday, int later)
    {
        var first = known.AddDays(later);
        first = first.AddDays(1 - first.Day);
        var found = first.AddDays(((int)weekday - (int)first.DayOfWeek + 7) % 7 + 7 * (nth - 1));
        var ordinal = nth switch { 1 => "first", 2 => "second", 3 => "third", _ => "fourth" };
        var month = first.ToString("MMMM yyyy", CultureInfo.InvariantCulture);
        return Ask($"{Iso(known)} is a {known.DayOfWeek}. Which date is the {ordinal} {weekday} of {month}? Answer as year-month-day.",
            Iso(found));
    }

    private static string Iso(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static Draft Ask(string text, string answer) => new(text, text, answer, $"\\boxed{{{answer}}}");
}
