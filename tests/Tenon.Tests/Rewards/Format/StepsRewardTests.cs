using Tenon.Rewards;

namespace Tenon.Tests.Rewards.Format;

public sealed class StepsRewardTests
{
    [Fact]
    public void The_share_of_right_steps_is_paid()
    {
        var reward = RewardFinder.Create("steps");
        (reward.Name, reward.IsOutcome).ShouldBe(("steps", false));
        Judge(reward, "2 + 3 = 5\n5 * 4 = 20\n20 - 3 = 18\n18 / 2 = 9")
            .ShouldBe(new Verdict(0.75, null, "wrong-step") { Extracted = "line 3: 20 - 3 = 18" });
        Judge(reward, "2 + 3 = 5\n5 * 4 = 20").ShouldBe(new Verdict(1, null, "steps-right"));
        Judge(reward, "I do not know.").ShouldBe(new Verdict(0, null, "no-steps"));
    }

    [Fact]
    public void One_safe_sum_does_not_pay_like_a_derivation_and_repeating_pays_nothing()
    {
        var reward = RewardFinder.Create("steps", new Dictionary<string, object?> { ["min-steps"] = 4 });
        Judge(reward, "1 + 1 = 2").Score.ShouldBe(0.25);
        Judge(reward, string.Concat(Enumerable.Repeat("1 + 1 = 2. ", 50))).Score.ShouldBe(0.25);
        Judge(reward, "7 = 7. 5 = 5. 3 = 3. x = x.").Score.ShouldBe(0);
    }

    [Fact]
    public void Settings_choose_the_score()
    {
        const string text = "2 + 3 = 5\n5 * 4 = 21\n20 - 3 = 17\n18 / 2 = 9";
        Judge(RewardFinder.Create("steps", new Dictionary<string, object?> { ["score"] = "before-error" }), text).Score.ShouldBe(0.25);
        Judge(RewardFinder.Create("steps", new Dictionary<string, object?> { ["score"] = "clean" }), text).Score.ShouldBe(0);
        var visible = RewardFinder.Create("steps", new Dictionary<string, object?> { ["thinking"] = false, ["unchecked"] = -0.5 });
        Judge(visible, "<think>2 + 2 = 5</think>3 + 3 = 6, 3 + 4 = 7").Score.ShouldBe(1);
        Judge(visible, "<think>2 + 2 = 4").Score.ShouldBe(-0.5);
        Should.Throw<TenonException>(() =>
            RewardFinder.Create("steps", new Dictionary<string, object?> { ["score"] = "best" })).IsUsage.ShouldBeTrue();
    }

    private static Verdict Judge(IReward reward, string text) => reward.Judge(new Problem("p", "?", ""), new Completion(text, 1, false, 9));
}
