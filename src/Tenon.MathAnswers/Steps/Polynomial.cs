using System.Text;
using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Steps;

/// <summary>A polynomial in a few unknowns with exact coefficients, multiplied out; small ones only.</summary>
internal sealed class Polynomial
{
    private const int MaxTerms = 60;
    private const int MaxPower = 12;

    private readonly SortedDictionary<string, Rational> _terms = new(StringComparer.Ordinal);

    /// <summary>Number of terms that are not zero.</summary>
    public int Terms => _terms.Count;

    /// <summary>The expression multiplied out; null where it is no polynomial or a large one.</summary>
    public static Polynomial? Of(Expr e, WorkBudget budget)
    {
        budget.Spend(4);
        switch (e.Kind)
        {
            case ExprKind.Number: return Constant(e.Value);
            case ExprKind.Symbol:
                var x = new Polynomial();
                x._terms[Key(new SortedDictionary<string, int>(StringComparer.Ordinal) { [e.Name] = 1 })] = Rational.One;
                return x;
            case ExprKind.Add:
                var sum = new Polynomial();
                foreach (var a in e.Args)
                {
                    if (Of(a, budget) is not { } part) return null;
                    foreach (var (k, v) in part._terms) sum.Add(k, v);
                }
                return sum.Terms <= MaxTerms ? sum : null;
            case ExprKind.Mul:
                var product = Constant(Rational.One);
                foreach (var a in e.Args)
                {
                    if (Of(a, budget) is not { } part || product.Times(part, budget) is not { } next) return null;
                    product = next;
                }
                return product;
            case ExprKind.Power when e.Args[1] is { IsNumber: true } p && p.Value.IsInteger:
                if (e.Args[0].IsNumber) return e.Args[0].Value.TryPow(p.Value.Num) is { } number ? Constant(number) : null;
                if (p.Value.Sign < 0 || p.Value.Num > MaxPower || Of(e.Args[0], budget) is not { } b) return null;
                var power = Constant(Rational.One);
                for (var i = 0; i < (int)p.Value.Num; i++)
                {
                    if (power.Times(b, budget) is not { } next) return null;
                    power = next;
                }
                return power;
            default: return null;
        }
    }

    /// <summary>The difference.</summary>
    public Polynomial Minus(Polynomial other)
    {
        var result = new Polynomial();
        foreach (var (k, v) in _terms) result.Add(k, v);
        foreach (var (k, v) in other._terms) result.Add(k, -v);
        return result;
    }

    /// <summary>The coefficients of powers 0, 1, 2 ... of the one unknown; null where there are more unknowns.</summary>
    public Rational[]? Coefficients(string name)
    {
        var found = new List<Rational>();
        foreach (var (key, value) in _terms)
        {
            var power = 0;
            if (key.Length > 0)
            {
                var cut = key.LastIndexOf('^');
                if (key.IndexOf('·', StringComparison.Ordinal) >= 0 || key[..cut] != name) return null;
                power = int.Parse(key.AsSpan(cut + 1), System.Globalization.CultureInfo.InvariantCulture);
            }
            while (found.Count <= power) found.Add(Rational.Zero);
            found[power] = value;
        }
        return [.. found];
    }

    /// <summary>The common ratio of two polynomials with the same terms; null where there is none.</summary>
    public Rational? Ratio(Polynomial other)
    {
        if (Terms != other.Terms || Terms == 0) return null;
        Rational? ratio = null;
        foreach (var (k, v) in _terms)
        {
            if (!other._terms.TryGetValue(k, out var w)) return null;
            var q = v / w;
            if (ratio is { } before && before != q) return null;
            ratio = q;
        }
        return ratio;
    }

    private static Polynomial Constant(Rational value)
    {
        var p = new Polynomial();
        p.Add("", value);
        return p;
    }

    private void Add(string key, Rational value)
    {
        var total = _terms.TryGetValue(key, out var old) ? old + value : value;
        if (total.IsZero) _terms.Remove(key);
        else _terms[key] = total;
    }

    private Polynomial? Times(Polynomial other, WorkBudget budget)
    {
        var result = new Polynomial();
        foreach (var (k, v) in _terms)
            foreach (var (j, w) in other._terms)
            {
                budget.Spend(4);
                var value = v * w;
                if (value.Bits > 2000) return null;
                result.Add(Join(k, j), value);
                if (result.Terms > MaxTerms) return null;
            }
        return result;
    }

    private static string Join(string a, string b)
    {
        if (a.Length == 0) return b;
        if (b.Length == 0) return a;
        var powers = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var key in (ReadOnlySpan<string>)[a, b])
            foreach (var factor in key.Split('·'))
            {
                var cut = factor.LastIndexOf('^');
                var name = factor[..cut];
                powers[name] = powers.GetValueOrDefault(name)
                    + int.Parse(factor.AsSpan(cut + 1), System.Globalization.CultureInfo.InvariantCulture);
            }
        return Key(powers);
    }

    private static string Key(SortedDictionary<string, int> powers)
    {
        var b = new StringBuilder();
        foreach (var (name, power) in powers)
        {
            if (b.Length > 0) b.Append('·');
            b.Append(name.Replace('·', '.')).Append('^').Append(power);
        }
        return b.ToString();
    }
}
