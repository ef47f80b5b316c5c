using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>
/// Limits and derivatives by extrapolation to a step of zero (Neville), integrals by the double exponential rule (Takahasi and Mori). Each
/// is done
/// twice, the second time finer; where the two disagree there is no value.
/// </summary>
internal sealed partial class Evaluator
{
    private const double Agreement = 1e-9;
    private const double RuleStep = 1.0 / 8;
    private const double RuleEnd = 4;

    /// <summary>Where f(h) tends for h to 0, from its values at h = 0.2, 0.1, 0.05 ...; odd powers of h may occur.</summary>
    private static Approx ToZero(Func<double, Approx> f)
    {
        Span<double> table = stackalloc double[11];
        var (last, best, spread) = (double.NaN, double.NaN, double.PositiveInfinity);
        var h = 0.2;
        for (var k = 0; k < table.Length; k++, h /= 2)
        {
            var v = f(h);
            if (!v.IsFinite || !v.IsReal) return Approx.NaN;
            var value = v.Value.Real;
            var power = 2.0;
            for (var j = 0; j < k; j++, power *= 2)
            {
                var finer = value + ((value - table[j]) / (power - 1));
                table[j] = value;
                value = finer;
            }
            table[k] = value;
            var change = Math.Abs(value - last);
            if (k > 2 && change < spread) (best, spread) = (value, change);
            last = value;
        }
        return spread <= Agreement * (1 + Math.Abs(best)) ? new Approx(best, Math.Max(spread, 1e-11 * (1 + Math.Abs(best)))) : Approx.NaN;
    }

    private Approx Limit(Expr e)
    {
        var (name, body) = (e.Args[0].Name, e.Args[2]);
        var place = e.Args[1];
        var infinite = InfiniteSign(place);
        var at = infinite == 0 ? Value(place) : default;
        if (infinite == 0 && (!at.IsFinite || !at.IsReal)) return Approx.NaN;
        Approx From(double side) => ToZero(h =>
        {
            Set(name, infinite != 0 ? infinite / h : at.Value.Real + (side * h));
            return Value(body);
        });
        if (infinite != 0) return From(1);
        var right = e.Name == "lim-" ? From(-1) : From(1);
        if (e.Name != "lim") return right;
        var left = From(-1);
        return right.IsFinite && left.IsFinite
            && Math.Abs(right.Value.Real - left.Value.Real) <= right.Error + left.Error + (Agreement * (1 + right.Size)) ? right
            : Approx.NaN;
    }

    private static int InfiniteSign(Expr e) => e switch
    {
        { Kind: ExprKind.Constant, Name: "inf" } => 1,
        { Kind: ExprKind.Mul, Args: [{ IsNumber: true } factor, { Kind: ExprKind.Constant, Name: "inf" }] } => factor.Value.Sign,
        _ => 0,
    };

    private Approx Derivative(Expr e)
    {
        var name = e.Args[0].Name;
        if (!_values.TryGetValue(name, out var at)) return Approx.NaN;
        var result = ToZero(h =>
        {
            Set(name, at.Value.Real + h);
            var up = Value(e.Args[1]);
            Set(name, at.Value.Real - h);
            return (up + (Value(e.Args[1]) * Approx.Exact(-1))) * Approx.Exact(1 / (2 * h));
        });
        _values[name] = at;
        return result;
    }

    private Approx Integral(Expr e)
    {
        if (e.Args.Length != 4) return Approx.NaN;
        var (low, high) = (Bound(e.Args[1]), Bound(e.Args[2]));
        if (double.IsNaN(low) || double.IsNaN(high)) return Approx.NaN;
        if (low == high) return Approx.Exact(0);
        var sign = low < high ? 1 : -1;
        if (sign < 0) (low, high) = (high, low);
        var (name, body) = (e.Args[0].Name, e.Args[3]);
        var (coarse, scale, tail) = (0.0, 0.0, 0.0);
        var fine = 0.0;
        var n = (int)(RuleEnd / (RuleStep / 2));
        for (var k = -n; k <= n; k++)
        {
            var t = k * RuleStep / 2;
            var (x, weight) = Node(t, low, high);
            if (weight < 1e-300 || !double.IsFinite(x) || !double.IsFinite(weight) || x <= low || x >= high) continue;
            Set(name, x);
            var f = Value(body);
            if (!f.IsFinite || !f.IsReal)
            {
                // A double cannot tell a huge exponential from nothing; inside the interval it is a pole.
                if (Math.Abs(t) > 2.5 || (Math.Abs(t) > 1.2 && (double.IsInfinity(low) || double.IsInfinity(high)))) continue;
                return Approx.NaN;
            }
            var part = f.Value.Real * weight;
            fine += part;
            scale += Math.Abs(part);
            if (Math.Abs(k) == n) tail += Math.Abs(part);
            if (k % 2 == 0) coarse += part;
        }
        fine *= RuleStep / 2;
        coarse *= RuleStep;
        scale *= RuleStep / 2;
        var spread = Math.Abs(fine - coarse);
        // What is still large at the last node does not converge: 1/x at 0.
        return spread <= 1e-6 * (1e-3 + scale) && tail <= 1e-9 * (1e-3 + scale)
            ? new Approx(sign * fine, Math.Max(spread * 1e-2, 1e-11 * (1 + scale))) : Approx.NaN;
    }

    private double Bound(Expr e)
    {
        if (InfiniteSign(e) is var s and not 0) return s * double.PositiveInfinity;
        var v = Value(e);
        return v.IsFinite && v.IsReal ? v.Value.Real : double.NaN;
    }

    /// <summary>Place and weight of the rule's node t on a finite, half-infinite or infinite interval.</summary>
    private static (double X, double Weight) Node(double t, double low, double high)
    {
        var (s, c) = (Math.PI / 2 * ExactMath.Sinh(t), Math.PI / 2 * ExactMath.Cosh(t));
        if (double.IsInfinity(low) && double.IsInfinity(high)) return (ExactMath.Sinh(s), c * ExactMath.Cosh(s));
        if (double.IsInfinity(high)) return (low + ExactMath.Exp(s), c * ExactMath.Exp(s));
        if (double.IsInfinity(low)) return (high - ExactMath.Exp(-s), c * ExactMath.Exp(-s));
        var half = (high - low) / 2;
        // From the nearer end, so that a singular end keeps its digits.
        var gap = half * ExactMath.Exp(-Math.Abs(s)) / ExactMath.Cosh(s);
        return (s < 0 ? low + gap : high - gap, half * c / (ExactMath.Cosh(s) * ExactMath.Cosh(s)));
    }
}
