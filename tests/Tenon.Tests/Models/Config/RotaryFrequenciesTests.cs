using System.Text;
using Tenon.Models.Config;

namespace Tenon.Tests.Models.Config;

/// <summary>
/// The rotary rules against transformers 5.23 (<c>ROPE_INIT_FUNCTIONS</c>, float32) for a head of 16, base 10000, context 256.
/// </summary>
public class RotaryFrequenciesTests
{
    [Theory]
    [InlineData("linear", "{\"rope_type\": \"linear\", \"factor\": 2.5}", 1, 1.0,
    new[] { 0.4, 0.1264911, 0.04, 0.01264911, 0.004, 0.001264911, 0.0004, 0.0001264911 })]
    [InlineData("dynamic within context", "{\"rope_type\": \"dynamic\", \"factor\": 4.0}", 100, 1.0,
    new[] { 1, 0.3162278, 0.1, 0.03162278, 0.01, 0.003162278, 0.001, 0.0003162278 })]
    [InlineData("dynamic beyond context", "{\"rope_type\": \"dynamic\", \"factor\": 4.0}", 1000, 1.0,
    new[] { 1, 0.220131, 0.04845766, 0.01066703, 0.002348145, 0.0005168996, 0.0001137856, 2.504774e-05 })]
    [InlineData("llama3",
    "{\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, "
    + "\"original_max_position_embeddings\": 64}", 1, 1.0,
    new[] { 1, 0.2443846, 0.01304226, 0.003952847, 0.00125, 0.0003952847, 0.000125, 3.952847e-05 })]
    [InlineData("yarn", "{\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 64}", 1, 1.138629436111989,
    new[] { 1, 0.2371708, 0.05, 0.007905695, 0.0025, 0.0007905695, 0.00025, 7.905695e-05 })]
    [InlineData("yarn without original", "{\"rope_type\": \"yarn\", \"factor\": 4.0}", 1, 1.138629436111989,
    new[] { 1, 0.2569351, 0.0625, 0.01383497, 0.0025, 0.0007905695, 0.00025, 7.905695e-05 })]
    [InlineData("yarn with attention_factor",
    "{\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 64, \"attention_factor\": 1.25}", 1, 1.25,
    new[] { 1, 0.2371708, 0.05, 0.007905695, 0.0025, 0.0007905695, 0.00025, 7.905695e-05 })]
    [InlineData("yarn with betas",
    "{\"rope_type\": \"yarn\", \"factor\": 8.0, \"original_max_position_embeddings\": 64, \"beta_fast\": 16, \"beta_slow\": 2}", 1,
    1.2079441541679836, new[] { 1, 0.1778781, 0.0125, 0.003952847, 0.00125, 0.0003952847, 0.000125, 3.952847e-05 })]
    [InlineData("yarn not truncated",
    "{\"rope_type\": \"yarn\", \"factor\": 8.0, \"original_max_position_embeddings\": 64, \"truncate\": false}", 1, 1.2079441541679836,
    new[] { 1, 0.1789761, 0.01319446, 0.003952847, 0.00125, 0.0003952847, 0.000125, 3.952847e-05 })]
    [InlineData("yarn with mscale",
    "{\"rope_type\": \"yarn\", \"factor\": 40.0, \"original_max_position_embeddings\": 64, \"mscale\": 1.0, \"mscale_all_dim\": 0.7}", 1,
    1.0879546075066122, new[] { 1, 0.2134537, 0.035, 0.0007905695, 0.00025, 7.905695e-05, 2.5e-05, 7.905694e-06 })]
    [InlineData("yarn with mscale alone",
    "{\"rope_type\": \"yarn\", \"factor\": 40.0, \"original_max_position_embeddings\": 64, \"mscale\": 0.7}", 1, 1.3688879454113936,
    new[] { 1, 0.2134537, 0.035, 0.0007905695, 0.00025, 7.905695e-05, 2.5e-05, 7.905694e-06 })]
    public void Frequencies_and_attention_factor_are_those_of_transformers(string name, string rope, long maxLength, double factor,
    double[] expected)
    {
        var json = $$"""
            {"model_type":"llama","hidden_size":32,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":2,"head_dim":16,"vocab_size":9,
             "max_position_embeddings":256,"rope_theta":10000.0,"rope_scaling":{{rope}}}
            """;
        var got = RotaryFrequencies.For(HuggingFaceConfig.Parse("config.json", Encoding.UTF8.GetBytes(json)), maxLength);
        got.AttentionFactor.ShouldBe(factor, 1e-12, name);
        got.InverseFrequencies.Length.ShouldBe(expected.Length);
        for (var i = 0; i < expected.Length; i++) got.InverseFrequencies[i].ShouldBe(expected[i], 1e-6 * expected[i], $"{name} {i}");
    }

    [Fact]
    public void Divisors_of_a_GGUF_file_divide_the_plain_frequencies()
    {
        var config = Support.TinyModel.Config("llama")
            with
        { RopeScaling = new RopeScaling { Type = RopeType.Divisors, Divisors = [1, 2, 8] } };
        var plain = RotaryFrequencies.For(config with { RopeScaling = RopeScaling.None }, 1).InverseFrequencies;
        RotaryFrequencies.For(config, 1).InverseFrequencies.ShouldBe([plain[0], plain[1] / 2, plain[2] / 8]);
    }

    [Theory]
    [InlineData(8, 8192, 500000, 64)]
    [InlineData(32, 8192, 500000, 32)]
    [InlineData(8, 32, 100000, 8)]
    public void The_llama3_rule_behind_divisors_is_found_again(double factor, long original, double theta, int pairs)
    {
        var rule = new RopeScaling { Type = RopeType.Llama3, Factor = factor, OriginalMaxPositionEmbeddings = original };
        var config = Support.TinyModel.Config("llama") with { HeadDim = 2 * pairs, RopeTheta = theta, RopeScaling = rule };
        var scaled = RotaryFrequencies.For(config, 1).InverseFrequencies;
        var plain = RotaryFrequencies.For(config with { RopeScaling = RopeScaling.None }, 1).InverseFrequencies;
        var divisors = new RopeScaling { Type = RopeType.Divisors, Divisors = [.. plain.Select((f, i) => (float)(f / scaled[i]))] };
        Llama3Fit.Find(config with { RopeScaling = divisors }).ShouldBe(rule);
        Llama3Fit.Find(config
            with
        { RopeScaling = divisors with { Divisors = [.. divisors.Divisors.Select((d, i) => i == 1 ? d * 1.5f : d)] } })
            .ShouldBeNull();
    }
}
