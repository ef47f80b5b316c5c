
namespace Tenon.Evaluation.Statistics;

/// <summary>The permutation test of paired differences: how often random signs bring their sum as far as it is.</summary>
/// <param name="TwoSided">Share of sign changes whose sum is at least as far from 0.</param>
/// <param name="Greater">Share whose sum is at least as large.</param>
/// <param name="Exact">True where all 2^n sign changes were taken.</param>
public sealed record SignFlipTest(double TwoSided, double Greater, bool Exact)
{
    /// <summary>Pairs up to which all sign changes are taken.</summary>
    public const int ExactUpTo = 20;

    /// <summary>Equal sums in another order differ by rounding: this much counts as equal.</summary>
    private const double Slack = 1e-12;

    /// <summary>
    /// All sign changes up to 20 pairs; beyond that <paramref name="draws"/> random ones, the observed one counted among them so that p is
    /// never 0.
    /// </summary>
    public static SignFlipTest Of(IReadOnlyList<double> differences, int draws = 100_000, ulong seed = 0)
    {
        var observed = differences.Sum();
        var key = new RandomKey(seed);
        var (far, large) = (0L, 0L);
        if (differences.Count <= ExactUpTo)
        {
            Walk(0, 0);
            var all = 1L << differences.Count;
            return new((double)far / all, (double)large / all, true);
        }

        for (var draw = 0; draw < draws; draw++)
        {
            var (sum, bits) = (0.0, 0UL);
            for (var i = 0; i < differences.Count; i++)
            {
                if (i % 64 == 0) bits = Bits(draw, i / 64);
                sum += ((bits >> (i % 64)) & 1) == 0 ? differences[i] : -differences[i];
            }

            Count(sum);
        }

        return new((far + 1.0) / (draws + 1.0), (large + 1.0) / (draws + 1.0), false);

        ulong Bits(int draw, int word)
        {
            var (x, y, _, _) = key.Block(RandomPurpose.Bootstrap, 1, (uint)draw, 0, (uint)word);
            return ((ulong)x << 32) | y;
        }

        void Walk(int next, double sum)
        {
            if (next == differences.Count)
            {
                Count(sum);
                return;
            }

            Walk(next + 1, sum + differences[next]);
            Walk(next + 1, sum - differences[next]);
        }

        void Count(double sum)
        {
            if (Math.Abs(sum) >= Math.Abs(observed) - Slack) far++;
            if (sum >= observed - Slack) large++;
        }
    }
}
