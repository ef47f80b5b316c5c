using Tenon.Models.Generation;
using Tenon.Training;

namespace Tenon.Recipes;

/// <summary>An estimate of a run's peak memory, and the refusal of one that cannot fit.</summary>
internal static class MemoryCheck
{
    /// <summary>Bytes by part.</summary>
    public static IReadOnlyList<(string What, long Bytes)> Estimate(TrainingSetup setup)
    {
        return
        [
            ("model", MemoryPlan.ModelBytes(setup)),
            ("adapter, gradient and optimizer", MemoryPlan.AdapterBytes(setup)),
            ("cache of sampling", MemoryPlan.Concurrency(setup) * MemoryPlan.SequenceBytes(setup)),
            ("training pass", MemoryPlan.PassBytes(setup)),
        ];
    }

    /// <summary>
    /// Bytes by part as a probe lets expect them: sequences and batches as long as completions are, not as they may become.
    /// </summary>
    public static IReadOnlyList<(string What, long Bytes)> Expected(TrainingSetup setup, RunProbe probe)
    {
        var (worst, config, rollout, update) = (Estimate(setup), setup.Model.Config, setup.Settings.Rollout, setup.Settings.Update);
        var pages = MemoryPlan.Concurrency(setup) * ((long)(probe.PromptTokens + probe.Length) / 32 + 1);
        var tokens = Math.Min(update.MicroBatchTokens, (long)(rollout.Prompts * (rollout.Group * probe.Length + probe.PromptTokens)));
        return
        [
            worst[0], worst[1],
            (worst[2].What, Math.Min(worst[2].Bytes, pages * GeneratorMemory.PageBytes(config))),
            (worst[3].What,
                Math.Min(worst[3].Bytes, MemoryPlan.PassBytes(config, tokens, update.Recompute ?? MemoryPlan.Recompute(setup)))),
        ];
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
            Largest(setup, available - parts[0].Bytes - parts[1].Bytes, parts[2].Bytes, parts[3].Bytes), usage: true);
    }

    // What would fit into the bytes beside model and adapter: the cache and the training pass get what they ask for, or half of it each.
    private static string Largest(TrainingSetup setup, long free, long cache, long pass)
    {
        var (config, update) = (setup.Model.Config, setup.Settings.Update);
        var concurrency = MemoryPlan.Concurrency(setup);
        var sequences = (pass < free ? free - pass : free / 2) / Math.Max(1, cache / concurrency);
        var tokens = (cache < free ? free - cache : free / 2) / MemoryPlan.PassBytes(config, 1, recompute: true);
        if (sequences < 1 || tokens < 1) return "the model with its adapter is too large for this machine";
        var fits = new List<string>();
        if (sequences < concurrency) fits.Add($"rollout.concurrency up to {sequences}");
        if (tokens < update.MicroBatchTokens || pass > free)
            fits.Add($"update.micro-batch-tokens up to {Math.Min(tokens, update.MicroBatchTokens)} with update.recompute: true");
        return $"{string.Join(" and ", fits)} would fit";
    }
}
