using System.Diagnostics;

namespace Tenon.Tests.Rewards.Outcome;

public class RegexRewardTests
{
    [Theory]
    [InlineData("""{"pattern":"[a-z]+"}""", " abc\n", true)]
    [InlineData("""{"pattern":"[a-z]+"}""", "abc1", false)]
    [InlineData("""{"pattern":"a|b"}""", "ab", false)]
    [InlineData("""{"pattern":"[a-z]+"}""", "<think>1</think>abc", true)]
    [InlineData("""{"pattern":"[a-z]+"}""", "<think>abc", false)]
    [InlineData("""{"pattern":"ABC","ignore-case":true}""", "abc", true)]
    [InlineData("""{"pattern":"b+","match":"anywhere"}""", "abbc", true)]
    [InlineData("""{"pattern":"[0-9]+","where":"box"}""", "\\boxed{42}", true)]
    [InlineData("""{"pattern":"[0-9]+","where":"box"}""", "42", false)]
    [InlineData("""{"pattern":"<a>.*</a>","where":"all"}""", "<a>x</a>", true)]
    [InlineData("""{"pattern":"(a)\\1","backtracking":true}""", "aa", true)]
    public void Decides(string settings, string text, bool right) => Rows.Reward("regex", settings).Judge("", text).Correct.ShouldBe(right);

    [Theory]
    [InlineData("#### 12", true)]
    [InlineData("#### 7\nno:\n#### 12", true)]
    [InlineData("#### 12\n#### 7", false)]
    [InlineData("12", false)]
    public void The_last_match_is_compared_with_the_gold(string text, bool right) =>
        Rows.Reward("regex", """{"pattern":"####\\s*([0-9]+)","match":"anywhere","gold":true}""").Judge("12", text).Correct.ShouldBe(right);

    [Fact]
    public void A_line_may_bring_its_own_pattern()
    {
        var reward = Rows.Reward("regex");
        reward.Judge("", "abc", """{"pattern":"[a-c]+"}""").Correct.ShouldBe(true);
        reward.Judge("", "abc").Skipped.ShouldBe("no-pattern");
        reward.Judge("", "abc", """{"pattern":"("}""").Skipped.ShouldBe("pattern-broken");
        Rows.Reward("regex", """{"pattern":"x","gold":true}""").Judge(" ", "x").Skipped.ShouldBe("empty-gold");
    }

    [Fact]
    public void No_pattern_can_hang()
    {
        var clock = Stopwatch.StartNew();
        var text = new string('a', 5_000) + "!";
        Rows.Reward("regex", """{"pattern":"(a+)+"}""").Judge("", text).Correct.ShouldBe(false);
        Rows.Reward("regex", """{"pattern":"(a+)+","backtracking":true,"timeout":0.2}""").Judge("", text)
            .ShouldSatisfyAllConditions(v => v.Correct.ShouldBe(false), v => v.Reason.ShouldBe("budget"));
        clock.Elapsed.TotalSeconds.ShouldBeLessThan(20);
    }

    [Fact]
    public void As_a_shaping_reward_it_judges_no_outcome()
    {
        var reward = Rows.Reward("regex", """{"pattern":"a","outcome":false}""");
        reward.IsOutcome.ShouldBeFalse();
        reward.Judge("", "a").ShouldSatisfyAllConditions(v => v.Score.ShouldBe(1), v => v.Correct.ShouldBeNull());
    }

    [Theory]
    [InlineData("""{"pattern":"("}""", "pattern: is no regular expression")]
    [InlineData("""{"pattern":"a)(b"}""", "pattern: is no regular expression")]
    [InlineData("""{"pattern":"(?=a)b"}""", "set 'backtracking: true'")]
    [InlineData("""{"pattern":"a","timeout":0}""", "timeout: 0 is out of range; expected above 0, at most 3600")]
    [InlineData("""{"patern":"a"}""", "patern: unknown key; nearest: pattern")]
    public void Bad_settings_are_named(string settings, string message) => Rows.Faults("regex", settings).ShouldContain(message);
}
