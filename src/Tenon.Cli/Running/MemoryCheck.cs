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
        var concurrency = settings.Rollout.Concurrency ?? Math.Min(128, settings.Rollout.Prompts * settings.Rollout.Group);
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

    /// <summary>Throws where the estimate is above what the machine has, with the largest setting that fits.</summary>
    public static void Require(TrainingSetup setup)
    {
        var parts = Estimate(setup);
        var available = MemoryPlan.AvailableBytes();
        var total = parts.Sum(p => p.Bytes);
        if (total <= available) return;
        var rest = available - total + parts[2].Bytes + parts[3].Bytes;
        var perToken = MemoryPlan.PassBytes(setup.Model.Config, 1, recompute: true);
        var fits = rest / 2 / Math.Max(1, perToken);
        throw new TenonException($"memory of the run: {string.Join(", ", parts.Select(p => $"{p.What} {p.Bytes / 1e9:F1} GB"))}", $"at most {available / 1e9:F1} GB", $"{total / 1e9:F1} GB",
            fits > 0 ? $"update.micro-batch-tokens up to {fits} with update.recompute: true would fit beside a smaller rollout.concurrency" : "the model itself is too large for this machine", usage: true);
    }
}
