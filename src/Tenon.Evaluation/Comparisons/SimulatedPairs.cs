using Tenon.Evaluation.Statistics;

namespace Tenon.Evaluation.Comparisons;

/// <summary>
/// Two models on the same problems, drawn from a known truth, to see what the interval of their difference is worth: a problem is hard for
/// both or for each by itself, its samples are independent. A pure function of the seed and the place.
/// </summary>
/// <param name="Problems">Problems.</param>
/// <param name="Samples">Samples a problem, of each model.</param>
/// <param name="Mean">True mean accuracy of the first.</param>
/// <param name="Difference">What the second is ahead by, in truth.</param>
/// <param name="Spread">Intraclass correlation of a problem's samples.</param>
/// <param name="Shared">Share of problems whose accuracy in the second follows from that in the first; the others are drawn apart.</param>
public sealed record SimulatedPairs(int Problems, int Samples, double Mean, double Difference, double Spread, double Shared)
{
    /// <summary>The share of so many comparisons whose interval holds the true difference.</summary>
    public double Coverage(int evaluations, ulong seed = 0)
    {
        var held = new bool[evaluations];
        Parallel.For(0, evaluations, Workers.Options, e =>
        {
            var interval = Draw(seed, e);
            held[e] = interval.Low <= Difference && Difference <= interval.High;
        });
        return held.Count(h => h) / (double)evaluations;
    }

    private ScoreDifference Draw(ulong seed, int evaluation)
    {
        var (a, b) = new SimulatedScores(Problems, Samples, Mean, Spread).DrawPair(seed, evaluation, Difference, Shared);
        Entrant Row(string name, int[] right) => new(name, [[.. right.Select((c, i) => new ProblemScores($"p{i}",
            [.. Enumerable.Range(0, Samples).Select(j => j < c ? 1.0 : 0)]))]]);
        return ScoreDifference.Of(PairedScores.Of([Row("first", a), Row("second", b)]), 0, 1, draws: 1);
    }
}
