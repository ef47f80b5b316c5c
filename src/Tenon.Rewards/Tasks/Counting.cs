using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>Things to count: letters in a word, numbers in a list, numbers in a range.</summary>
public sealed class Counting : GeneratedTask
{
    /// <inheritdoc/>
    public override string Name => "counting";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new NumberReward();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
    [
        "a letter in a word of 5 to 8 letters",
        "a letter in a word of 15 to 24 letters",
        "the even numbers, or those above a bound, in a list of 10",
        "the numbers up to n that one number divides",
        "the numbers up to n that one number divides and another does not",
    ];

    private protected override Draft? Make(int level, CounterRandom random) => level switch
    {
        1 => Letters(random, random.Between(5, 8), 4),
        2 => Letters(random, random.Between(15, 24), 6),
        3 => InList(random),
        4 => Multiples(random.Between(20, 200), random.Between(2, 12), null),
        _ => Multiples(random.Between(50, 500), random.Between(2, 9), random.Between(2, 9)),
    };

    private static Draft Letters(CounterRandom random, int length, int alphabet)
    {
        var first = random.Below(26 - alphabet);
        var word = string.Create(length, (random, first, alphabet), static (span, s) =>
        {
            foreach (ref var c in span) c = (char)('a' + s.first + s.random.Below(s.alphabet));
        });
        var letter = (char)('a' + first + random.Below(alphabet));
        return Ask($"How many times does the letter {letter} occur in {word}?", word.Count(c => c == letter));
    }

    private static Draft InList(CounterRandom random)
    {
        var numbers = new int[10];
        foreach (ref var n in numbers.AsSpan()) n = random.Between(1, 99);
        var list = string.Join(", ", numbers);
        var bound = random.Between(20, 80);
        return random.Coin()
            ? Ask($"How many of these numbers are even: {list}?", numbers.Count(n => n % 2 == 0))
            : Ask($"How many of these numbers are greater than {bound}: {list}?", numbers.Count(n => n > bound));
    }

    private static Draft? Multiples(int last, int divisor, int? not)
    {
        if (not is null) return Ask($"How many whole numbers from 1 to {last} are divisible by {divisor}?", last / divisor);
        if (divisor % not == 0) return null;
        var count = Enumerable.Range(1, last).Count(n => n % divisor == 0 && n % not != 0);
        return Ask($"How many whole numbers from 1 to {last} are divisible by {divisor} but not by {not}?", count);
    }

    private static Draft Ask(string text, int count) => new(text, text, $"{count}", $"\\boxed{{{count}}}");
}
