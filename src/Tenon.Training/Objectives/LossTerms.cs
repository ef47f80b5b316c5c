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
    /// <summary>The function of an objective's kind, with what it reads of the objective.</summary>
    public static Func<TermInput, Term> Of(ObjectiveSettings settings)
    {
        var (clip, weight, gate, gamma, beta) =
            (settings.Clip, settings.Weighting, settings.Gate, settings.Gamma, settings.QuadraticBeta);
        return settings.Loss switch
        {
            PolicyLossKind.Ratio => Ratio,
            PolicyLossKind.WeightedLogProb => x => WeightedLogProb(weight, x),
            PolicyLossKind.SoftGate => x => SoftGate(gate, x),
            PolicyLossKind.GammaWeighted => x => GammaWeighted(gamma, x),
            PolicyLossKind.LogProb => LogProb,
            PolicyLossKind.Quadratic => x => Quadratic(beta, x),
            PolicyLossKind.Classification => _ => throw new InvalidOperationException("a group's loss has no term of one token"),
            _ => x => Clip(clip, x),
        };
    }

    private static Term Clip(ClipBounds clip, TermInput x)
    {
        var (low, high) = (1 - clip.Low, 1 + clip.High);
        var free = !(x.Ratio > clip.Delta);
        var first = (free ? x.Ratio : clip.Delta!.Value) * x.Advantage;
        var second = Math.Min(Math.Max(x.Ratio, low), high) * x.Advantage;
        if (first <= second) return new Term(-first, free ? -x.Advantage : 0, 0);
        return new Term(-second, x.Ratio >= low && x.Ratio <= high ? -x.Advantage : 0, 0);
    }

    private static Term Ratio(TermInput x) => new(-x.Ratio * x.Advantage, -x.Advantage, 0);

    private static Term WeightedLogProb(WeightBounds bounds, TermInput x)
    {
        var weight = Weight(bounds, x.Ratio);
        return new Term(-weight * x.Advantage * x.Logp, 0, -weight * x.Advantage);
    }

    /// <summary>min(max(c, floor), cap), the detached weight of CISPO.</summary>
    public static double Weight(WeightBounds bounds, double ratio)
    {
        var weight = Math.Max(ratio, bounds.Floor);
        return weight > bounds.Cap ? bounds.Cap.Value : weight;
    }

    private static Term SoftGate(GateTemperatures temperatures, TermInput x)
    {
        var temperature = x.Advantage > 0 ? temperatures.Positive : temperatures.Negative;
        var gate = 1 / (1 + ExactMath.Exp(-temperature * (x.Ratio - 1)));
        return new Term(-gate * (4 / temperature) * x.Advantage, -x.Advantage * 4 * gate * (1 - gate), 0);
    }

    private static Term GammaWeighted(GammaWeights gamma, TermInput x)
    {
        var weight = GammaWeight(gamma, x.Advantage, x.RowLogWeight);
        return new Term(-weight * x.Advantage * x.Logp, 0, -weight * x.Advantage);
    }

    /// <summary>exp(lambda + k log w - lambda w), k and lambda by the sign of A; 1 at w = 1 (VESPO, arXiv 2602.10693).</summary>
    public static double GammaWeight(GammaWeights gamma, double advantage, double logWeight)
    {
        var (shape, rate) = advantage >= 0 ? (gamma.ShapePositive, gamma.RatePositive) : (gamma.ShapeNegative, gamma.RateNegative);
        rate = Math.Max(rate, 1e-4);
        var weight = ExactMath.Exp(rate + shape * logWeight - rate * ExactMath.Exp(logWeight));
        return double.IsFinite(weight) ? weight : 0;
    }

    private static Term LogProb(TermInput x) => new(-x.Advantage * x.Logp, 0, -x.Advantage);

    private static Term Quadratic(double beta, TermInput x) => new(
        -(x.Logp * x.Advantage - 0.5 * beta * x.LogRatio * x.LogRatio), 0, -x.Advantage + beta * x.LogRatio);
}
