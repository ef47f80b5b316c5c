using System.Globalization;
using System.Text;
using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// Sums, products and whole expressions, from <c>7+6=?</c> to brackets. Sums are worked column by column from the right, each column as
/// "digit + digit + carry = sum" (<c>347+86=?</c>: <c>7+6+0=13;4+8+1=13;3+0+1=4;\boxed{433}</c>), the form that a small byte-level model
/// learns
/// soonest: one table of three digits, carries in plain sight, no digit before those that it depends on. Expressions are worked one
/// operation a step.
/// A worked sum of level 2 has at most 39 ASCII bytes.
/// </summary>
public sealed class Arithmetic : GeneratedTask
{
    /// <inheritdoc/>
    public override string Name => "arithmetic";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new NumberReward();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
    [
        "sums of two one-digit numbers",
        "sums of two numbers of two and three digits",
        "sums and differences of numbers of three and four digits",
        "products of a two-digit and a one-digit number, and exact quotients",
        "two operations, no brackets",
        "three or four operations with brackets",
    ];

    private protected override Draft? Make(int level, CounterRandom random) => level switch
    {
        1 => Sum(random.Below(10), random.Below(10)),
        2 => Sum(random.WithDigits(random.Between(2, 3)), random.WithDigits(random.Between(2, 3))),
        3 => SumOrDifference(random.WithDigits(random.Between(3, 4)), random.WithDigits(random.Between(3, 4)), random.Coin()),
        4 => ProductOrQuotient(random.Between(10, 99), random.Between(2, 9), random.Coin(), random.Coin()),
        5 => FromExpression(Expression.Random(random, 2, brackets: false)),
        _ => FromExpression(Expression.Random(random, random.Between(3, 4), brackets: true)),
    };

    private static Draft Sum(int a, int b) =>
        // Whichever term comes first: it is one sum.
        new(Math.Min(a, b) + "+" + Math.Max(a, b), $"{a}+{b}=?", Plain(a + b), $"{Columns(a, b)}\\boxed{{{a + b}}}");

    private static Draft SumOrDifference(int a, int b, bool sum)
    {
        if (sum) return Sum(a, b);
        if (a < b) (a, b) = (b, a);
        return OneStep($"{a}-{b}", $"{a}-{b}", a - b);
    }

    private static Draft ProductOrQuotient(int a, int b, bool product, bool swap)
    {
        if (!product) return OneStep($"{a * b}/{b}", $"{a * b}/{b}", a);
        var text = swap ? $"{b}*{a}" : $"{a}*{b}";
        int tens = a / 10 * 10, ones = a % 10;
        var worked = $"{tens}*{b}={tens * b};{ones}*{b}={ones * b};{tens * b}+{ones * b}={a * b};\\boxed{{{a * b}}}";
        return new($"{a}*{b}", text + "=?", Plain(a * b), worked);
    }

    private static Draft OneStep(string key, string text, int value) =>
        new(key, text + "=?", Plain(value), $"{text}={value};\\boxed{{{value}}}");

    private static Draft? FromExpression(Expression? expression)
    {
        if (expression is null) return null;
        var value = expression.Value;
        return new(expression.Key, expression + "=?", Plain(value), $"{expression.Steps()}\\boxed{{{value}}}");
    }

    private static string Columns(int a, int b)
    {
        var text = new StringBuilder();
        for (var carry = 0; ; carry = (a % 10 + b % 10 + carry) / 10, a /= 10, b /= 10)
        {
            text.Append(CultureInfo.InvariantCulture, $"{a % 10}+{b % 10}+{carry}={a % 10 + b % 10 + carry};");
            if (a < 10 && b < 10) return text.ToString();
        }
    }

    private static string Plain(long value) => value.ToString(CultureInfo.InvariantCulture);
}
