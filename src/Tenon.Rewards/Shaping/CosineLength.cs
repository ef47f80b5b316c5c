namespace Tenon.Rewards.Shaping;

/// <summary>The four ends of <see cref="CosineLength"/>; defaults are TRL's.</summary>
/// <param name="MinWrong">A wrong answer of length 0.</param>
/// <param name="MaxWrong">A wrong answer at the limit.</param>
/// <param name="MinCorrect">A right answer at the limit.</param>
/// <param name="MaxCorrect">A right answer of length 0.</param>
public sealed record CosineEnds(double MinWrong = -1, double MaxWrong = -0.5, double MinCorrect = 0.5, double MaxCorrect = 1);

/// <summary>
/// An outcome reward scaled by length: right answers earn more when short, wrong ones lose less when long (arXiv 2502.03373).
/// </summary>
public static class CosineLength
{
    /// <summary>low + (high - low)(1 + cos(pi tokens / limit)) / 2, lengths beyond the limit counting as the limit.</summary>
    public static double Reward(bool correct, int tokens, int limit, CosineEnds ends)
    {
        if (limit < 1) throw new TenonException("cosine length", "a limit of 1 token or more", $"{limit}", usage: true);
        var progress = Math.Min((double)tokens / limit, 1);
        var (low, high) = correct ? (ends.MinCorrect, ends.MaxCorrect) : (ends.MaxWrong, ends.MinWrong);
        return low + 0.5 * (high - low) * (1 + CosPi(progress));
    }

    // cos(pi x) for x in [0, 1] by series in a fixed order: the platform's cosine may differ between machines.
    private static double CosPi(double x)
    {
        // cos(pi x) = sin(pi (1/2 - x)); halved once more so that the series runs below pi / 4: sin 2a = 2 sin a cos a.
        var a = Math.PI * (0.5 - x) / 2;
        var square = a * a;
        return 2 * a * Sine(square) * Cosine(square);

        static double Sine(double s)
        {
            var sum = 1.0;
            for (var k = 19; k >= 3; k -= 2) sum = 1 - s * sum / (k * (k - 1));
            return sum;
        }

        static double Cosine(double s)
        {
            var sum = 1.0;
            for (var k = 18; k >= 2; k -= 2) sum = 1 - s * sum / (k * (k - 1));
            return sum;
        }
    }
}
