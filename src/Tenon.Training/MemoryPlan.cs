using Tenon.Adapters;
using Tenon.Models.Config;
using Tenon.Models.Generation;
using Tenon.Tensors;
using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Training;

/// <summary>
/// An estimate of a run's memory from its sizes, for <c>recompute: auto</c>, the dry run, and the refusal of a run that cannot fit.
/// </summary>
public static class MemoryPlan
{
    private const int MostAlive = 128;
    private const int MostTokens = 8192;
    private const long SmallBudget = 512L << 20;

    /// <summary>
    /// Floats of one block for each token while the backward pass is in it: residuals, norms, q, k, v, attention, gate, up, their product
    /// and the gradients in flight.
    /// </summary>
    public static long BlockFloatsPerToken(ModelConfig c) =>
        5L * c.HiddenSize + 2L * c.QueryDim + 2L * c.KeyValueDim + 3L * c.IntermediateSize;

    /// <summary>
    /// Floats that a block keeps for each token until the backward pass comes to it: two residuals, q, k, v, attention, gate and up; norms
    /// and the gated product are made again.
    /// </summary>
    public static long KeptFloatsPerToken(ModelConfig c) =>
        2L * c.HiddenSize + 2L * c.QueryDim + 2L * c.KeyValueDim + 2L * c.IntermediateSize;

    /// <summary>Bytes that a pass over <paramref name="tokens"/> tokens keeps.</summary>
    public static long PassBytes(ModelConfig c, long tokens, bool recompute) =>
        sizeof(float) * tokens * (recompute ? c.NumHiddenLayers * c.HiddenSize + 2 * BlockFloatsPerToken(c)
        : c.NumHiddenLayers * KeptFloatsPerToken(c) + 2 * BlockFloatsPerToken(c));

    /// <summary>
    /// What <c>micro-batch-tokens: auto</c> is: as many tokens as take twice the memory of the weights while nothing is computed again
    /// (but 512 MB of it at least, and a quarter of what this process may use at most), no more than 8,192; and always the longest
    /// sequence. Workers have their passes at the same time, and share the memory.
    /// </summary>
    public static int MicroBatchTokens(ModelConfig c, long weightBytes, int longest, int workers = 1) =>
        MicroBatchTokens(c, weightBytes, longest, AvailableBytes() / 4, workers);

    private static int MicroBatchTokens(ModelConfig c, long weightBytes, int longest, long most, int workers)
    {
        var budget = Math.Min(Math.Max(2 * weightBytes, SmallBudget), most) / workers;
        return (int)Math.Max(longest, Math.Min(MostTokens, budget / PassBytes(c, 1, recompute: false)));
    }

    /// <summary>
    /// Tokens of a training pass as the recipe or <see cref="MicroBatchTokens(ModelConfig, long, int, int)"/> says; the passes of all
    /// workers together take no more than half of what model and adapter leave, so that a sequence fits beside them.
    /// </summary>
    public static int MicroBatchTokens(TrainingSetup setup) =>
        setup.Settings.Update.MicroBatchTokens ?? MicroBatchTokens(setup.Model.Config, setup.Model.WeightBytes,
            setup.Settings.Rollout.MaxPromptTokens + setup.Settings.Rollout.MaxNewTokens,
            Math.Min(AvailableBytes(setup) / 4, (AvailableBytes(setup) - FixedBytes(setup)) / 2), setup.Settings.Update.Workers);

    /// <summary>
    /// What <c>recompute: auto</c> is: true where keeping every block's inside would take more than a quarter of the memory that is there,
    /// or half of what model and adapter leave.
    /// </summary>
    public static bool Recompute(TrainingSetup setup) =>
        setup.Settings.Update.Workers * PassBytes(setup.Model.Config, MicroBatchTokens(setup), false)
        > Math.Min(AvailableBytes(setup) / 4, (AvailableBytes(setup) - FixedBytes(setup)) / 2);

    /// <summary>Bytes of a token's outputs of all frozen products of the blocks.</summary>
    public static long KeptBytesPerToken(ModelConfig c) =>
        sizeof(float) * c.NumHiddenLayers * (c.QueryDim + 2L * c.KeyValueDim + 2L * c.HiddenSize + 2L * c.IntermediateSize);

    /// <summary>
    /// Most bytes of products that are kept from sampling for training: what the recipe allows, no more than a batch has; 0 where they
    /// could not be taken.
    /// </summary>
    public static long KeptBytes(TrainingSetup setup) =>
        setup.Sampling is not null || WhyNothingIsKept(setup.Settings, setup.Adapter) is not null ? 0
        : KeptBytes(setup.Settings, setup.Model.Config, setup.Settings.Rollout.MaxPromptTokens, setup.Settings.Rollout.MaxNewTokens);

    /// <summary>Why no product that sampling kept could be taken by training; null where it could.</summary>
    public static string? WhyNothingIsKept(RunSettings settings, AdapterSet adapter) =>
        settings.Rollout.Overlap ? "under rollout.overlap the weights change before a batch is trained on"
        : adapter.Dropout > 0 ? "adapter.dropout gives the products other inputs than sampling had" : null;

    /// <summary>Most bytes of kept products where prompts and completions have these lengths.</summary>
    public static long KeptBytes(RunSettings settings, ModelConfig model, double prompt, double completion)
    {
        var (most, rollout) = (settings.Update.KeepActivations.Bytes, settings.Rollout);
        if (most == 0 || rollout.Overlap) return 0;
        // Groups that dynamic sampling draws and drops come and go: any number of them.
        if (rollout.DynamicSampling) return most;
        var tokens = rollout.Prompts * (rollout.Group * completion + prompt * (rollout.SharePrompts ? 1 : rollout.Group));
        return (long)Math.Min(most, Math.Ceiling(tokens) * KeptBytesPerToken(model));
    }

    /// <summary>Room for what sampling keeps for training; null where the recipe gives none, or nothing could be taken.</summary>
    internal static KeptProducts? Kept(TrainingSetup setup) =>
        KeptBytes(setup) is > 0 and var bytes ? new KeptProducts(setup.Model.Linears.Select(linear => linear.Weight), bytes) : null;

    /// <summary>Bytes of model, adapter, gradient and optimizer, and of what is kept of a teacher and of sampling.</summary>
    public static long FixedBytes(TrainingSetup setup) => ModelBytes(setup) + AdapterBytes(setup) + KeptBytes(setup)
        + TeacherBytes(setup.Objective, setup.Settings.Rollout, (setup.TeacherModel ?? setup.Model).Config,
            setup.Settings.Rollout.MaxNewTokens);

    /// <summary>
    /// Bytes of a teacher's last hidden states of a batch whose completions have a length, where the loss compares distributions over the
    /// vocabulary; else 0.
    /// </summary>
    public static long TeacherBytes(ObjectiveSettings objective, RolloutSettings rollout, ModelConfig teacher, double length) =>
        objective.DistilsVocabulary ? (long)(rollout.Prompts * (double)rollout.Group * length) * teacher.HiddenSize * sizeof(float) : 0;

    /// <summary>Bytes of the weights; gradients of integer products need a second copy of them.</summary>
    public static long ModelBytes(TrainingSetup setup) =>
        setup.Model.WeightBytes * (setup.Settings.Precision.IsInt8() ? 2 : 1) + (setup.TeacherModel?.WeightBytes ?? 0);

    /// <summary>
    /// Bytes of adapter, gradient and optimizer; overlap samples by a copy of the adapter, shards are summed beside the gradient, and each
    /// worker but the first has a copy with a gradient.
    /// </summary>
    public static long AdapterBytes(TrainingSetup setup) =>
        setup.Adapter.TrainableCount * ((setup.Settings.Rollout.Overlap ? 5 : 4) + SharedValues(setup.Settings.Update)) * sizeof(float);

    /// <summary>Values beside each trainable one that an update in shards holds: the sum, one gradient a worker, and the copies.</summary>
    public static long SharedValues(UpdateSettings update) => update.Shards == 1 ? 0 : 1 + update.Workers + 2 * (update.Workers - 1L);

    /// <summary>Bytes of the training passes as the recipe cuts them, one a worker.</summary>
    public static long PassBytes(TrainingSetup setup) => setup.Settings.Update.Workers
        * PassBytes(setup.Model.Config, MicroBatchTokens(setup), setup.Settings.Update.Recompute ?? Recompute(setup));

    /// <summary>Bytes of the cache that one sequence of the longest kind takes, an upper bound.</summary>
    public static long SequenceBytes(TrainingSetup setup) =>
        ((setup.Settings.Rollout.MaxPromptTokens + (long)setup.Settings.Rollout.MaxNewTokens) / 32 + 1)
        * GeneratorMemory.PageBytes(setup.Model.Config, setup.Settings.Precision);

    /// <summary>
    /// Bytes of keys and values where every sequence is of the longest kind: those of the rollouts, and beside them those of an evaluation
    /// where the run has one.
    /// </summary>
    public static long CacheBytes(TrainingSetup setup) =>
        Concurrency(setup) * SequenceBytes(setup) * (setup.HeldOut.Count > 0 ? 2 : 1);

    /// <summary>
    /// Sequences that are alive at once: what the recipe says, or as many as fit beside model, adapter and training pass, 128 at most;
    /// never more than a step draws or
    /// an evaluation holds.
    /// </summary>
    public static int Concurrency(TrainingSetup setup)
    {
        var rollout = setup.Settings.Rollout;
        var samples =
            Math.Max((long)rollout.Prompts * rollout.Group,
            setup.HeldOut.Select(h => (long)h.Problems.Count * h.Samples).DefaultIfEmpty().Max());
        if (rollout.Concurrency is { } asked) return (int)Math.Min(asked, samples);
        var caches = setup.HeldOut.Count > 0 ? 2 : 1;
        var fits = Math.Max(1, (AvailableBytes(setup) - FixedBytes(setup) - PassBytes(setup)) / (caches * SequenceBytes(setup)));
        return (int)Math.Min(Math.Min(fits, MostAlive), samples);
    }

    /// <summary>Memory that a run may use: all that this process may, or a share where several runs go on over one model.</summary>
    public static long AvailableBytes(TrainingSetup setup) =>
        ModelBytes(setup) + Math.Max(0, AvailableBytes() - ModelBytes(setup)) / setup.RunsAtOnce;

    /// <summary>Memory that this process may use.</summary>
    public static long AvailableBytes() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
}
