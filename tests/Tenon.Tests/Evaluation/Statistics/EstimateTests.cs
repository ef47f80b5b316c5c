using Tenon.Evaluation.Statistics;

namespace Tenon.Tests.Evaluation.Statistics;

/// <summary>The default interval: it covers what it says, and its edges make sense.</summary>
public class EstimateTests
{
    [Theory, Trait("Speed", "slow")]
    [InlineData(30, 1, 0.05, 0)]
    [InlineData(30, 1, 0.1, 0)]
    [InlineData(30, 1, 0.5, 0)]
    [InlineData(30, 1, 0.95, 0)]
    [InlineData(500, 1, 0.05, 0)]
    [InlineData(30, 32, 0.05, 0.5)]
    [InlineData(30, 32, 0.95, 0.25)]
    [InlineData(30, 32, 0.9, 0.75)]
    [InlineData(30, 32, 0.05, 1)]
    [InlineData(30, 32, 0.2, 0)]
    [InlineData(500, 32, 0.8, 0)]
    [InlineData(30, 32, 0.7, 0, DifficultyShape.Halves)]
    [InlineData(500, 32, 0.7, 0, DifficultyShape.Halves)]
    [InlineData(30, 32, 0.1, 0, DifficultyShape.Uniform)]
    [InlineData(500, 32, 0.2, 0, DifficultyShape.Unsolved)]
    [InlineData(500, 32, 0.3, 0, DifficultyShape.TwoKinds)]
    public void Coverage_is_93_to_97_percent(
        int problems, int samples, double mean, double spread, DifficultyShape shape = DifficultyShape.Beta)
    {
        var truth = new SimulatedScores(problems, samples, mean, spread) { Shape = shape };
        var evaluations = samples == 1 ? 4000 : 400;
        var coverage = truth.Coverage(c => Ends(Estimate.OfCounts(c, samples)), evaluations, seed: 1);

        // The band, and what the simulation itself leaves open.
        var noise = 2.5 * Math.Sqrt(0.95 * 0.05 / evaluations);
        coverage.ShouldBeInRange(0.93 - noise, 0.97 + noise);
    }

    [Fact]
    public void Mean_and_1_96_standard_errors_does_not_cover()
    {
        var truth = new SimulatedScores(30, 1, 0.05, 0);
        truth.Coverage(c => Plain(AverageAtK.Of(c, 1)), 4000, seed: 1).ShouldBeInRange(0.75, 0.81);
    }

    [Fact]
    public void Binomial_interval_covers_as_near_as_whole_numbers_allow_at_every_mean()
    {
        var ends = Enumerable.Range(0, 31).Select(c => Proportion.MidP(c, 30)).ToArray();
        for (var mean = 0.05; mean < 0.951; mean += 0.05)
        {
            var probabilities = Hypergeometric.Binomial(30, mean);
            var coverage = Enumerable.Range(0, 31).Where(c => ends[c].Low <= mean && mean <= ends[c].High).Sum(c => probabilities[c]);
            coverage.ShouldBeInRange(0.93, 0.97, $"mean {mean}");
        }
    }

    [Fact]
    public void Nothing_right_of_256_still_has_an_upper_end()
    {
        var once = Estimate.OfCounts(new int[256], 1);
        (once.Mean, once.Low).ShouldBe((0, 0));
        once.High.ShouldBeInRange(0.009, 0.015);
        var often = Estimate.OfCounts(new int[64], 4);
        often.Low.ShouldBe(0);
        often.High.ShouldBeInRange(0.009, 0.055);
        var all = Estimate.OfCounts([.. Enumerable.Repeat(4, 64)], 4);
        (all.Mean, all.High).ShouldBe((1, 1));
        all.Low.ShouldBe(1 - often.High, 1e-9);
    }

    [Fact]
    public void Samples_of_one_problem_are_not_counted_as_problems()
    {
        // Ten problems, 32 samples each, five always right: as good as ten samples, not 320.
        var split = Estimate.OfCounts([0, 32, 0, 32, 0, 32, 0, 32, 0, 32], 32);
        (split.High - split.Low).ShouldBeInRange(0.45, 0.65);
        var even = Estimate.OfCounts([16, 15, 17, 16, 16, 15, 17, 16, 16, 16], 32);
        (even.High - even.Low).ShouldBeInRange(0.06, 0.14);
    }

    [Theory]
    [InlineData(30, 8, 0.1, 0.3)]
    [InlineData(30, 32, 0.05, 0.75)]
    [InlineData(200, 4, 0.5, 0)]
    public void The_posterior_is_summed_as_finely_as_its_width_asks(int problems, int samples, double mean, double spread)
    {
        var right = new SimulatedScores(problems, samples, mean, spread).Draw(seed: 3, evaluation: 0);
        var (low, high) = BetaBinomialInterval.Of([.. right.Select(c => (c, samples))]);
        var (wantedLow, wantedHigh) = Posterior(right, samples);
        var tolerance = 0.005 * (wantedHigh - wantedLow);
        low.ShouldBe(wantedLow, tolerance);
        high.ShouldBe(wantedHigh, tolerance);
    }

    [Fact]
    public void Samples_that_never_differ_are_as_good_as_one()
    {
        var one = Estimate.OfCounts([1, 0, 0, 1, 0, 0, 0, 0, 0, 0], 1);
        var many = Estimate.OfCounts([8, 0, 0, 8, 0, 0, 0, 0, 0, 0], 8);
        (many.Low, many.High).ShouldBe((one.Low, one.High));
        many.Method.ShouldBe(IntervalMethod.Repeated);
    }

    [Fact]
    public void Dependent_questions_widen_the_interval()
    {
        IReadOnlyList<double>[] scores = [.. Enumerable.Range(0, 60).Select(i => (IReadOnlyList<double>)[i / 3 % 2])];
        var apart = Estimate.Of(scores);
        var together = Estimate.Of(scores, [.. Enumerable.Range(0, 60).Select(i => $"{i / 3}")]);
        together.Mean.ShouldBe(apart.Mean);
        (together.High - together.Low).ShouldBeGreaterThan(1.5 * (apart.High - apart.Low));
        together.Method.ShouldBe(IntervalMethod.Wilson);

        // A cluster a question is no cluster.
        Estimate.Of(scores, [.. Enumerable.Range(0, 60).Select(i => $"{i}")]).ShouldBe(apart);
    }

    [Fact]
    public void Runs_that_differ_widen_the_interval()
    {
        IReadOnlyList<double>[] Run(int right) =>
            [.. Enumerable.Range(0, 100).Select(i => (IReadOnlyList<double>)[i * 37 % 100 < right ? 1.0 : 0.0])];
        var alike = Estimate.OfRuns([Run(50), Run(50), Run(50)]);
        var apart = Estimate.OfRuns([Run(30), Run(50), Run(70)]);
        alike.Mean.ShouldBe(apart.Mean, 1e-12);
        (apart.High - apart.Low).ShouldBeGreaterThan(1.5 * (alike.High - alike.Low));
        Estimate.OfRuns([Run(40)]).ShouldBe(Estimate.Of(Run(40)));
    }

    [Fact]
    public void Other_scores_have_students_interval()
    {
        var scores = new[] { 1.5, -2.0, 0.25, 3.0 };
        var got = Estimate.Of([.. scores.Select(s => (IReadOnlyList<double>)[s])]);
        var test = PairedTest.Of(new double[4], scores);
        got.Method.ShouldBe(IntervalMethod.StudentT);
        got.Mean.ShouldBe(test.MeanDifference, 1e-12);
        got.Low.ShouldBeLessThan(got.Mean);
        got.High.ShouldBe((2 * got.Mean) - got.Low, 1e-9);
    }

    [Fact]
    public void Pass_and_majority_have_intervals_of_their_own()
    {
        (int, int)[] problems = [(0, 4), (1, 4), (4, 4), (2, 4)];
        Estimate.PassAtK(problems, 1).Mean.ShouldBe(7 / 16.0, 1e-12);
        var any = Estimate.PassAtK(problems, 4);
        (any.Mean, any.Method).ShouldBe((0.75, IntervalMethod.Binomial));
        Estimate.PassAtK(problems, 2)
            .ShouldSatisfyAllConditions(e => e.Low.ShouldBeLessThan(e.Mean), e => e.High.ShouldBeGreaterThan(e.Mean));
        Estimate.Share([true, false, true]).Mean.ShouldBe(2 / 3.0, 1e-12);
    }

    [Fact]
    public void No_problem_is_no_figure_and_empty_problems_do_not_count()
    {
        Estimate.Of([]).ShouldBe(Estimate.Nothing);
        Estimate.Of([[], [1, 0], []])
            .ShouldSatisfyAllConditions(e => e.Problems.ShouldBe(1), e => e.Mean.ShouldBe(0.5), e => e.Samples.ShouldBe(2));
        var single = Estimate.Of([[0.25, 0.75]]);
        (single.Low, single.High).ShouldSatisfyAllConditions(e => e.Low.ShouldBeInRange(0, 0.5), e => e.High.ShouldBeInRange(0.5, 1));
    }

    /// <summary>The same posterior over a plain grid of 1200 means and 300 correlations.</summary>
    private static (double Low, double High) Posterior(int[] right, int samples)
    {
        const int Means = 1200, Correlations = 300;
        var density = new double[Means, Correlations];
        Parallel.For(0, Means, i =>
        {
            var mu = Math.Pow(Math.Sin((i + 0.5) / Means * Math.PI / 2), 2);
            for (var j = 0; j < Correlations; j++)
            {
                var t = (j + 0.5) / Correlations;
                var size = 1 / (t * t * t) - 1;
                double Rising(double a, int n) => Enumerable.Range(0, n).Sum(x => Math.Log(a + x));
                density[i, j] = right.GroupBy(c => c).Sum(g => g.Count()
                    * (Rising(mu * size, g.Key) + Rising((1 - mu) * size, samples - g.Key) - Rising(size, samples)))
                    + 0.5 * Math.Log(t / (1 - t * t * t));
            }
        });
        var largest = density.Cast<double>().Max();
        double[] weights = [.. Enumerable.Range(0, Means).Select(i => Enumerable.Range(0, Correlations)
            .Sum(j => Math.Exp(density[i, j] - largest)))];
        return (Quantile(0.025), Quantile(0.975));

        double Quantile(double share)
        {
            var (left, i) = (share * weights.Sum(), 0);
            while (left > weights[i]) left -= weights[i++];
            return Math.Pow(Math.Sin((i + left / weights[i]) / Means * Math.PI / 2), 2);
        }
    }

    private static (double Low, double High) Ends(Estimate e) => (e.Low, e.High);

    private static (double Low, double High) Plain(AverageAtK a) => (a.Mean - (1.96 * a.StandardError), a.Mean + (1.96 * a.StandardError));
}
