using System.Text.Json;
using Tenon.Rewards;
using Tenon.Rewards.Outcome;

namespace Tenon.Tests.Rewards.Outcome;

public sealed class MathRewardTests
{
    [Fact]
    public void A_recipe_finds_it_by_name_with_its_settings()
    {
        var reward =
            RewardFinder.Create("math", new Dictionary<string, object?> { ["profile"] = "boxed", ["right"] = 2.0, ["wrong"] = -1.0 });
        reward.IsOutcome.ShouldBeTrue();
        reward.Name.ShouldBe("math");
        Judge(reward, "5", @"\boxed{5}").Score.ShouldBe(2);
        Judge(reward, "5", "5").ShouldBe(new Verdict(-1, false, "no-box"));
        Should.Throw<TenonException>(() =>
            RewardFinder.Create("math", new Dictionary<string, object?> { ["profile"] = "other" })).IsUsage.ShouldBeTrue();
    }

    [Fact]
    public void An_empty_gold_is_a_skip_and_a_column_of_the_line_is_obeyed()
    {
        var reward = new MathReward();
        Judge(reward, "", @"\boxed{5}").Skipped.ShouldBe("empty-gold");
        using var json = JsonDocument.Parse("""{"tolerance":0.05,"golds":["7"],"unit":"m"}""");
        var fields = json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        var problem = new Problem("p", "?", "5", fields);
        Correct(@"\boxed{5.1}").ShouldBe(true);
        Correct(@"\boxed{7}").ShouldBe(true);
        Correct(@"\boxed{500\text{ cm}}").ShouldBe(true);
        Correct(@"\boxed{6}").ShouldBe(false);

        bool? Correct(string text) => reward.Judge(problem, new Completion(text, 1, false, 9)).Correct;
    }

    private static Verdict Judge(IReward reward, string gold, string text) =>
        reward.Judge(new Problem("p", "?", gold), new Completion(text, 1, false, 9)) with { Extracted = null };
}
