namespace Tenon.Evaluation.Statistics;

/// <summary>Intervals of a proportion from c right of n independent trials.</summary>
public static class Proportion
{
    /// <summary>Wilson's score interval (1927).</summary>
    public static (double Low, double High) Wilson(int correct, int n, double confidence = 0.95)
    {
        Check(correct, n, confidence);
        var z = Distributions.NormalQuantile(0.5 + (confidence / 2));
        var p = (double)correct / n;
        var centre = (p + (z * z / (2.0 * n))) / (1 + (z * z / n));
        var half = z * Math.Sqrt((p * (1 - p) / n) + (z * z / (4.0 * n * n))) / (1 + (z * z / n));
        return (correct == 0 ? 0 : centre - half, correct == n ? 1 : centre + half);
    }

    /// <summary>The exact interval of Clopper and Pearson (1934): it never covers less than it says.</summary>
    public static (double Low, double High) ClopperPearson(int correct, int n, double confidence = 0.95)
    {
        Check(correct, n, confidence);
        var tail = (1 - confidence) / 2;
        var low = correct == 0 ? 0 : Distributions.BetaQuantile(tail, correct, n - correct + 1);
        var high = correct == n ? 1 : 1 - Distributions.BetaQuantile(tail, n - correct, correct + 1);
        return (low, high);
    }

    /// <summary>
    /// The interval of the two-sided mid-p test that orders outcomes by their probability (Sterne 1954, with Lancaster's mid-p 1961): the
    /// shares around
    /// c / n under which the outcomes less likely than this one, and half of this one, hold more than 1 - confidence. Its coverage is as
    /// near to the
    /// confidence as whole numbers allow, on either side of it: 93 to 97.7 % at 30 trials and any share from .05 to .95.
    /// </summary>
    public static (double Low, double High) MidP(int correct, int n, double confidence = 0.95)
    {
        Check(correct, n, confidence);
        var share = (double)correct / n;
        var step = Math.Max(Math.Sqrt(share * (1 - share) / n), 0.3 / n) / 20;
        return (End(-step), End(step));

        double End(double by)
        {
            if (share == (by < 0 ? 0 : 1)) return share;
            var (inside, outside) = (share, Math.Clamp(share + by, 0, 1));
            while (PointMidP(correct, n, outside) > 1 - confidence) (inside, outside) = (outside, Math.Clamp(outside + by, 0, 1));
            for (var halving = 0; halving < 50; halving++)
            {
                var middle = inside + ((outside - inside) / 2);
                if (PointMidP(correct, n, middle) > 1 - confidence) inside = middle;
                else outside = middle;
            }

            return inside;
        }
    }

    /// <summary>The two-sided mid-p of an outcome: the probability of all less likely ones and half that of the equally likely.</summary>
    private static double PointMidP(int correct, int n, double share)
    {
        if (share is <= 0 or >= 1) return correct == share * n ? 1 : 0;
        var probabilities = Hypergeometric.Binomial(n, share);
        var own = probabilities[correct];
        var sum = 0.0;
        foreach (var p in probabilities)
        {
            if (p < own * (1 - 1e-9)) sum += p;
            else if (p <= own * (1 + 1e-9)) sum += p / 2;
        }

        return sum;
    }

    private static void Check(int correct, int n, double confidence)
    {
        if (n < 1 || correct < 0 || correct > n) throw new ArgumentOutOfRangeException(nameof(correct), $"{correct} of {n}");
        if (confidence is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "between 0 and 1");
    }
}
