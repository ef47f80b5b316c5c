namespace Tenon.Evaluation.Statistics;

/// <summary>
/// McNemar's test of two models on the same questions, from the questions that only one of them has right; all p are two-sided. Without
/// such a question every p is 1.
/// </summary>
/// <param name="Exact">Exact binomial p.</param>
/// <param name="MidP">The same with half the probability of what was observed.</param>
/// <param name="ChiSquare">The statistic with continuity correction.</param>
/// <param name="ChiSquareP">Its p.</param>
public sealed record McNemar(double Exact, double MidP, double ChiSquare, double ChiSquareP)
{
    /// <summary>From the numbers of questions that only the first, and only the second, has right.</summary>
    public static McNemar Of(int onlyFirst, int onlySecond)
    {
        var n = onlyFirst + onlySecond;
        if (n == 0) return new(1, 1, 0, 1);
        var probabilities = Hypergeometric.FairCoins(n);
        var (least, tail) = (Math.Min(onlyFirst, onlySecond), 0.0);
        for (var i = 0; i <= least; i++) tail += probabilities[i];
        var even = onlyFirst == onlySecond;
        double surplus = Math.Max(Math.Abs(onlyFirst - onlySecond) - 1, 0);
        var statistic = surplus * surplus / n;
        return new(even ? 1 : Math.Min(1, 2 * tail), even ? 1
            : (2 * tail) - probabilities[least], statistic, Distributions.ChiSquareTail(statistic, 1));
    }
}
