using System.Globalization;
using System.Text.RegularExpressions;
using Tenon.Recipes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>A dry run's parts add up to what it tells as a whole, in the digits that it prints.</summary>
public sealed partial class DryRunPartsTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact, Trait("Speed", "slow")]
    public void Parts_add_up_to_the_whole()
    {
        const int Steps = 5;
        var call = Call.Tenon("train", _runs.Recipe("""
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 8, group: 8, max-new-tokens: 64 }
            steps: 5
            evaluate: { benchmarks: [held-out@1], problems: 64 }
            """), "--dry-run");
        call.Exit.ShouldBe(0, call.Error);
        var step = Times("a step", call.Out);
        step.Count.ShouldBeGreaterThanOrEqualTo(2);
        var once = Once().Matches(call.Out).Select(match => Clock(match.Groups[1].Value)).ToList();
        once.Count.ShouldBeGreaterThanOrEqualTo(1);
        var all = All().Match(call.Out);
        all.Success.ShouldBeTrue(call.Out);
        // Each part is printed with one or two digits.
        Clock(all.Groups[2].Value).ShouldBeInRange(
            0.7 * (step.Sum() * Steps + once.Sum()), 1.3 * (step.Sum() * Steps + once.Sum()) + 0.3, call.Out);
        Clock(all.Groups[1].Value).ShouldBeInRange(0.7 * step.Sum(), 1.3 * step.Sum() + 0.05, call.Out);

        var memory = Memory().Matches(call.Out).Select(match => double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)).ToList();
        // Reading the model may take more than the run: here, among other tests, what they have taken counts with it.
        var reading = Reading().Match(call.Out) is { Success: true } match
            ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        Math.Max(memory[..^1].Sum(), reading).ShouldBe(memory[^1], 0.04, call.Out);
    }

    [Theory]
    [InlineData(1.0, 2.0, 0.0, 1.0)]
    [InlineData(3.0, 2.0, 0.0, 1.0)]
    [InlineData(1.0, 1.5, 0.5, 1.0)]
    [InlineData(1.0, 1.0, 1.0, 1.0)]
    [InlineData(3.0, 1.5, 1.5, 1.0)]
    public void Time_alone_is_the_processor_time_of_each_thread(double wall, double processor, double single, double alone) =>
        QuietClock.Alone(wall, processor, single, 2).ShouldBe(alone, 1e-12);

    private static List<double> Times(string unit, string text) =>
        [.. Step().Matches(text).Where(match => match.Value.Contains(unit, StringComparison.Ordinal))
            .Select(match => Clock(match.Groups[1].Value))];

    private static double Clock(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return double.Parse(text[..space], CultureInfo.InvariantCulture)
            * text[(space + 1)..] switch { "ms" => 0.001, "s" => 1, "min" => 60, _ => 3600 };
    }

    [GeneratedRegex(@"^time +(?!all).*: about (\d\S* \w+) a step, ", RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex(@"^time +(?!all).*: about (\d\S* \w+), at most", RegexOptions.Multiline)]
    private static partial Regex Once();

    [GeneratedRegex(@"^time +all: about (\d\S* \w+) a step and (\d\S* \w+) for", RegexOptions.Multiline)]
    private static partial Regex All();

    [GeneratedRegex(@"^memory +(.*): about (\S+) GB", RegexOptions.Multiline)]
    private static partial Regex Memory();

    [GeneratedRegex(@"^memory +while the model is read: (\S+) GB", RegexOptions.Multiline)]
    private static partial Regex Reading();
}
