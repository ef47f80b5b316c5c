using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tests.Support;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training.Settings;

public class SettingsTests
{
    private static readonly RunSettings Run = new() { Data = new() { Task = new() } };

    [Fact]
    public void Defaults_with_a_task_are_without_fault() => Run.Validate().ShouldBeEmpty();

    [Fact]
    public void All_faults_are_found_at_once()
    {
        var faults = (Run with
        {
            Steps = 0,
            Data = new(),
            Rollout = new() { Temperature = 0, Group = 1 },
            Adapter = new() { Rank = 0, Bias = "some" },
            Evaluate = new() { Benchmarks = ["gsm8k@0"] },
        }).Validate();
        faults.Select(fault => fault.Key).ShouldBe(
            ["steps", "data.train", "rollout.temperature", "rollout.group", "adapter.rank", "adapter.bias", "evaluate.benchmarks"],
            ignoreOrder: true);
    }

    [Fact]
    public void Json_gives_the_same_settings_back()
    {
        var settings = Run with
        {
            Precision = Precision.Bf16,
            Adapter = new() { Method = "vera", Rank = 8, RankPattern = new Dictionary<string, int> { ["q_proj"] = 4 } },
            Reward = [new() { Name = "math" }, new() { Name = "soft-overlong", Weight = 0.5 }],
            Optimizer = new() { LearningRate = 3e-5, Schedule = Tenon.Training.Schedules.ScheduleKind.Cosine },
        };
        var json = SettingsJson.Write(settings);
        json["precision"]!.GetValue<string>().ShouldBe("bf16");
        json["rollout"]!["max-new-tokens"]!.GetValue<int>().ShouldBe(512);
        SettingsJson.Write(SettingsJson.Read<RunSettings>(json)).ToJsonString().ShouldBe(json.ToJsonString());
    }

    [Fact]
    public void The_page_says_how_many_problems_are_held_out() =>
        XmlDocs.Of(typeof(EvaluateSettings).Assembly).Of(typeof(EvaluateSettings).GetProperty(nameof(EvaluateSettings.Problems))!)
            .ShouldContain($"({EvaluateSettings.HeldOutProblems} for `held-out`)");

    [Fact]
    public void A_prompt_is_filled_in_one_pass() =>
        Prompts.Fill("boxed", "What is {problem} in \\boxed{}?").ShouldStartWith("What is {problem} in \\boxed{}?\nPlease reason");
}
