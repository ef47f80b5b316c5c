using System.Globalization;
using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>Lists to put in order. No list is given in its order already, so copying the question never pays.</summary>
public sealed class Sorting : GeneratedTask
{
    /// <inheritdoc/>
    public override string Name => "sorting";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new ListReward();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
    [
        "three one-digit numbers",
        "five two-digit numbers",
        "eight numbers from -99 to 99",
        "six decimals of one to three places",
        "eight words of four letters that share their beginnings",
    ];

    private protected override Draft? Make(int level, CounterRandom random)
    {
        var count = level switch { 1 => 3, 2 => 5, 4 => 6, _ => 8 };
        var items = new List<(decimal Number, string Text)>();
        for (var i = 0; i < count; i++) items.Add(Item(level, random));
        if (items.Select(i => i.Text).Distinct().Count() < count || (level < 5 && items.Select(i => i.Number).Distinct().Count() < count))
            return null;

        var sorted = level == 5 ? items.OrderBy(i => i.Text, StringComparer.Ordinal).ToList() : [.. items.OrderBy(i => i.Number)];
        var down = random.Coin();
        if (down) sorted.Reverse();
        if (sorted.SequenceEqual(items)) return null;
        var order =
            (level, down) switch
            {
                (5, false) => "alphabetical",
                (5, true) => "reverse alphabetical",
                (_, false) => "ascending",
                _ =>
            "descending"
            };
        var answer = string.Join(", ", sorted.Select(i => i.Text));
        var text =
            $"Sort in {order} order: {string.Join(", ", items.Select(i => i.Text))}. Answer with the whole list, separated by commas.";
        return new($"{down}:{answer}", text, answer, $"\\boxed{{{answer}}}");
    }

    private static (decimal Number, string Text) Item(int level, CounterRandom random)
    {
        if (level == 5) return (0, $"{random.Pick("sta", "str", "sto", "sti")}{(char)('a' + random.Below(26))}");
        var places = random.Between(1, 3);
        var number = level switch
        {
            1 => random.Below(10),
            2 => random.Between(10, 99),
            3 => random.Between(-99, 99),
            // The last place is not 0: 0.40 and 0.4 would be one number with two texts.
            _ => new decimal(
                random.Below(places switch { 1 => 1, 2 => 10, _ => 100 }) * 10 + random.Between(1, 9), 0, 0, false, (byte)places),
        };
        return (number, number.ToString(CultureInfo.InvariantCulture));
    }
}
