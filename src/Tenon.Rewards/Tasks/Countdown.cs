namespace Tenon.Rewards.Tasks;

/// <summary>
/// The numbers game: make the target from the given numbers, each exactly once (level 5: at most once). Every problem has a solution in
/// which all
/// steps are whole and positive; any other that makes the target counts as well.
/// </summary>
public sealed class Countdown : GeneratedTask
{
    /// <inheritdoc/>
    public override string Name => "countdown";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new CountdownChecker();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
    [
        "three numbers from 1 to 9, with + and -",
        "three numbers from 1 to 20, with + - *",
        "four numbers from 1 to 25, with + - * /",
        "five numbers from 1 to 50, with + - * /",
        "six numbers, two of them from 25 50 75 100; not all need be used",
    ];

    private protected override Draft? Make(int level, CounterRandom random)
    {
        var numbers = Numbers(level, random);
        var allOfThem = level < 5;
        var used = allOfThem ? numbers.Length : random.Between(4, 6);
        var parts = numbers[..used].Select(n => Expression.Of(n)).ToList();
        while (parts.Count > 1)
        {
            var left = Take(parts, random);
            var right = Take(parts, random);
            var symbol = level switch { 1 => random.Pick('+', '-'), 2 => random.Pick('+', '-', '*'), _ => random.Pick('+', '-', '*', '/') };
            if (Expression.Join(symbol, left, right) is not { Value: > 0 } joined) return null;
            parts.Add(joined);
        }

        var made = parts[0];
        if (made.Value > 999 || numbers.Contains((int)made.Value)) return null;
        random.Shuffle<int>(numbers);
        var list = string.Join(", ", numbers);
        var text =
            $"Use the numbers {list}, each {(allOfThem ? "exactly" : "at most")} once, with +, -, *, / and brackets to make "
            + $"{made.Value}. Answer with the expression.";
        return new($"{string.Join(',', numbers.Order())}={made.Value}", text, made.ToString(), $"{made.Steps()}\\boxed{{{made}}}",
            Fields(("numbers", numbers), ("target", made.Value), ("all", allOfThem)));
    }

    private static int[] Numbers(int level, CounterRandom random)
    {
        var (count, largest) = level switch { 1 => (3, 9), 2 => (3, 20), 3 => (4, 25), 4 => (5, 50), _ => (6, 10) };
        var numbers = new int[count];
        for (var i = 0; i < count; i++) numbers[i] = random.Between(1, largest);
        if (level != 5) return numbers;
        (numbers[0], numbers[1]) = (random.Pick(25, 50), random.Pick(75, 100));
        random.Shuffle<int>(numbers);
        return numbers;
    }

    private static Expression Take(List<Expression> parts, CounterRandom random)
    {
        var at = random.Below(parts.Count);
        var part = parts[at];
        parts.RemoveAt(at);
        return part;
    }
}
