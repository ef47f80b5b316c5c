using System.Globalization;
using System.Text.RegularExpressions;
using Tenon.Runs;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>
/// What a dry run tells beside the run itself. The bounds are those of a machine that does other work: the time by the clock within a
/// factor of three of a dry run before or behind the run; the memory told between 0.8 and 1.3 of the peak that the system counts, and the
/// peak below what is told as the most.
/// </summary>
[Trait("Speed", "slow")]
public sealed partial class DryRunBoundsTests : IDisposable
{
    private const double TimeFactor = 3;
    private const double LeastMemory = 0.8, MostMemory = 1.3;
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("rollout: { prompts: 16, group: 8, max-new-tokens: 64 }")]
    [InlineData("rollout: { prompts: 8, group: 8, max-new-tokens: 64 }\nobjective: { preset: grpo, kl: 0.1 }\nupdate: { epochs: 2 }")]
    [InlineData("rollout: { prompts: 16, group: 16, max-new-tokens: 32, dynamic-sampling: false }\nadapter: { method: full }")]
    public void On_the_embedded_model(string more) => Hold($$"""
        model: tiny
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        {{more}}
        steps: 6
        evaluate: { benchmarks: [] }
        """);

    /// <summary>Half of the completions hold an even digit, so that every step trains.</summary>
    [Fact]
    public void On_a_model_of_135_million_parameters_that_trains()
    {
        var model = Directory.GetFiles(GoldenFolder.RequireModels(), "SmolLM2-135M-Instruct*.gguf").FirstOrDefault();
        Assert.SkipWhen(model is null, "TENON_MODELS holds no SmolLM2-135M-Instruct");
        Hold($$"""
            model: {{model}}
            data: { task: { name: arithmetic, level: 1 }, prompt: "Compute {problem} Answer with the number only." }
            reward: [{ name: regex, pattern: "[02468]", match: anywhere }]
            rollout: { prompts: 4, group: 4, max-new-tokens: 16, max-prompt-tokens: 64, temperature: 1.0 }
            steps: 3
            evaluate: { benchmarks: [] }
            """);
    }

    private void Hold(string text)
    {
        var recipe = _runs.Recipe(text);
        var before = Told.Of(recipe);
        var run = _runs.Train(recipe, "run", 2);
        var behind = Told.Of(recipe);
        var steps = RunReader.Open(run).Steps;
        steps.Count(step => step[StepMetric.TokensTrained] > 0).ShouldBeGreaterThan(0, "a run that trains");
        var (seconds, memory) = (steps.Sum(step => step[StepMetric.Time]), steps.Max(step => step[StepMetric.Memory]));
        foreach (var told in new[] { before, behind })
        {
            told.Seconds.ShouldBeLessThanOrEqualTo(told.MostSeconds * 1.001);
            told.Memory.ShouldBeLessThanOrEqualTo(told.MostMemory * 1.001);
            memory.ShouldBeLessThan(told.MostMemory * 1.1, "at most");
        }

        var (low, high) = (Math.Min(before.Seconds, behind.Seconds), Math.Max(before.Seconds, behind.Seconds));
        seconds.ShouldBeInRange(low / TimeFactor, high * TimeFactor, $"told {before.Seconds} and {behind.Seconds} s");
        before.Memory.ShouldBeInRange(memory * LeastMemory, memory * MostMemory, "memory");
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"told {before.Seconds:F1} and {behind.Seconds:F1} s, took {seconds:F1}; told {before.Memory:F2} GB, took {memory:F2}"));
    }

    private sealed record Told(double Seconds, double MostSeconds, double Memory, double MostMemory)
    {
        public static Told Of(string recipe)
        {
            var (exit, output, error) = TenonProcess.Run(["train", recipe, "--dry-run", "--threads", "2"]);
            exit.ShouldBe(0, error);
            foreach (Match part in Parts().Matches(output))
                Clock(part.Groups[1].Value).ShouldBeLessThanOrEqualTo(Clock(part.Groups[2].Value) * 1.06, part.Value);
            var (time, memory) = (Time().Match(output), All().Match(output));
            time.Success.ShouldBeTrue(output);
            memory.Success.ShouldBeTrue(output);
            return new Told(Clock(time.Groups[1].Value), Clock(time.Groups[2].Value), Number(memory.Groups[1].Value),
                Number(memory.Groups[2].Value));
        }

        private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

        private static double Clock(string text)
        {
            var space = text.IndexOf(' ', StringComparison.Ordinal);
            return Number(text[..space]) * text[(space + 1)..] switch { "ms" => 0.001, "s" => 1, "min" => 60, _ => 3600 };
        }
    }

    [GeneratedRegex(@"^time +[a-z ]+: about (\d\S* \w+) a step, at most about (\d\S* \w+)", RegexOptions.Multiline)]
    private static partial Regex Parts();

    [GeneratedRegex(@"^time +all: about .* a step and (\d\S* \w+) for .* and (\d\S* \w+)$", RegexOptions.Multiline)]
    private static partial Regex Time();

    [GeneratedRegex(@"^memory +all: about (\S+) GB, at most (\S+) GB", RegexOptions.Multiline)]
    private static partial Regex All();
}
