using Tenon.Recipes;

namespace Tenon.Tests.Recipes;

/// <summary>How long completions will be, by some that a dry run had to cut.</summary>
public class ExpectedLengthTests
{
    [Theory]
    [InlineData(40, 60, 512)]
    [InlineData(300, 60, 512)]
    [InlineData(300, 250, 1024)]
    public void Ends_as_likely_at_every_token_give_their_own_mean(double each, int cut, int limit)
    {
        // E min(X, c) of an exponential X with mean m is m (1 - e^(-c / m)), and the share 1 - e^(-c / m) has ended by c.
        double Mean(double c) => each * (1 - Math.Exp(-c / each));
        const double Completions = 1000;
        ProbeRates.ExpectedLength(Mean(cut), Completions, Completions * Mean(cut) / each, cut, limit).ShouldBe(Mean(limit), 1e-9 * limit);
    }

    [Fact]
    public void What_was_not_cut_is_what_it_is() => ProbeRates.ExpectedLength(37.5, 16, 0, 64, 64).ShouldBe(37.5);

    [Fact]
    public void No_end_at_all_counts_as_one() =>
        ProbeRates.ExpectedLength(60, 16, 0, 60, 512).ShouldBe(60 + 960 * (1 - Math.Exp(-452 / 960.0)), 1e-9);

    [Fact]
    public void Where_all_have_ended_nothing_follows() => ProbeRates.ExpectedLength(20, 8, 8, 60, 512).ShouldBe(20);

    [Theory]
    [InlineData(0, 16, 16)]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 0)]
    public void Few_completions_give_a_length_between_theirs_and_the_limit(double mean, double completions, double ended) =>
        ProbeRates.ExpectedLength(mean, completions, ended, 1, 512).ShouldBeInRange(mean, 512);
}
