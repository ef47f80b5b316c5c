namespace Tenon.Evaluation.Comparisons;

/// <summary>
/// What a comparison could show before anything is run: two models on the same problems. A problem's accuracies in the two are alike
/// (<see cref="Correlation"/>), its samples are independent, and every run of a recipe adds an error of its own.
/// </summary>
public sealed record ComparisonPlan
{
    private const long Unlimited = 1L << 40;
    private const long ManyMore = 10;

    /// <summary>Problems of the benchmark.</summary>
    public required int Problems { get; init; }

    /// <summary>Samples a problem.</summary>
    public required int Samples { get; init; }

    /// <summary>Runs (seeds) of each of the two.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>Mean accuracy of the two.</summary>
    public double Mean { get; init; } = 0.5;

    /// <summary>Intraclass correlation of the samples of a problem: how much problems differ in difficulty.</summary>
    public double Spread { get; init; } = 0.5;

    /// <summary>Correlation of the problems' accuracies in the two.</summary>
    public double Correlation { get; init; } = 0.9;

    /// <summary>Standard deviation of a recipe's true mean accuracy over seeds.</summary>
    public double SeedDeviation { get; init; } = 0.01;

    /// <summary>The smallest true difference that a test at 5 % finds with 80 % probability.</summary>
    public double SmallestDifference => Smallest(Problems, Seeds);

    /// <summary>The fewest problems that show this difference with these samples and seeds; null where no number does.</summary>
    public long? ProblemsNeeded(double difference) => Least(n => Smallest(n, Seeds) <= difference);

    /// <summary>The fewest seeds that do with these problems and samples; null where no number does.</summary>
    public long? SeedsNeeded(double difference) => Least(s => Smallest(Problems, s) <= difference);

    /// <summary>
    /// The smallest true difference that these seeds find on ever so many problems: what the spread between seeds alone hides.
    /// </summary>
    public double SmallestOfSeeds => Enumerable.Range(1, 40).Min(i => Smallest(1L << i, Seeds));

    /// <summary>The smallest true difference that these problems find with ever so many seeds.</summary>
    public double SmallestOfProblems => Enumerable.Range(0, 41).Min(i => Smallest(Problems, 1L << i));

    /// <summary>
    /// Seeds and problems that together show this difference where neither does alone: the fewest seeds with which ten times these problems
    /// or, failing that, any number of them do, and how many problems it takes then; null where nothing does.
    /// </summary>
    public (long Seeds, long Problems)? Needed(double difference)
    {
        var few = Least(s => Smallest(ManyMore * Problems, s) <= difference) ?? Least(s => Smallest(Unlimited, s) <= difference);
        return few is { } seeds && Least(n => Smallest(n, seeds) <= difference) is { } problems ? (seeds, problems) : null;
    }

    private double Smallest(long problems, long seeds)
    {
        var share = Mean * (1 - Mean);

        // More seeds are more samples of the same problems too.
        var variance = 2 * share * ((Spread * (1 - Correlation)) + ((1 - Spread) / ((double)Samples * seeds))) / problems;
        var runs = 2 * SeedDeviation * SeedDeviation / seeds;
        var df = problems - 1.0;
        if (runs > 0 && seeds > 1)
        {
            var total = variance + runs;
            df = total * total / ((variance * variance / df) + (runs * runs / (2 * (seeds - 1))));
        }

        return ScoreDifference.Reach(Math.Max(1, df)) * Math.Sqrt(variance + runs);
    }

    private static long? Least(Func<long, bool> enough)
    {
        long high = 1;
        while (!enough(high))
        {
            if (high >= Unlimited) return null;
            high *= 2;
        }

        var low = high / 2;
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (enough(middle)) high = middle;
            else low = middle;
        }

        return high;
    }
}
