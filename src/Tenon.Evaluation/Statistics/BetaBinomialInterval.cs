using static Tenon.ExactMath;

namespace Tenon.Evaluation.Statistics;

/// <summary>
/// The interval of a mean accuracy from several samples a problem, where difficulty has the shape of a beta distribution. Each problem has
/// an accuracy of its own, drawn from one of mean mu and intraclass correlation rho = 1 / (a + b + 1); its right samples are binomial. The
/// interval is mu's posterior under Jeffreys' binomial prior for mu and for rho (flat in the arcsine of the root), so that it is as wide as
/// what is not known about rho makes it: few right samples in two problems of thirty say little of how the others would fare. Ends at 0 and
/// 1 stay there where every sample is wrong, or right (after Brown, Cai and DasGupta 2001). Where the shape is another one the interval
/// lies beside the truth, the more so the more problems there are: half of the problems at 0.95, the rest at 0.45, 500 problems, 32
/// samples: it holds the mean in 73 % of all evaluations.
/// </summary>
public static class BetaBinomialInterval
{
    // Cells a side while what counts is looked for, and of the density that is summed over rho.
    private const int Coarse = 10;
    private const int Means = 32;
    private const int Correlations = 16;

    // Below this much of the logarithm of the largest density nothing counts.
    private const double Depth = 9;

    /// <summary>The interval from each problem's right samples; problems may have different numbers of samples.</summary>
    public static (double Low, double High) Of(IReadOnlyList<(int Correct, int Samples)> problems, double confidence = 0.95)
    {
        if (problems.Count == 0) throw new ArgumentException("no problems", nameof(problems));
        var right = Factors(problems.Select(p => p.Correct));
        var wrong = Factors(problems.Select(p => p.Samples - p.Correct));
        var all = Factors(problems.Select(p => p.Samples));

        // The mean runs over the square of a sine, in which Jeffreys' prior is flat; rho over a cube, so that small ones are told apart.
        var (mean, rho) = ((Low: 0.0, High: 1.0), (Low: 0.0, High: 1.0));
        for (var (pass, shrunk) = (0, true); shrunk && pass < 12; pass++)
        {
            var coarse = Density(Coarse, Coarse, mean, rho, right, wrong, all);
            var (nextMean, nextRho) = (Narrowed(coarse, mean, across: false), Narrowed(coarse, rho, across: true));
            shrunk = Length(nextMean) < 0.7 * Length(mean) || Length(nextRho) < 0.7 * Length(rho);
            (mean, rho) = (nextMean, nextRho);
        }

        var density = Density(Means, Correlations, mean, rho, right, wrong, all);
        var tail = (1 - confidence) / 2;
        return (right.Length == 0 ? 0 : Quantile(density, mean, tail), wrong.Length == 0 ? 1 : Quantile(density, mean, 1 - tail));
    }

    private static double Length((double Low, double High) range) => range.High - range.Low;

    private static double Place((double Low, double High) range, double share) => range.Low + (Length(range) * share);

    private static double Share(double place)
    {
        var sine = Sin(place * (Math.PI / 2));
        return sine * sine;
    }

    /// <summary>
    /// Logarithms of the posterior density [mean, rho] at the middles of the cells, the largest 0. With rho = t³ the prior 1 / sqrt(rho (1
    /// - rho)) is sqrt(t / (1 - t³)) for t.
    /// </summary>
    private static double[,] Density(
        int means, int correlations, (double Low, double High) mean, (double Low, double High) rho, (int End, int Problems)[] right,
        (int End, int Problems)[] wrong, (int End, int Problems)[] all)
    {
        var density = new double[means, correlations];
        var largest = double.NegativeInfinity;
        for (var j = 0; j < correlations; j++)
        {
            var t = Place(rho, (j + 0.5) / correlations);
            var size = (1 / (t * t * t)) - 1;
            var prior = (0.5 * Log(t)) - (0.5 * Log1p(-t * t * t)) - Rising(all, size);
            for (var i = 0; i < means; i++)
            {
                var mu = Share(Place(mean, (i + 0.5) / means));
                density[i, j] = prior + Rising(right, mu * size) + Rising(wrong, (1 - mu) * size);
                largest = Math.Max(largest, density[i, j]);
            }
        }

        for (var i = 0; i < means; i++)
            for (var j = 0; j < correlations; j++) density[i, j] -= largest;
        return density;
    }

    /// <summary>How many problems have a count above n, for n = 0, 1, 2 ...: one entry for all n of one number, up to its end.</summary>
    private static (int End, int Problems)[] Factors(IEnumerable<int> counts)
    {
        var groups = counts.Where(c => c > 0).GroupBy(c => c).OrderBy(g => g.Key).Select(g => (g.Key, Count: g.Count())).ToArray();
        var left = groups.Sum(g => g.Count);
        var result = new (int End, int Problems)[groups.Length];
        for (var i = 0; i < groups.Length; left -= groups[i++].Count) result[i] = (groups[i].Key, left);
        return result;
    }

    /// <summary>The sum over problems of ln of a (a + 1) ... (a + n - 1), n the problem's count.</summary>
    private static double Rising((int End, int Problems)[] factors, double a)
    {
        var (sum, n) = (0.0, 0);
        foreach (var (end, problems) in factors)
        {
            var (product, part) = (1.0, 0.0);
            for (; n < end; n++)
            {
                product *= a + n;
                if (product < 1e200) continue;
                part += Log(product);
                product = 1;
            }

            sum += problems * (part + Log(product));
        }

        return sum;
    }

    /// <summary>The part of the range that holds what counts, a cell more on each side.</summary>
    private static (double Low, double High) Narrowed(double[,] density, (double Low, double High) range, bool across)
    {
        var places = density.GetLength(0);
        var (first, last) = (places, -1);
        for (var i = 0; i < places; i++)
        {
            for (var j = 0; j < places; j++)
            {
                if ((across ? density[j, i] : density[i, j]) < -Depth) continue;
                first = Math.Min(first, i);
                last = i;
                break;
            }
        }

        return (Place(range, Math.Max(0, first - 1.0) / places), Place(range, Math.Min(places, last + 2.0) / places));
    }

    /// <summary>The mean below which the density holds so large a share; within a cell the density is a straight line.</summary>
    private static double Quantile(double[,] density, (double Low, double High) mean, double share)
    {
        var places = density.GetLength(0);
        var weights = new double[places];
        for (var i = 0; i < places; i++)
            for (var j = 0; j < density.GetLength(1); j++) weights[i] += Exp(density[i, j]);
        var (left, at) = (share * weights.Sum(), 0);
        while (at < places - 1 && left > weights[at]) left -= weights[at++];
        var slope = (weights[Math.Min(at + 1, places - 1)] - weights[Math.Max(at - 1, 0)]) / 2;
        var start = weights[at] - (slope / 2);
        var root = Math.Sqrt(Math.Max(0, (start * start) + (2 * slope * left)));
        return Share(Place(mean, (at + Math.Clamp(start + root > 0 ? 2 * left / (start + root) : 0.5, 0, 1)) / places));
    }
}
