using System.Runtime;
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
        var memory = new List<double>();
        var (steps, kinds) = (new List<StepCost>(), new List<string>());
        var meter = new StepMeter();
        new RlvrTrainer(setup, folder, e =>
        {
            // A checkpoint is written between a step's end and the next one's first phase.
            if (e is PhaseMoved { Phase: StepPhase.Sampling, Share: 0 }) meter.Begin();
            if (e is not StepDone done) return;
            steps.Add(meter.End(done.Metrics.Step, done.Metrics[StepMetric.Time]));
            memory.Add(ResidentMegabytes());
            if (memory.Count % (Steps / 10) == 0) kinds.Add($"step {memory.Count}: {MemoryKinds.Now()}");
        }).Run();
        var (second, last) = (memory[(Steps / 10)..(Steps / 5)].Average(), memory[^(Steps / 10)..].Average());
        var median = Median(steps.Select(step => step.Seconds));
        var usual = Median(steps.Select(step => step.Processor));
        // The first step compiles.
        var slowest = steps.Skip(1).OrderByDescending(step => step.Own(usual)).Take(5).ToList();
        output.WriteLine($"resident MB: second tenth {second:F1}, last tenth {last:F1}, {100 * (last / second - 1):F2} %");
        output.WriteLine($"seconds a step: median {median:F4} of {usual:F4} processor seconds; the slowest:");
        foreach (var step in slowest) output.WriteLine($"{step.Own(usual) / median:F2} medians: {step}");
        for (var tenth = 0; tenth < 10; tenth++)
            output.WriteLine($"tenth {tenth + 1}: {memory[(tenth * 100)..(tenth * 100 + 100)].Average():F1} MB");
        foreach (var kind in kinds) output.WriteLine(kind);
        Math.Abs(last / second - 1).ShouldBeLessThan(0.02);
        slowest[0].Own(usual).ShouldBeLessThan(3 * median, slowest[0].ToString());
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Steps / 2);

    private static double ResidentMegabytes() => long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS:"))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1000.0;

    /// <summary>What a step took, and what of it: seconds, all of them.</summary>
    private sealed record StepCost(int Step, double Seconds, double Processor, double Compiled, double Collected, double Waited)
    {
        /// <summary>
        /// Its time without what other programs took of it: the wait for a core of its most delayed thread, less what the process itself
        /// computed more than it usually does, for its own threads are in each other's way, too.
        /// </summary>
        public double Own(double usualProcessor) => Seconds - Math.Clamp(Waited - Math.Max(0, Processor - usualProcessor), 0, Seconds);
    }

    /// <summary>Reads a step's costs from the runtime and from the kernel's account of each thread.</summary>
    private sealed class StepMeter
    {
        private TimeSpan _processor, _compiled, _collected;
        private Dictionary<string, long> _waited = [];

        public void Begin()
        {
            _waited = Waits();
            (_compiled, _collected) = (JitInfo.GetCompilationTime(), GC.GetTotalPauseDuration());
            _processor = Environment.CpuUsage.TotalTime;
        }

        public StepCost End(int step, double seconds)
        {
            var processor = (Environment.CpuUsage.TotalTime - _processor).TotalSeconds;
            var waited = Waits().Max(pair => pair.Value - _waited.GetValueOrDefault(pair.Key)) / 1e9;
            return new StepCost(step, seconds, processor, (JitInfo.GetCompilationTime() - _compiled).TotalSeconds,
                (GC.GetTotalPauseDuration() - _collected).TotalSeconds, waited);
        }

        // The second number of schedstat: nanoseconds that a thread was ready to run and had no core.
        private static Dictionary<string, long> Waits()
        {
            var waits = new Dictionary<string, long> { [""] = 0 };
            foreach (var thread in Directory.EnumerateDirectories("/proc/self/task"))
            {
                try
                {
                    waits[thread] = long.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[1]);
                }
                catch (IOException)
                {
                    // The thread has ended, or this kernel keeps no such account: nothing is taken off then.
                }
            }

            return waits;
        }
    }
}
