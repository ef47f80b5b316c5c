using Tenon.Models.Generation;
using Tenon.Training;

namespace Tenon.Cli.Running;

/// <summary>An estimate of a run's peak memory, and the refusal of one that cannot fit.</summary>
internal static class MemoryCheck
{
    /// <summary>Bytes by part.</summary>
    public static IReadOnlyList<(string What, long Bytes)> Estimate(TrainingSetup setup)
    {
        var settings = setup.Settings;
        var config = setup.Model.Config;
        var concurrency = Concurrency(setup);
        var positions = settings.Rollout.MaxPromptTokens + settings.Rollout.MaxNewTokens;
        var recompute = settings.Update.Recompute ?? MemoryPlan.Recompute(setup);
        return
        [
            ("model", setup.Model.WeightBytes),
            ("adapter, gradient and optimizer", setup.Adapter.TrainableCount * 4 * sizeof(float)),
            ("cache of sampling (upper bound)", (long)concurrency * (positions / 32 + 1) * GeneratorMemory.PageBytes(config)),
            ("training pass", MemoryPlan.PassBytes(config, settings.Update.MicroBatchTokens, recompute)),
        ];
    }

    /// <summary>Sequences that are alive at once: never more than a step draws or an evaluation holds.</summary>
    public static int Concurrency(TrainingSetup setup)
    {
        var rollout = setup.Settings.Rollout;
        var samples = Math.Min(int.MaxValue, Math.Max((long)rollout.Prompts * rollout.Group, setup.HeldOut.Select(h => (long)h.Problems.Count * h.Samples).DefaultIfEmpty().Max()));
        return (int)Math.Min(rollout.Concurrency ?? 128, samples);
    }

    /// <summary>Throws where the estimate is above what the machine has, with the largest setting that fits.</summary>
    public static void Require(TrainingSetup setup)
    {
        var parts = Estimate(setup);
        var available = MemoryPlan.AvailableBytes();
        var total = parts.Sum(p => p.Bytes);
        if (total <= available) return;
        throw new TenonException($"memory of the run: {string.Join(", ", parts.Select(p => $"{p.What} {p.Bytes / 1e9:F1} GB"))}", $"at most {available / 1e9:F1} GB", $"{total / 1e9:F1} GB",
            Largest(setup, available - parts[0].Bytes - parts[1].Bytes, parts[2].Bytes, parts[3].Bytes), usage: true);
    }

    // What would fit into the bytes beside model and adapter: the cache and the training pass get what they ask for, or half of it each.
    private static string Largest(TrainingSetup setup, long free, long cache, long pass)
    {
        var (config, update) = (setup.Model.Config, setup.Settings.Update);
        var concurrency = Concurrency(setup);
        var sequences = (pass < free ? free - pass : free / 2) / Math.Max(1, cache / concurrency);
        var tokens = (cache < free ? free - cache : free / 2) / MemoryPlan.PassBytes(config, 1, recompute: true);
        if (sequences < 1 || tokens < 1) return "the model with its adapter is too large for this machine";
        var fits = new List<string>();
        if (sequences < concurrency) fits.Add($"rollout.concurrency up to {sequences}");
        if (tokens < update.MicroBatchTokens || pass > free) fits.Add($"update.micro-batch-tokens up to {Math.Min(tokens, update.MicroBatchTokens)} with update.recompute: true");
        return $"{string.Join(" and ", fits)} would fit";
    }
}
