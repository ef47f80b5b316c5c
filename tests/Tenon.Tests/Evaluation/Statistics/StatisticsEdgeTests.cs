using Tenon.Evaluation.Statistics;

namespace Tenon.Tests.Evaluation.Statistics;

public class StatisticsEdgeTests
{
    [Fact]
    public void A_threshold_that_rounding_lifts_above_a_whole_number_still_means_it() =>
        GPassAtK.Of(200, 100, 100, 0.07).ShouldBe(GPassAtK.Of(200, 100, 100, 0.0699), 1e-15);

    [Fact]
    public void Sampled_sign_flips_come_near_the_exact_share_and_repeat()
    {
        double[] twenty = [.. Enumerable.Range(1, 20).Select(i => i % 3 == 0 ? -0.02 * i : 0.03 * i)];
        var exact = SignFlipTest.Of(twenty);
        var sampled = SignFlipTest.Of([.. twenty, 0], draws: 40_000, seed: 3);
        exact.Exact.ShouldBeTrue();
        sampled.Exact.ShouldBeFalse();
        sampled.TwoSided.ShouldBe(exact.TwoSided, 0.01);
        sampled.Greater.ShouldBe(exact.Greater, 0.01);
        SignFlipTest.Of([.. twenty, 0], draws: 40_000, seed: 3).ShouldBe(sampled);
    }

    [Theory]
    [InlineData(24, 0.1625)]
    [InlineData(7, 0.5)]
    [InlineData(300, 0.9)]
    public void A_binomial_tail_is_the_sum_of_its_terms(int n, double p)
    {
        var (term, sum) = (Math.Pow(1 - p, n), 0.0);
        for (var k = 0; k <= n; k++)
        {
            sum += term;
            Distributions.Binomial(k, n, p).ShouldBe(sum, 1e-11 * sum);
            Distributions.Binomial(k + 0.5, n, p).ShouldBe(Distributions.Binomial(k, n, p));
            term *= (n - k) / (k + 1.0) * (p / (1 - p));
        }

        Distributions.Binomial(-0.5, n, p).ShouldBe(0);
        (Distributions.Binomial(n - 1, n, 1), Distributions.Binomial(0, n, 0)).ShouldBe((0, 1));
    }

    [Fact]
    public void Equal_models_differ_in_nothing()
    {
        double[] same = [0.25, 0.5, 1];
        McNemar.Of(0, 0).ShouldBe(new McNemar(1, 1, 0, 1));
        Wilcoxon.Of([0, 0, 0]).ShouldBeNull();
        SignFlipTest.Of([0, 0, 0]).ShouldBe(new SignFlipTest(1, 1, true));
        PairedTest.Of(same, same).MeanDifference.ShouldBe(0);
        double.IsNaN(PairedTest.Of(same, same).TwoSided).ShouldBeTrue();
        double.IsNaN(Distributions.Normal(double.NaN)).ShouldBeTrue();
        PairedBootstrap.Of(same, same, PairedBootstrap.Resamples(3, 100)).ShareNotPositive.ShouldBe(1);
        double.IsNaN(Correlation.Pearson(same, [1, 1, 1]).Value).ShouldBeTrue();
        double.IsNaN(Correlation.Kendall(same, [1, 1, 1]).Value).ShouldBeTrue();
    }

    [Fact]
    public void Resamples_are_a_function_of_the_seed_and_stay_among_the_questions()
    {
        var resamples = PairedBootstrap.Resamples(7, 200, seed: 5);
        resamples.SelectMany(r => r).ShouldAllBe(i => i >= 0 && i < 7);
        resamples.SelectMany(r => r).Distinct().Count().ShouldBe(7);
        PairedBootstrap.Resamples(7, 200, seed: 5)[199].ShouldBe(resamples[199]);
        PairedBootstrap.Resamples(7, 200, seed: 6)[199].ShouldNotBe(resamples[199]);
    }

    [Fact]
    public void Quantiles_undo_the_distributions()
    {
        foreach (var q in new[] { 1e-12, 0.01, 0.3, 0.5, 0.9, 0.999 })
        {
            Distributions.Normal(Distributions.NormalQuantile(q)).ShouldBe(q, q * 1e-12);
            Distributions.StudentT(Distributions.StudentTQuantile(q, 7), 7).ShouldBe(q, q * 1e-12);
        }

        Proportion.ClopperPearson(0, 5).Low.ShouldBe(0);
        Proportion.ClopperPearson(5, 5).High.ShouldBe(1);
        Should.Throw<ArgumentOutOfRangeException>(() => Proportion.Wilson(6, 5));
        Should.Throw<ArgumentOutOfRangeException>(() => GPassAtK.Of(4, 2, 5, 0.5));
    }
}
