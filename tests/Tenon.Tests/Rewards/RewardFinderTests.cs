using System.Text.Json;
using Tenon.Rewards;
using Tenon.Rewards.External;
using Tenon.Rewards.Tasks;

namespace Tenon.Tests.Rewards;

public class RewardFinderTests
{
    [Fact]
    public void Rewards_and_tasks_are_found_by_their_names()
    {
        RewardFinder.Create("number").Name.ShouldBe("number");
        RewardFinder.Names.ShouldContain("command");
        foreach (var name in TaskFinder.Names) TaskFinder.Create(name).Name.ShouldBe(name);
    }

    [Fact]
    public void An_unknown_name_is_a_usage_error_with_the_nearest_one()
    {
        Should.Throw<TenonException>(() => RewardFinder.Create("numbr")).Message.ShouldContain("did you mean 'number'?");
        Should.Throw<TenonException>(() => TaskFinder.Create("aritmetic")).Message.ShouldContain("did you mean 'arithmetic'?");
    }

    [Fact]
    public void Settings_come_as_yaml_or_json_gives_them()
    {
        using var json = JsonDocument.Parse("""{"timeout": 2.5, "outcome": false}""");
        var values = json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value);
        values["command"] = "cat";
        values["label"] = "mine";
        using var reward = (CommandReward)RewardFinder.Create("command", values);
        reward.Name.ShouldBe("mine");
        reward.IsOutcome.ShouldBeFalse();
        SettingNames.Keys(RewardFinder.StandardSettings("command")!.GetType()).Select(key => SettingNames.KeyOf(key.Name))
            .ShouldBe(["command", "timeout", "start-timeout", "outcome", "label"]);
    }

    [Fact]
    public void All_faults_are_reported_at_once()
    {
        var error =
            Should.Throw<TenonException>(() => RewardFinder.Create("command", Map(("comand", "x"), ("timeout", "soon"), ("outcome", 3L))));
        error.IsUsage.ShouldBeTrue();
        error.Message.ShouldContain("comand: unknown key; nearest: command");
        error.Message.ShouldContain("timeout: 'soon' is no number; expected above 0, at most 86400");
        error.Message.ShouldContain("outcome: '3' is no true or false");
        Should.Throw<TenonException>(() =>
            RewardFinder.Create("command",
            Map(("timeout", 0L)))).Message.ShouldContain("timeout: 0 is out of range; expected above 0, at most 86400");
        Should.Throw<TenonException>(() =>
            RewardFinder.Create("number", Map(("weight", 1L)))).Message.ShouldContain("weight: unknown key; there are no settings");
        RewardFinder.Check("command", Map(("x", null), ("timeout", "soon"))).Select(f => f.Key)
            .ShouldBe(["x", "timeout", "command"], ignoreOrder: true);
    }

    private static Dictionary<string, object?> Map(params (string, object?)[] pairs) => pairs.ToDictionary(p => p.Item1, p => p.Item2);
}
