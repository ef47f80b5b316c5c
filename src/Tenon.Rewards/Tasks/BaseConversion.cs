namespace Tenon.Rewards.Tasks;

/// <summary>Numbers written in another base. The answer's digits always differ from those in the question.</summary>
public sealed class BaseConversion : GeneratedTask
{
    private const string Digits = "0123456789ABCDEF";

    /// <inheritdoc/>
    public override string Name => "base-conversion";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new BaseDigitsChecker();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
    [
        "binary of up to 6 bits to decimal",
        "decimal up to 255 to binary",
        "decimal to hexadecimal and back, up to 4095",
        "any base from 2 to 16 to any other",
        "the sum of two numbers of one base, written in that base",
    ];

    private protected override Draft? Make(int level, CounterRandom random) => level switch
    {
        1 => Convert(random.Between(4, 63), 2, 10),
        2 => Convert(random.Between(4, 255), 10, 2),
        3 => random.Coin() ? Convert(random.Between(16, 4095), 10, 16) : Convert(random.Between(16, 4095), 16, 10),
        4 => Convert(random.Between(20, 2000), random.Between(2, 16), random.Between(2, 16)),
        _ => Sum(random.Between(10, 900), random.Between(10, 900), random.Pick(2, 3, 4, 5, 6, 7, 8, 9, 12, 16)),
    };

    internal static string Write(int number, int radix)
    {
        var text = number == 0 ? "0" : "";
        for (; number > 0; number /= radix) text = Digits[number % radix] + text;
        return text;
    }

    private static Draft? Convert(int number, int from, int to)
    {
        string question = Write(number, from), answer = Write(number, to);
        return question == answer ? null : Ask($"Write the base-{from} number {question} in base {to}.", answer, to);
    }

    private static Draft? Sum(int a, int b, int radix)
    {
        if (a > b) (a, b) = (b, a);
        return Ask($"Add the base-{radix} numbers {Write(a, radix)} and {Write(b, radix)}. Answer in base {radix}.", Write(a + b, radix),
            radix);
    }

    private static Draft Ask(string text, string answer, int radix) =>
        new(text, text, answer, $"\\boxed{{{answer}}}", Fields(("base", radix)));
}
