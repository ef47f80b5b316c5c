using System.Globalization;
using Tenon.Training;
using Tenon.Training.Objectives;

namespace Tenon.Recipes;

/// <summary>
/// A run's time by part from a probe of it: what is expected, and the worst, where every completion reaches its limit and dynamic sampling
/// draws all its rounds.
/// </summary>
internal static class TimeEstimate
{
    /// <summary>Lines for a person.</summary>
    public static IEnumerable<string> Describe(TrainingSetup setup, RunProbe probe)
    {
        var rollout = setup.Settings.Rollout;
        var expected = Parts(setup, probe, probe.Length, Draws(rollout.DynamicSampling, rollout.MaxRounds, probe.Mixed));
        var worst = Parts(setup, probe, rollout.MaxNewTokens, rollout.DynamicSampling ? rollout.MaxRounds : 1);
        yield return string.Create(CultureInfo.InvariantCulture,
            $"completions  {probe.Length:F0} tokens expected, {rollout.MaxNewTokens} at most (from {probe.Completions} completions that "
            + $"were sampled for this estimate)");
        foreach (var (name, seconds, most) in expected.Zip(worst, (a, b) => (a.Name, a.Seconds, b.Seconds)))
            if (most > 0)
                yield return $"time         {name}: about {Durations.Text(seconds)} a step, at most about {Durations.Text(most)}";
        if (probe.StartSeconds > 0.05)
            yield return $"time         first step: about {Durations.Text(probe.StartSeconds)} more, once (compilation)";
        var (step, longest) = (expected.Sum(p => p.Seconds), worst.Sum(p => p.Seconds));
        var evaluations = Evaluations(setup);
        if (evaluations > 0)
        {
            var (one, most) = (Evaluation(setup, probe, probe.Length), Evaluation(setup, probe, rollout.MaxNewTokens));
            yield return $"time         evaluation: about {Durations.Text(one)} each, at most about {Durations.Text(most)}; "
                + $"{evaluations} of them";
            (one, most) = (one * evaluations, most * evaluations);
            yield return Whole(setup, step, longest, one + probe.StartSeconds, most + probe.StartSeconds);
        }
        else yield return Whole(setup, step, longest, probe.StartSeconds, probe.StartSeconds);
    }

    /// <summary>Seconds of the parts of a step whose completions have a length, with so many times the batch drawn.</summary>
    public static IReadOnlyList<(string Name, double Seconds)> Parts(TrainingSetup setup, RunProbe probe, double length, double draws)
    {
        var (rollout, update, objective) = (setup.Settings.Rollout, setup.Settings.Update, setup.Objective);
        var tokens = (double)rollout.Prompts * rollout.Group * length;
        var checks = setup.Adapter.Dropout > 0 ? 1.0 / update.Minibatches : 0;
        return
        [
            ("sampling and judging", tokens * draws * probe.SecondsPerSampled),
            ("reference pass", objective.NeedsReference ? tokens * probe.SecondsPerScored : 0),
            ("teacher pass", objective.Teacher == Teacher.None ? 0 : tokens * probe.SecondsPerScored
                * (setup.TeacherModel is { } teacher ? (double)teacher.ParameterCount / setup.Model.ParameterCount : 1)),
            ("first pass over each batch", ((objective.NeedsFirstPass ? update.Epochs : 0) + checks) * tokens * probe.SecondsPerScored),
            ("training", update.Epochs * tokens * probe.SecondsPerTrained),
            ("teacher's distributions",
                objective.DistilsVocabulary ? update.Epochs * tokens * probe.SecondsPerScored * HeadShare(setup) : 0),
        ];
    }

    // The teacher's head once for each token of an update: its share of a forward pass, and as much again for what is read off.
    private static double HeadShare(TrainingSetup setup)
    {
        var head = (setup.TeacherModel ?? setup.Model).Head;
        return 2.0 * head.Outputs * head.Inputs / setup.Model.ParameterCount;
    }

    /// <summary>Seconds that the whole run is expected to take.</summary>
    public static double Seconds(TrainingSetup setup, RunProbe probe)
    {
        var rollout = setup.Settings.Rollout;
        var step = Parts(setup, probe, probe.Length, Draws(rollout.DynamicSampling, rollout.MaxRounds, probe.Mixed)).Sum(p => p.Seconds);
        return (step * setup.Settings.Steps) + (Evaluations(setup) * Evaluation(setup, probe, probe.Length));
    }

    // Dynamic sampling draws until enough groups are mixed; the probe's share of them says how often.
    private static double Draws(bool dynamic, int rounds, double mixed) =>
        !dynamic ? 1 : mixed > 0 ? Math.Clamp(1 / mixed, 1, rounds) : rounds;

    private static int Evaluations(TrainingSetup setup)
    {
        var (evaluate, steps) = (setup.Settings.Evaluate, setup.Settings.Steps);
        if (evaluate.Benchmarks.Count == 0) return 0;
        var during = evaluate.Every > 0 ? steps / evaluate.Every : 0;
        return 1 + during + (evaluate.Every > 0 && steps % evaluate.Every == 0 ? 0 : 1);
    }

    private static double Evaluation(TrainingSetup setup, RunProbe probe, double length) =>
        setup.HeldOut.Sum(h => (double)h.Problems.Count * h.Samples) * Math.Min(length, setup.Settings.Evaluate.MaxNewTokens ?? length)
        * probe.SecondsPerSampled;

    private static string Whole(TrainingSetup setup, double step, double longest, double once, double mostOnce)
    {
        var steps = setup.Settings.Steps;
        return $"time         all: about {Durations.Text(step)} a step and {Durations.Text(step * steps + once)} for {steps} steps, "
            + $"at most about {Durations.Text(longest)} and {Durations.Text(longest * steps + mostOnce)}";
    }
}
