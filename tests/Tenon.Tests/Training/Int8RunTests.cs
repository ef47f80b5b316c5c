using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>Whole runs with integer products: the same bits from every kind of instruction, and as much learnt as in float32.</summary>
public sealed class Int8RunTests(ITestOutputHelper output) : IDisposable
{
    private const string Short = """
        model: tiny
        adapter: { method: lora, rank: 4, alpha: 8 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        rollout: { prompts: 2, group: 4, max-new-tokens: 8, temperature: 2.0 }
        objective: { preset: grpo, kl: 0.01 }
        optimizer: { learning-rate: 1.0e-3 }
        steps: 1
        seed: 7
        """;

    // Thirty steps of the quickstart at half its batch.
    private const string Learning = """
        model: tiny
        adapter: { method: lora, rank: 16, alpha: 32, targets: all-linear }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 16, group: 8, max-new-tokens: 64, temperature: 1.0 }
        objective: { preset: dapo }
        optimizer: { method: adamw, learning-rate: 3.0e-3, schedule: linear }
        steps: 30
        seed: 42
        evaluate: { benchmarks: [held-out@1], problems: 512 }
        checkpoint: { every: 30, keep: 1 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [Trait("Speed", "slow")]
    [InlineData("int8", "DOTNET_EnableAVX512", "DOTNET_EnableAVXVNNI", "DOTNET_EnableHWIntrinsic")]
    [InlineData("int8-a16", "DOTNET_EnableHWIntrinsic")]
    public void A_run_is_the_same_with_every_kind_of_instructions(string precision, params string[] switches)
    {
        var recipe = _runs.Recipe(Short + $"\nprecision: {precision}");
        var expected = TinyRuns.Contents(_runs.Train(recipe, "best", 2));
        foreach (var off in switches)
            TinyRuns.ShouldBeTheSame(_runs.Train(recipe, off, 1, null, (off, "0"), ("TENON_ASSEMBLE", "0")), expected, off);
    }

    /// <summary>
    /// The same thirty steps in float32, <c>int8</c> and <c>int8-a16</c>: each learns, sampled is trained in every step, and no precision
    /// ends more than six points (two standard
    /// errors of the difference) below float32.
    /// </summary>
    [Fact]
    [Trait("Speed", "slow")]
    public void Integers_learn_what_float32_learns()
    {
        var after = new Dictionary<string, double>();
        foreach (var precision in (string[])["f32", "int8", "int8-a16"])
        {
            var run = _runs.Train(_runs.Recipe(Learning), precision, 2, [$"precision={precision}"]);
            File.ReadLines(Path.Combine(run, "metrics.jsonl"))
                .ShouldAllBe(line => (double)JsonNode.Parse(line)!["logp_difference_max"]! == 0);
            var (before, end) = (Accuracy(run, 0), Accuracy(run, 30));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{precision}: {before:P1} before, {end:P1} after"));
            end.ShouldBeGreaterThan(before + 0.03, precision);
            after[precision] = end;
        }

        after["int8"].ShouldBeGreaterThan(after["f32"] - 0.06);
        after["int8-a16"].ShouldBeGreaterThan(after["f32"] - 0.06);
    }

    private static double Accuracy(string run, int step) =>
        (double)JsonNode.Parse(File.ReadAllText(Path.Combine(run, "eval", $"{step}", "held-out@1", "summary.json")))!["avg_at_k"]!;
}
