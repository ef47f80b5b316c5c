using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Runs.Doctor;

namespace Tenon.Tests.Runs.Doctor;

/// <summary>What is watched while a run goes on is what a look at the whole run finds, at each of its steps.</summary>
public class DiagnosisWatchTests
{
    private const int Length = 60;

    private static readonly JsonObject S_recipe = new()
    {
        ["update"] = new JsonObject { ["epochs"] = 2, ["minibatches"] = 1 },
        ["objective"] = new JsonObject { ["teacher"] = "solution" },
    };

    private static readonly (Metric Metric, double[] Values)[] S_values =
    [
        (StepMetric.GroupsDrawn, [0, 8, 8, 16]), (StepMetric.GroupsMixed, [0, 0, 0, 1, 4]), (StepMetric.GroupsKept, [0, 4, 8]),
        (StepMetric.ClipLow, [0, 0, 0.2, 0.5]), (StepMetric.ClipHigh, [0, 0, 0.2]), (StepMetric.TokensTrained, [0, 100, 100, 100]),
        (StepMetric.LogpDifference, [0, 0, 0, 0, 0, 1e-3]), (StepMetric.Truncated, [0.1, 0.5, 0.6]),
        (StepMetric.LengthMean, [10, 20, 60]), (StepMetric.TokensSampled, [1000, 2000]), (StepMetric.Entropy, [1e-4, 1e-4, 0.3, 6]),
        (StepMetric.Accuracy, [0, 0.01, 0.02, 0.9]), (StepMetric.RewardMean, [0, 0.3, 0.9]), (StepMetric.Kl, [0.01, 0.01, 0.01, 0.5]),
        (StepMetric.GradNorm, [0.1, 0.1, 0.1, 90]), (StepMetric.LearningRate, [1e-4]), (StepMetric.UpdateNorm, [0, 0, 1e-7, 5]),
        (StepMetric.TeacherGap, [-0.9, -1.1, -3]), (StepMetric.WeightNorm, [0, 2, 2]), (StepMetric.Skipped["empty-gold"], [0, 30, 60]),
    ];

    [Fact, Trait("Speed", "slow")]
    public void Each_step_finds_what_all_steps_so_far_show_and_the_whole_run_what_is_written_out()
    {
        var found = new HashSet<string>();
        for (uint run = 0; run < 100; run++)
        {
            var steps = Made(run);
            var watch = new DiagnosisWatch(S_recipe);
            for (var n = 1; n <= Length; n++)
            {
                var so = steps[..n];
                var plain = PlainRules.Of(so, 2, 2).Where(pair => pair.Value is not null)
                    .ToDictionary(pair => pair.Key, pair => pair.Value!.Value);
                var all = Diagnoses.Of(new RunFacts(S_recipe, so)).ToDictionary(f => f.Diagnosis.Name);
                all.Keys.Order().ShouldBe(plain.Keys.Order(), $"run {run}, step {n}");
                foreach (var (name, sight) in plain)
                {
                    (all[name].First, all[name].Last).ShouldBe((sight.First, sight.Last), $"{name}, run {run}, step {n}");
                    (all[name].Value, all[name].Threshold).ShouldBe((sight.Value, sight.Threshold), $"{name}, run {run}, step {n}");
                }

                var now = watch.After(steps[n - 1]);
                now.Select(f => f.Diagnosis.Name).Order().ShouldBe(plain.Where(p => p.Value.Last == n).Select(p => p.Key).Order());
                foreach (var finding in now) finding.ShouldBe(all[finding.Diagnosis.Name]);
                found.UnionWith(plain.Keys);
            }
        }

        found.Count.ShouldBe(PlainRules.Of([], 2).Count, "every rule is met");
    }

    // Runs that keep to a value for a while, each metric for itself, with gaps.
    private static StepMetrics[] Made(uint run)
    {
        var key = new RandomKey(run);
        var steps = Enumerable.Range(1, Length).Select(step => new StepMetrics(step)).ToArray();
        for (uint m = 0; m < S_values.Length; m++)
        {
            var (metric, values) = S_values[m];
            var stay = 1 + key.UniformDouble(RandomPurpose.DataOrder, 0, m, 0, 0) * 40;
            foreach (var step in steps)
            {
                var stretch = (uint)(step.Step / stay);
                var gap = key.UniformDouble(RandomPurpose.DataOrder, 1, m, stretch, (uint)step.Step);
                if (gap < 0.1) continue;
                var drawn = values[(int)(key.UniformDouble(RandomPurpose.DataOrder, 2, m, stretch, 0) * values.Length)];
                step[metric] = gap < 0.12 && metric == StepMetric.Entropy ? double.PositiveInfinity : drawn;
            }
        }

        return steps;
    }
}
