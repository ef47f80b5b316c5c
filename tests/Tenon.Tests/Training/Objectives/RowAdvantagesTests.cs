using Tenon.Training.Objectives;

namespace Tenon.Tests.Training.Objectives;

/// <summary>Advantages of single estimators against their definitions.</summary>
public class RowAdvantagesTests
{
    [Theory]
    [InlineData(new[] { 1.0, 0, 0, 1 }, new[] { 1.0, -1, -1, 1 })]
    [InlineData(new[] { 1.0, 0, 0, 0 }, new[] { 3.0, -1, -1, -1 })]
    [InlineData(new[] { 0.0, 0, 0, 0 }, new[] { 0.0, 0, 0, 0 })]
    [InlineData(new[] { 1.0, 1, 1, 1 }, new[] { 0.0, 0, 0, 0 })]
    [InlineData(new[] { -1.0, 0, 0, 0 }, new[] { 0.0, 0, 0, 0 })]
    public void Maxrl_divides_by_the_mean_and_gives_nothing_where_there_is_none(double[] rewards, double[] expected) =>
        Of("maxrl", rewards).PerRow.ShouldBe(expected);

    [Fact]
    public void An_unscorable_row_is_in_no_mean()
    {
        Of("maxrl", [1, double.NaN, 0]).PerRow.ShouldBe([1, 0, -1]);
        Of("pass@k-training", [1, double.NaN, 0, 0, 0, 1]).PerRow[1].ShouldBe(0);
    }

    // The definition: over all sets of k of the group's rows, reward 1 where one of them is right; a row's advantage is the mean of
    // (reward - mean) / deviation over the sets that hold it.
    [Theory]
    [InlineData(6, 2, 3)]
    [InlineData(6, 5, 3)]
    [InlineData(8, 1, 4)]
    [InlineData(5, 3, 1)]
    [InlineData(5, 1, 5)]
    [InlineData(4, 0, 2)]
    [InlineData(4, 4, 2)]
    public void Pass_at_k_training_is_the_mean_over_all_sets_of_k(int count, int right, int k)
    {
        var rewards = Enumerable.Range(0, count).Select(i => i < right ? 1.0 : 0).ToArray();
        var sets = Enumerable.Range(0, 1 << count).Where(set => int.PopCount(set) == k)
            .Select(set => (Set: set, Reward: Enumerable.Range(0, count).Any(i => i < right && (set >> i & 1) == 1) ? 1.0 : 0)).ToList();
        var mean = sets.Average(s => s.Reward);
        var deviation = Math.Sqrt(sets.Average(s => (s.Reward - mean) * (s.Reward - mean)));
        var expected = Enumerable.Range(0, count)
            .Select(i => deviation == 0 ? 0 : sets.Where(s => (s.Set >> i & 1) == 1).Average(s => (s.Reward - mean) / deviation));
        var actual = Of("pass@k-training", rewards, settings => settings with { PassK = k }).PerRow;
        foreach (var (got, want) in actual.Zip(expected)) got.ShouldBe(want, 1e-12);
    }

    [Fact]
    public void Pass_at_k_training_goes_by_the_outcome_where_it_is_known() =>
        Of("pass@k-training", [0.5, 0.4, 0.3, 0.2, 0.1], right: [true, false, false, false, false]).PerRow
            .Select(Math.Sign).ShouldBe([1, -1, -1, -1, -1]);

    private static AdvantageResult Of(
        string preset, double[] rewards, Func<ObjectiveSettings, ObjectiveSettings>? change = null, bool[]? right = null)
    {
        var settings = ObjectivePresets.Named(preset);
        return Advantages.Of(change?.Invoke(settings) ?? settings, new AdvantageInput
        {
            Rewards = new RewardTable([rewards], new int[rewards.Length]),
            RowStarts = [.. Enumerable.Range(0, rewards.Length + 1)],
            Mask = [.. rewards.Select(_ => true)],
            Right = right,
        });
    }
}
