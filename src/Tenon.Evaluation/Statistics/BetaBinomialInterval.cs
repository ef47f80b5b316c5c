using static Tenon.ExactMath;

namespace Tenon.Evaluation.Statistics;

/// <summary>
/// The interval of a mean accuracy from several samples a problem. Each problem has an accuracy of its own, drawn from a beta distribution
/// of mean mu
/// and intraclass correlation rho = 1 / (a + b + 1); its right samples are binomial. The interval is mu's posterior under Jeffreys'
/// binomial prior for
/// mu and for rho (flat in the arcsine of the root), so that it is as wide as what is not known about rho makes it: few right samples in
/// two problems of thirty say little of how
/// the others would fare. Ends at 0 and 1 stay there where every sample is wrong, or right (after Brown, Cai and DasGupta 2001).
/// </summary>
public static class BetaBinomialInterval
{
    private const int Places = 40;

    // Below this much of the logarithm of the largest density nothing counts.
    private const double Depth = 18;

    /// <summary>The interval from each problem's right samples; problems may have different numbers of samples.</summary>
    public static (double Low, double High) Of(IReadOnlyList<(int Correct, int Samples)> problems, double confidence = 0.95)
    {
        if (problems.Count == 0) throw new ArgumentException("no problems", nameof(problems));
        var counts = problems.GroupBy(p => p).Select(g => (g.Key.Correct, g.Key.Samples, Problems: g.Count())).OrderBy(g => g).ToArray();
        var most = counts.Max(c => c.Samples);

        // The mean runs over the square of a sine, in which Jeffreys' prior is flat; rho over a cube, so that small ones are told apart.
        var (mean, rho) = ((Low: 0.0, High: 1.0), (Low: 0.0, High: 1.0));
        var density = new double[Places, Places];
        for (var pass = 0; ; pass++)
        {
            Fill(density, mean, rho, counts, most);
            if (pass == 2) break;
            (mean, rho) = (Narrowed(density, mean, across: false), Narrowed(density, rho, across: true));
        }

        var tail = (1 - confidence) / 2;
        var allWrong = problems.All(p => p.Correct == 0);
        var allRight = problems.All(p => p.Correct == p.Samples);
        return (allWrong ? 0 : Quantile(density, mean, tail), allRight ? 1 : Quantile(density, mean, 1 - tail));
    }

    private static double Place((double Low, double High) range, double i) => range.Low + ((range.High - range.Low) * i / Places);

    private static double Share(double place)
    {
        var sine = Sin(place * (Math.PI / 2));
        return sine * sine;
    }

    /// <summary>
    /// Logarithms of the posterior density [mean, rho] at the middles of the cells, the largest 0. With rho = t³ the prior 1 / sqrt(rho (1
    /// - rho)) is
    /// sqrt(t / (1 - t³)) for t.
    /// </summary>
    private static void Fill(
        double[,] density, (double Low, double High) mean, (double Low, double High) rho, (int Correct, int Samples, int Problems)[] counts,
        int most)
    {
        double[] right = new double[most + 1], wrong = new double[most + 1], all = new double[most + 1];
        var largest = double.NegativeInfinity;
        for (var i = 0; i < Places; i++)
        {
            var mu = Share(Place(mean, i + 0.5));
            for (var j = 0; j < Places; j++)
            {
                var t = Place(rho, j + 0.5);
                var size = (1 / (t * t * t)) - 1;
                Rising(right, mu * size);
                Rising(wrong, (1 - mu) * size);
                Rising(all, size);
                var sum = (0.5 * Log(t)) - (0.5 * Log1p(-t * t * t));
                foreach (var (correct, samples, problems) in counts)
                    sum += problems * (right[correct] + wrong[samples - correct] - all[samples]);
                density[i, j] = sum;
                largest = Math.Max(largest, sum);
            }
        }

        for (var i = 0; i < Places; i++)
            for (var j = 0; j < Places; j++) density[i, j] -= largest;
    }

    /// <summary>ln of a (a + 1) ... (a + n - 1) for n = 0, 1, 2 ...</summary>
    private static void Rising(double[] result, double a)
    {
        for (var n = 1; n < result.Length; n++) result[n] = result[n - 1] + Log(a + n - 1);
    }

    /// <summary>The part of the range that holds what counts, a cell more on each side.</summary>
    private static (double Low, double High) Narrowed(double[,] density, (double Low, double High) range, bool across)
    {
        var (first, last) = (Places, -1);
        for (var i = 0; i < Places; i++)
        {
            for (var j = 0; j < Places; j++)
            {
                if ((across ? density[j, i] : density[i, j]) < -Depth) continue;
                first = Math.Min(first, i);
                last = i;
                break;
            }
        }

        return (Place(range, Math.Max(0, first - 1)), Place(range, Math.Min(Places, last + 2)));
    }

    private static double Quantile(double[,] density, (double Low, double High) mean, double share)
    {
        var weights = new double[Places];
        for (var i = 0; i < Places; i++)
            for (var j = 0; j < Places; j++) weights[i] += Exp(density[i, j]);
        var (wanted, sum) = (share * weights.Sum(), 0.0);
        for (var i = 0; i < Places; i++)
        {
            if (sum + weights[i] >= wanted && weights[i] > 0) return Share(Place(mean, i + ((wanted - sum) / weights[i])));
            sum += weights[i];
        }

        return Share(mean.High);
    }
}
