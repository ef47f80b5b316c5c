using System.Globalization;
using System.Text;

namespace Tenon.Rewards.Tasks;

/// <summary>A random arithmetic expression over small whole numbers in which every step is a whole number from 0 to 9999.</summary>
internal sealed record Expression(char Operator, long Value, Expression? Left = null, Expression? Right = null)
{
    private const char Number = '#';
    private const long Largest = 9999;

    /// <summary>An expression of so many operations, or null where the numbers drawn give a negative, broken or huge step.</summary>
    public static Expression? Random(CounterRandom random, int operations, bool brackets)
    {
        if (operations == 0) return Of(random.Between(1, 20));
        var onTheLeft = random.Below(operations);
        var left = Random(random, onTheLeft, brackets);
        var right = Random(random, operations - 1 - onTheLeft, brackets);
        var symbol = brackets ? random.Pick('+', '-', '*', '/') : random.Pick('+', '-', '*');
        // Trees lean to the left, so that the text has one reading and the steps follow it.
        if (left is null || right is null || (symbol is '+' or '*' && Level(right) == Level(symbol))) return null;
        var made = Join(symbol, left, right);
        return made is not null && !brackets && made.ToString().Contains('(') ? null : made;
    }

    /// <summary>A single number.</summary>
    public static Expression Of(long value) => new(Number, value);

    /// <summary>Two expressions joined by an operation, or null where the value is negative, broken or huge.</summary>
    public static Expression? Join(char symbol, Expression left, Expression right) =>
        Apply(symbol, left.Value, right.Value) is { } value ? new Expression(symbol, value, left, right) : null;

    /// <summary>The same text for expressions that differ only in the order of a sum's terms or a product's factors.</summary>
    public string Key
    {
        get
        {
            if (Left is null || Right is null) return ToString();
            var parts = new List<string>();
            Collect(Level(this), Level(this) == 1 ? "+-" : "*/", inverted: false, parts);
            parts.Sort(string.CompareOrdinal);
            return $"({string.Concat(parts)})";
        }
    }

    /// <summary>The text with no more brackets than precedence asks for.</summary>
    public override string ToString()
    {
        if (Left is null || Right is null) return Value.ToString(CultureInfo.InvariantCulture);
        var left = Level(Left) < Level(this) ? $"({Left})" : $"{Left}";
        var right = Level(Right) < Level(this) || (Level(Right) == Level(this) && Operator is '-' or '/')
            || (Operator == '*' && Right.Operator == '/')
            ? $"({Right})" : $"{Right}";
        return left + Operator + right;
    }

    /// <summary>The evaluation, one operation a step (<c>7+8=15;12*15=180;</c>).</summary>
    public string Steps()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    private void Append(StringBuilder text)
    {
        if (Left is null || Right is null) return;
        Left.Append(text);
        Right.Append(text);
        text.Append(CultureInfo.InvariantCulture, $"{Left.Value}{Operator}{Right.Value}={Value};");
    }

    private static long? Apply(char symbol, long a, long b)
    {
        if (symbol == '/') return b > 1 && a % b == 0 && a > b ? a / b : null;
        var value = symbol switch { '+' => a + b, '-' => a - b, _ => a * b };
        return value is >= 0 and <= Largest ? value : null;
    }

    private static int Level(Expression e) => Level(e.Operator);

    private static int Level(char symbol) => symbol switch { Number => 3, '*' or '/' => 2, _ => 1 };

    private void Collect(int level, string signs, bool inverted, List<string> parts)
    {
        if (Left is null || Right is null || Level(this) != level)
        {
            parts.Add(signs[inverted ? 1 : 0] + Key);
            return;
        }

        Left.Collect(level, signs, inverted, parts);
        Right.Collect(level, signs, inverted ^ (Operator is '-' or '/'), parts);
    }
}
