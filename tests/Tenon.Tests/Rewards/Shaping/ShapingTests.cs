using System.Text.Json;
using Tenon.Rewards.Shaping;
using Tenon.Tests.Training;

namespace Tenon.Tests.Rewards.Shaping;

/// <summary>Shaping rewards: TRL's numbers (golden/objectives) and the promises that hold without them.</summary>
public class ShapingTests
{
    [Fact]
    public void Every_shaping_reward_is_that_of_trl() =>
    GoldenLines.All(GoldenLines.Of("objectives", "shaping.jsonl"), "shaping rewards", one =>
    {
        var s = one.TryGetProperty("settings", out var settings) ? settings : default;
        int[] Whole(JsonElement x) => x.EnumerateArray().Select(value => value.GetInt32()).ToArray();
        var actual = one.Text("what") switch
        {
            "soft_overlong" => Whole(one.GetProperty("lengths")).Select(length =>
                SoftOverlong.Reward(length, s.GetProperty("max_completion_len").GetInt32(), s.GetProperty("soft_punish_cache").GetInt32())),
            "repetition_penalty" => one.GetProperty("token_ids").EnumerateArray().Select(ids =>
                RepetitionPenalty.Reward(Whole(ids), s.GetProperty("ngram_size").GetInt32(), s.Number("max_penalty"))),
            "cosine_scaled" => Whole(one.GetProperty("lengths"))
                .Zip(one.GetProperty("correct").EnumerateArray(), (length, correct) => CosineLength.Reward(
                correct.GetBoolean(), length, s.GetProperty("max_len").GetInt32(),
                new CosineEnds(s.Number("min_value_wrong"), s.Number("max_value_wrong"), s.Number("min_value_correct"),
                s.Number("max_value_correct")))),
            "think_format" => one.GetProperty("texts").EnumerateArray().Select(text => ThinkFormat.Reward(text.GetString())),
            _ => throw new ShouldAssertException($"unknown reward {one.Text("what")}"),
        };
        GoldenLines.ShouldBe("rewards", actual.ToArray(), one.Vector("rewards"), 1e-12);
    });

    [Theory]
    [InlineData(80, 0)]
    [InlineData(90, -0.5)]
    [InlineData(100, -1)]
    [InlineData(101, -1)]
    public void The_overlong_penalty_falls_over_its_buffer(int tokens, double expected) =>
    SoftOverlong.Reward(tokens, 100, 20).ShouldBe(expected);

    [Theory]
    [InlineData(new int[0], 0)]
    [InlineData(new[] { 1, 2 }, 0)]
    [InlineData(new[] { 1, 2, 3, 4 }, 0)]
    [InlineData(new[] { 5, 5, 5, 5, 5 }, -2.0 / 3)]
    [InlineData(new[] { 1, 2, 1, 2, 1, 2, 1 }, -0.6)]
    public void Repeated_trigrams_cost(int[] tokens, double expected) => RepetitionPenalty.Reward(tokens, 3, -1).ShouldBe(expected, 1e-15);

    [Fact]
    public void A_long_text_costs_linear_time()
    {
        var tokens = Enumerable.Range(0, 300_000).Select(i => i % 7 * (i % 11)).ToArray();
        RepetitionPenalty.Reward(tokens, 8, -1).ShouldBeInRange(-1, -0.9);
    }

    [Fact]
    public void The_cosine_is_that_of_the_platform_within_rounding()
    {
        for (var tokens = 0; tokens <= 1000; tokens++)
            CosineLength.Reward(true, tokens, 1000, new CosineEnds(MinCorrect: 0, MaxCorrect: 1))
                .ShouldBe(0.5 * (1 + Math.Cos(Math.PI * tokens / 1000.0)), 4e-16);
    }

    [Theory]
    [InlineData("<think>a</think>b", 1)]
    [InlineData("<think>a\nb</think>", 1)]
    [InlineData(" <think>a</think>", 0)]
    [InlineData("<think>a", 0)]
    [InlineData("<think>a</think>b<think>c</think>", 0)]
    [InlineData("<THINK>a</THINK>", 0)]
    public void The_think_format_is_one_block_at_the_start(string text, double expected) => ThinkFormat.Reward(text).ShouldBe(expected);
}
