namespace Tenon.Training.Objectives;

/// <summary>What the term of one token is made of.</summary>
/// <param name="Ratio">c, the ratio it is judged by.</param>
/// <param name="LogRatio">l - l_old of the token itself.</param>
/// <param name="Advantage">A.</param>
/// <param name="Logp">l.</param>
/// <param name="RowLogWeight">log w of the row, for the gamma weight.</param>
internal readonly record struct TermInput(double Ratio, double LogRatio, double Advantage, double Logp, double RowLogWeight);

/// <summary>A term with its slopes; a detached factor has none.</summary>
/// <param name="Value">The term.</param>
/// <param name="ByRatio">Its derivative by c.</param>
/// <param name="ByLogp">Its derivative by l where l stands in it by itself.</param>
internal readonly record struct Term(double Value, double ByRatio, double ByLogp);

/// <summary>The policy terms, one pure function each; formulas at <see cref="PolicyLossKind"/>.</summary>
internal static class LossTerms
{
    /// <summary>The function of a kind.</summary>
    public static Func<ObjectiveSettings, TermInput, Term> Of(PolicyLossKind kind) => kind switch
    {
        PolicyLossKind.Ratio => Ratio,
        PolicyLossKind.WeightedLogProb => WeightedLogProb,
        PolicyLossKind.SoftGate => SoftGate,
        PolicyLossKind.GammaWeighted => GammaWeighted,
        PolicyLossKind.LogProb => LogProb,
        PolicyLossKind.Quadratic => Quadratic,
        PolicyLossKind.Classification => (_, _) => throw new InvalidOperationException("a group's loss has no term of one token"),
        _ => Clip,
    };

    private static Term Clip(ObjectiveSettings s, TermInput x)
    {
        var (low, high) = (1 - s.ClipLow, 1 + s.ClipHigh);
        var free = !(x.Ratio > s.Delta);
        var first = (free ? x.Ratio : s.Delta!.Value) * x.Advantage;
        var second = Math.Min(Math.Max(x.Ratio, low), high) * x.Advantage;
        if (first <= second) return new Term(-first, free ? -x.Advantage : 0, 0);
        return new Term(-second, x.Ratio >= low && x.Ratio <= high ? -x.Advantage : 0, 0);
    }

    private static Term Ratio(ObjectiveSettings s, TermInput x) => new(-x.Ratio * x.Advantage, -x.Advantage, 0);

    private static Term WeightedLogProb(ObjectiveSettings s, TermInput x)
    {
        var weight = Math.Max(x.Ratio, s.WeightFloor);
        if (weight > s.WeightCap) weight = s.WeightCap.Value;
        return new Term(-weight * x.Advantage * x.Logp, 0, -weight * x.Advantage);
    }

    private static Term SoftGate(ObjectiveSettings s, TermInput x)
    {
        var temperature = x.Advantage > 0 ? s.GateTemperaturePositive : s.GateTemperatureNegative;
        var gate = 1 / (1 + ExactMath.Exp(-temperature * (x.Ratio - 1)));
        return new Term(-gate * (4 / temperature) * x.Advantage, -x.Advantage * 4 * gate * (1 - gate), 0);
    }

    private static Term GammaWeighted(ObjectiveSettings s, TermInput x)
    {
        var weight = GammaWeight(s, x.Advantage, x.RowLogWeight);
        return new Term(-weight * x.Advantage * x.Logp, 0, -weight * x.Advantage);
    }

    /// <summary>exp(lambda + k log w - lambda w), k and lambda by the sign of A; 1 at w = 1 (VESPO, arXiv 2602.10693).</summary>
    public static double GammaWeight(ObjectiveSettings s, double advantage, double logWeight)
    {
        var (shape, rate) = advantage >= 0 ? (s.GammaShapePositive, s.GammaRatePositive) : (s.GammaShapeNegative, s.GammaRateNegative);
        rate = Math.Max(rate, 1e-4);
        var weight = ExactMath.Exp(rate + shape * logWeight - rate * ExactMath.Exp(logWeight));
        return double.IsFinite(weight) ? weight : 0;
    }

    private static Term LogProb(ObjectiveSettings s, TermInput x) => new(-x.Advantage * x.Logp, 0, -x.Advantage);

    private static Term Quadratic(ObjectiveSettings s, TermInput x) => new(
        -(x.Logp * x.Advantage - 0.5 * s.QuadraticBeta * x.LogRatio * x.LogRatio), 0, -x.Advantage + s.QuadraticBeta * x.LogRatio);
}
