using System.Globalization;
using Tenon.MathAnswers.Numbers;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// Reads and evaluates an expression of whole numbers, <c>+ - * /</c> (also × ÷ and \times \div \cdot) and round brackets, exactly. Answers
/// are
/// at most 1,000 characters and brackets nest at most 50 deep, so neither the stack nor the numbers can grow.
/// </summary>
internal ref struct FourOperations
{
    private const int DeepestBrackets = 50;
    private const int LongestNumber = 12;

    private readonly ReadOnlySpan<char> _text;
    private readonly List<long> _numbers;
    private int _at;
    private int _depth;
    private bool _failed;

    private FourOperations(ReadOnlySpan<char> text, List<long> numbers)
    {
        _text = text;
        _numbers = numbers;
    }

    /// <summary>The exact value and the numbers used, in order; false where the text is anything else or divides by zero.</summary>
    public static bool TryEvaluate(string text, out Rational value, out List<long> numbers)
    {
        var plain = text.Replace(@"\times", "*").Replace(@"\cdot", "*").Replace(@"\div", "/").Replace('×', '*').Replace('÷', '/')
            .Replace(@"\left(", "(").Replace(@"\right)", ")");
        numbers = [];
        var reader = new FourOperations(plain, numbers);
        value = reader.Sum();
        reader.SkipSpaces();
        return !reader._failed && reader._at == reader._text.Length;
    }

    private Rational Sum()
    {
        var value = Product();
        while (!_failed)
        {
            if (Take('+')) value += Product();
            else if (Take('-')) value -= Product();
            else break;
        }

        return value;
    }

    private Rational Product()
    {
        var value = Atom();
        while (!_failed)
        {
            if (Take('*'))
            {
                value *= Atom();
            }
            else if (Take('/'))
            {
                var divisor = Atom();
                _failed |= divisor == 0;
                if (!_failed) value /= divisor;
            }
            else
            {
                break;
            }
        }

        return value;
    }

    private Rational Atom()
    {
        if (Take('('))
        {
            _failed |= ++_depth > DeepestBrackets;
            var inner = _failed ? Rational.Zero : Sum();
            _failed |= !Take(')');
            _depth--;
            return inner;
        }

        SkipSpaces();
        var start = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at])) _at++;
        _failed |= _at == start || _at - start > LongestNumber;
        if (_failed) return Rational.Zero;
        var number = long.Parse(_text[start.._at], CultureInfo.InvariantCulture);
        _numbers.Add(number);
        return new Rational(number);
    }

    private bool Take(char symbol)
    {
        SkipSpaces();
        if (_failed || _at >= _text.Length || _text[_at] != symbol) return false;
        _at++;
        return true;
    }

    private void SkipSpaces()
    {
        while (_at < _text.Length && _text[_at] == ' ') _at++;
    }
}
