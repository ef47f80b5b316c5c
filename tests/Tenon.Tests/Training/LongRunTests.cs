using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training;

/// <summary>
/// A thousand steps in one process: memory stays level, and no step takes much longer than the others. TENON_LONG=1 runs it.
/// </summary>
[Trait("Speed", "slow")]
public sealed class LongRunTests(ITestOutputHelper output) : IDisposable
{
    private const int Steps = 1000;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void A_thousand_steps_keep_their_memory_and_their_time()
    {
        Assert.SkipUnless(LongTests.On, "TENON_LONG=1 runs it");
        Assert.SkipUnless(File.Exists("/proc/self/status"), "reads /proc");
        using var setup = RunBuilder.Build(RecipeFile.Load<RunSettings>(_runs.Recipe("""
            model: tiny
            adapter: { method: lora, rank: 8 }
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 4, group: 4, max-new-tokens: 64, replay: { share: 0.25 } }
            objective: { preset: dapo, kl: 0.01 }
            update: { minibatches: 2 }
            steps: 1000
            divergence: { accuracy: null }
            checkpoint: { every: 100, keep: 2 }
            """)));
        using var folder = RunFolder.Create(_runs.RunFolder("long"), RunBuilder.Describe(setup));
        var (memory, times) = (new List<double>(), new List<double>());
        new RlvrTrainer(setup, folder, e =>
        {
            if (e is not StepDone done) return;
            memory.Add(ResidentMegabytes());
            times.Add(done.Metrics[StepMetric.Time]);
        }).Run();
        var (second, last) = (memory[(Steps / 10)..(Steps / 5)].Average(), memory[^(Steps / 10)..].Average());
        var median = times.Order().ElementAt(Steps / 2);
        // A checkpoint is written after its step's time is taken; the first step compiles.
        var slowest = times.Skip(1).Max();
        output.WriteLine($"resident MB: second tenth {second:F1}, last tenth {last:F1}, {100 * (last / second - 1):F2} %");
        output.WriteLine($"seconds a step: median {median:F4}, slowest {slowest:F4}, {slowest / median:F2} times");
        for (var tenth = 0; tenth < 10; tenth++)
            output.WriteLine($"tenth {tenth + 1}: {memory[(tenth * 100)..(tenth * 100 + 100)].Average():F1} MB");
        Math.Abs(last / second - 1).ShouldBeLessThan(0.02);
        slowest.ShouldBeLessThan(3 * median);
    }

    private static double ResidentMegabytes() => long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS:"))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1000.0;
}
