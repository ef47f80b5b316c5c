using System.Globalization;
using Tenon.Training;
using Tenon.Training.Objectives;

namespace Tenon.Recipes;

/// <summary>
/// A run's time by part from a probe of it: what is expected, and the worst, where every completion reaches its limit, every group is
/// trained on and dynamic sampling draws all its rounds.
/// </summary>
internal static class TimeEstimate
{
    // Where a step took so long that none was followed by a checkpoint: adapter and two moments at a slow disk's rate.
    private const double SlowDisk = 300e6;

    /// <summary>Lines for a person.</summary>
    public static IEnumerable<string> Describe(TrainingSetup setup, RunProbe probe)
    {
        var (rollout, steps) = (setup.Settings.Rollout, setup.Settings.Steps);
        var (expected, worst) = (Expected(setup, probe), Worst(setup, probe));
        yield return string.Create(CultureInfo.InvariantCulture,
            $"completions  {probe.Length:F0} tokens expected, {rollout.MaxNewTokens} at most; {100 * Share(probe):F0} % of the groups "
            + $"drawn are trained on ({probe.Completions} completions in {probe.Steps} {(probe.Steps == 1 ? "step" : "steps")} of "
            + $"{probe.Prompts} {(probe.Prompts == 1 ? "prompt" : "prompts")} that were run for this estimate, which takes the model to "
            + $"stay as it is after them)");
        foreach (var (part, most) in expected.Zip(worst))
            if (most.Seconds > 0.0005)
                yield return $"time         {part.Name}: about {Durations.Text(part.Seconds)} a step, "
                    + $"at most about {Durations.Text(most.Seconds)}";
        var (once, mostOnce) = (Once(setup, probe, probe.Length), Once(setup, probe, rollout.MaxNewTokens));
        foreach (var (part, most) in once.Zip(mostOnce))
            if (most.Seconds > 0.001)
                yield return $"time         {part.Name}: about {Durations.Text(part.Seconds)}, "
                    + $"at most about {Durations.Text(most.Seconds)}";
        var (step, longest) = (expected.Sum(p => p.Seconds), worst.Sum(p => p.Seconds));
        if (probe.Disturbed > 1.2)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"time         other programs work on this machine: by its clock things take {probe.Disturbed:F1} times as long as is told "
                + $"here for a quiet one");
        yield return $"time         all: about {Durations.Text(step)} a step and {Durations.Text(step * steps + once.Sum(p => p.Seconds))} "
            + $"for {steps} steps, at most about {Durations.Text(longest)} and "
            + $"{Durations.Text(longest * steps + mostOnce.Sum(p => p.Seconds))}";
    }

    /// <summary>Seconds of the parts of a step as the probe lets expect it.</summary>
    public static IReadOnlyList<(string Name, double Seconds)> Expected(TrainingSetup setup, RunProbe probe) =>
        Parts(setup, probe, probe.Length, probe.Draws, probe.Active);

    /// <summary>Seconds of the parts of a step that could not be longer.</summary>
    public static IReadOnlyList<(string Name, double Seconds)> Worst(TrainingSetup setup, RunProbe probe)
    {
        var rollout = setup.Settings.Rollout;
        return Parts(setup, probe, rollout.MaxNewTokens, Math.Max(probe.Draws, rollout.DynamicSampling ? rollout.MaxRounds : 1), 1);
    }

    /// <summary>Seconds that the whole run is expected to take.</summary>
    public static double Seconds(TrainingSetup setup, RunProbe probe) =>
        Expected(setup, probe).Sum(p => p.Seconds) * setup.Settings.Steps + Once(setup, probe, probe.Length).Sum(p => p.Seconds);

    /// <summary>Seconds of what a run does beside its steps: its start, evaluations, checkpoints.</summary>
    public static IReadOnlyList<(string Name, double Seconds)> Once(TrainingSetup setup, RunProbe probe, double length)
    {
        var (evaluations, checkpoints) = (Evaluations(setup), Checkpoints(setup));
        return
        [
            ("start and end (reading, compilation, fingerprints)", probe.StartSeconds
                + probe.CompiledLater * ExactMath.Log(Math.Max(1, (double)setup.Settings.Steps / probe.Steps))),
            ($"{evaluations} {(evaluations == 1 ? "evaluation" : "evaluations")}", evaluations * Evaluation(setup, probe, length)),
            ($"{checkpoints} {(checkpoints == 1 ? "checkpoint" : "checkpoints")}",
                checkpoints * (probe.Checkpoint > 0 ? probe.Checkpoint
                    : 3.0 * sizeof(float) * setup.Adapter.TrainableCount / SlowDisk)),
        ];
    }

    private static double Share(RunProbe probe) => probe.Draws > 0 ? probe.Active / probe.Draws : 0;

    private static IReadOnlyList<(string Name, double Seconds)> Parts(TrainingSetup setup, RunProbe probe, double length, double draws,
        double active)
    {
        var (rollout, objective) = (setup.Settings.Rollout, setup.Objective);
        var tokens = (double)rollout.Prompts * rollout.Group * length;
        // Under dynamic sampling the groups that are kept are those that are trained on.
        var kept = rollout.DynamicSampling ? active : 1;
        return
        [
            (setup.Settings.Rollout.Overlap ? "waiting for sampling and judging, which go on beside training" : "sampling and judging",
                Sampling(setup, probe, rollout.Prompts * draws, rollout.Group, length)),
            ((objective.NeedsReference, objective.Teacher != Teacher.None) switch
            {
                (true, true) => "reference pass and teacher pass",
                (true, false) => "reference pass",
                (false, true) => "teacher pass",
                _ => "advantages and the file of samples",
            }, tokens * kept * probe.SecondsPerScored * Growth(probe, length, probe.Attention.Scoring)),
            ("training" + (objective.NeedsFirstPass ? " with a first pass over each batch" : "")
                + (objective.DistilsVocabulary ? ", with the teacher's distributions" : ""),
                probe.SecondsPerUpdate + tokens * active * probe.SecondsPerTrained * Growth(probe, length, probe.Attention.Training)),
        ];
    }

    /// <summary>
    /// Steps of the engine: as many sequences at a time as are alive together; the last ones of them run on with ever fewer beside them.
    /// </summary>
    public static double EngineSteps(TrainingSetup setup, double sequences, double length, double longest)
    {
        var alive = MemoryPlan.Concurrency(setup);
        return sequences <= alive ? longest : sequences * length / alive + longest / 2;
    }

    private static double Sampling(TrainingSetup setup, RunProbe probe, double groups, double samples, double length)
    {
        var longest = Math.Min(length * probe.Longest / Math.Max(1, probe.ProbedLength), setup.Settings.Rollout.MaxNewTokens);
        return EngineSteps(setup, groups * samples, length, longest) * probe.SecondsPerSamplingStep
            + groups * (samples * length + probe.PromptTokens) * probe.SecondsPerSampled
                * Growth(probe, length, probe.Attention.Sampling);
    }

    // A token looks at its prompt and at what its completion has before it: attention's share grows with both.
    private static double Growth(RunProbe probe, double length, double share) =>
        1 - share + share * (probe.PromptTokens + length / 2) / (probe.PromptTokens + probe.ProbedLength / 2);

    private static int Checkpoints(TrainingSetup setup)
    {
        var (every, steps) = (setup.Settings.Checkpoint.Every, setup.Settings.Steps);
        return (every > 0 ? steps / every : 0) + (every > 0 && steps % every == 0 ? 0 : 1);
    }

    private static int Evaluations(TrainingSetup setup)
    {
        var (evaluate, steps) = (setup.Settings.Evaluate, setup.Settings.Steps);
        if (setup.HeldOut.Count + setup.Texts.Count == 0) return 0;
        var during = evaluate.Every > 0 ? steps / evaluate.Every : 0;
        return 1 + during + (evaluate.Every > 0 && steps % evaluate.Every == 0 ? 0 : 1);
    }

    private static double Evaluation(TrainingSetup setup, RunProbe probe, double length)
    {
        // Where the probe made one of its own: by its rows. Completions of an evaluation are as long as those of the rollouts.
        double Rows(int problems, double tokens) =>
            setup.HeldOut.Sum(h => Math.Min(h.Problems.Count, problems) * (h.Samples * tokens + probe.PromptTokens));
        var most = Math.Min(length, setup.Settings.Evaluate.MaxNewTokens ?? length);
        var made = Rows(probe.Problems, probe.ProbedLength);
        // A pass over a text's tokens takes about what sampling takes by row; four bytes make a token or so.
        return (probe.Evaluation > 0 && made > 0
                ? probe.Evaluation * Rows(int.MaxValue, most) / made * Growth(probe, most, probe.Attention.Sampling)
                : setup.HeldOut.Sum(h => Sampling(setup, probe, h.Problems.Count, h.Samples, most)))
            + setup.Texts.Sum(text => text.Documents.Sum(document => document.Bytes)) / 4.0 * probe.SecondsPerSampled;
    }
}
