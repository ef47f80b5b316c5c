using Tenon.Models.Generation;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>An estimate of a run's peak memory, and the refusal of one that cannot fit.</summary>
internal static class MemoryCheck
{
    // Parts of the tape's memory lie idle between those in use: a pass takes 0.9 to 1.1 of its tensors on the embedded model.
    private const double KeptBuffers = 1.05;

    // Beside the parts there is the program at least.
    private const double MostParts = 0.95;

    /// <summary>Bytes by part.</summary>
    public static IReadOnlyList<(string What, long Bytes)> Estimate(TrainingSetup setup)
    {
        return
        [
            ("model", MemoryPlan.ModelBytes(setup)),
            ("adapter, gradient and optimizer", MemoryPlan.AdapterBytes(setup)),
            ("cache of sampling", MemoryPlan.CacheBytes(setup)),
            ("training pass", MemoryPlan.PassBytes(setup)),
            .. States(setup, setup.Settings.Rollout, setup.Settings.Rollout.MaxNewTokens),
            .. Kept(MemoryPlan.KeptBytes(setup)),
        ];
    }

    /// <summary>The part of what sampling keeps for training, where it keeps anything.</summary>
    public static IEnumerable<(string What, long Bytes)> Kept(long bytes) => bytes == 0 ? [] : [("kept activations", bytes)];

    private static IEnumerable<(string What, long Bytes)> States(TrainingSetup setup, RolloutSettings rollout, double length)
    {
        var bytes = MemoryPlan.TeacherBytes(setup.Objective, rollout, (setup.TeacherModel ?? setup.Model).Config, length);
        return bytes == 0 ? [] : [("teacher's hidden states", bytes)];
    }

    /// <summary>
    /// Bytes by part as a probe lets expect them: sequences and batches as long as completions are, not as they may become.
    /// </summary>
    public static IReadOnlyList<(string What, long Bytes)> Expected(TrainingSetup setup, RunProbe probe) =>
        [.. Parts(setup, probe, setup.Settings.Rollout.Prompts, probe.Length, probe.MostActive.Run, int.MaxValue)
            .Select(part => (part.What, (long)(part.Bytes * Shrink(setup, probe))))];

    /// <summary>
    /// What the process holds beyond the parts (the runtime, compiled code, its heap), from what it has taken at most while the probe ran.
    /// </summary>
    public static long Program(TrainingSetup setup, RunProbe probe) =>
        probe.Peaks.Steps - (long)(Probed(setup, probe) * Shrink(setup, probe));

    // What the probe's peak has no room for was not all there at once: the peak is measured, the parts follow from sizes.
    private static double Shrink(TrainingSetup setup, RunProbe probe) =>
        Math.Min(1, MostParts * probe.Peaks.Steps / Math.Max(1, Probed(setup, probe)));

    private static long Probed(TrainingSetup setup, RunProbe probe) =>
        Parts(setup, probe, probe.Prompts, probe.ProbedLength, probe.MostActive.Probe, probe.Problems).Sum(part => part.Bytes);

    private static IReadOnlyList<(string What, long Bytes)> Parts(TrainingSetup setup, RunProbe probe, int prompts, double length,
        double active, int problems)
    {
        var (worst, rollout) = (Estimate(setup), setup.Settings.Rollout with { Prompts = prompts });
        var evaluated = setup.HeldOut.Select(h => Math.Min(h.Problems.Count, problems) * h.Samples).DefaultIfEmpty().Max();
        // The engine of an evaluation, its cache and a pass over prompts, stands beside the one that the rollouts keep.
        var cache = Cache(setup, probe, prompts * probe.Draws * rollout.Group, length)
            + (evaluated == 0 ? 0 : Cache(setup, probe, evaluated, length)
                + 2 * sizeof(float) * MemoryPlan.BlockFloatsPerToken(setup.Model.Config)
                * (long)Math.Min(new GeneratorOptions().MaxBatchTokens, evaluated * probe.PromptTokens));
        return
        [
            worst[0], worst[1], (worst[2].What, Math.Min(worst[2].Bytes, cache)),
            (worst[3].What, Math.Min(worst[3].Bytes, Pass(setup, probe, prompts * active, length))),
            .. States(setup, rollout, length),
            .. Kept(Math.Min(MemoryPlan.KeptBytes(setup),
                MemoryPlan.KeptBytes(setup.Settings with { Rollout = rollout }, setup.Model.Config, probe.PromptTokens, length))),
        ];
    }

    private static long Cache(TrainingSetup setup, RunProbe probe, double samples, double length) =>
        (long)(Math.Min(MemoryPlan.Concurrency(setup), Math.Max(1, samples))
            * ((long)(probe.PromptTokens + length * probe.Longest / Math.Max(1, probe.ProbedLength)) / 32 + 1))
        * GeneratorMemory.PageBytes(setup.Model.Config, setup.Settings.Precision);

    // The largest pass of several steps, over the groups with a gradient that the step with the most of them has.
    private static long Pass(TrainingSetup setup, RunProbe probe, double groups, double length)
    {
        var (config, update) = (setup.Model.Config, setup.Settings.Update);
        // Each worker has its share of the groups, and a pass of its own.
        var shared = Math.Ceiling(groups / update.Workers / update.Minibatches);
        var tokens = Math.Min(MemoryPlan.MicroBatchTokens(setup),
            (long)(shared * (setup.Settings.Rollout.Group * length + probe.PromptTokens)));
        return (long)(KeptBuffers * update.Workers * MemoryPlan.PassBytes(config, tokens, update.Recompute ?? MemoryPlan.Recompute(setup)));
    }

    /// <summary>Throws where the estimate is above what the machine has, with the largest setting that fits.</summary>
    public static void Require(TrainingSetup setup)
    {
        var parts = Estimate(setup);
        var available = MemoryPlan.AvailableBytes();
        var total = parts.Sum(p => p.Bytes);
        if (total <= available) return;
        throw new TenonException($"memory of the run: {string.Join(", ", parts.Select(p => $"{p.What} {p.Bytes / 1e9:F1} GB"))}",
            $"at most {available / 1e9:F1} GB", $"{total / 1e9:F1} GB",
            Largest(setup, available - parts[0].Bytes - parts[1].Bytes - parts.Skip(4).Sum(p => p.Bytes), parts[2].Bytes, parts[3].Bytes),
            usage: true);
    }

    // What would fit into the bytes beside model and adapter: the cache and the training pass get what they ask for, or half of it each.
    private static string Largest(TrainingSetup setup, long free, long cache, long pass)
    {
        var config = setup.Model.Config;
        var concurrency = MemoryPlan.Concurrency(setup);
        var sequences = (pass < free ? free - pass : free / 2) / Math.Max(1, cache / concurrency);
        var tokens = (cache < free ? free - cache : free / 2)
            / (setup.Settings.Update.Workers * MemoryPlan.PassBytes(config, 1, recompute: true));
        if (sequences < 1 || tokens < 1) return "the model with its adapter is too large for this machine";
        var fits = new List<string>();
        if (sequences < concurrency) fits.Add($"rollout.concurrency up to {sequences}");
        var most = MemoryPlan.MicroBatchTokens(setup);
        if (tokens < most || pass > free)
            fits.Add($"update.micro-batch-tokens up to {Math.Min(tokens, most)} with update.recompute: true");
        return $"{string.Join(" and ", fits)} would fit";
    }
}
