using Tenon.Adapters;
using Tenon.Recipes;
using Tenon.Tests.Support;
using Tenon.Training.Settings;

namespace Tenon.Tests.Recipes;

public class DefaultRateTests
{
    [Theory]
    [InlineData("lora", 1e-3)]
    [InlineData("ia3", 1e-2)]
    [InlineData("full", 1e-4)]
    public void A_recipe_without_a_learning_rate_gets_the_methods_own_and_the_run_holds_it(string method, double rate)
    {
        using var setup = RunBuilder.Build(Recipe(method, null));
        setup.Settings.Optimizer.LearningRate.ShouldBe(rate);
        setup.Settings.Adapter.Rank.ShouldBe(16);
        setup.Settings.Adapter.Alpha.ShouldBe(32);
        setup.Adapter.Dispose();
    }

    [Fact]
    public void A_rate_that_is_named_stays()
    {
        using var setup = RunBuilder.Build(Recipe("lora", 5e-5));
        setup.Settings.Optimizer.LearningRate.ShouldBe(5e-5);
        setup.Adapter.Dispose();
    }

    [Fact]
    public void The_rate_falls_with_the_width_to_two_digits()
    {
        var config = RandomModel.Create().Config;
        AdapterMethod.Of("lora").DefaultRate(config with { HiddenSize = 1536 }).ShouldBe(8.3e-5);
        AdapterMethod.Of("lora").DefaultRate(config with { HiddenSize = 576 }).ShouldBe(2.2e-4);
    }

    [Fact]
    public void A_floor_above_the_methods_own_rate_is_an_error() =>
        Should.Throw<TenonException>(() => new OptimizerSettings { MinLearningRate = 1 }
        .WithRate(1e-3)).Message.ShouldContain("min-learning-rate");

    private static RunSettings Recipe(string method, double? rate) => new()
    {
        Adapter = new() { Method = method },
        Data = new() { Task = new() { Name = "arithmetic", Level = 2 }, Prompt = "plain" },
        Rollout = new() { Prompts = 2, Group = 2, MaxNewTokens = 16, MaxPromptTokens = 64 },
        Optimizer = new() { LearningRate = rate },
    };
}
