using Tenon.Models.Config;

namespace Tenon.Training;

/// <summary>An estimate of a run's memory from its sizes, for <c>recompute: auto</c>, the dry run, and the refusal of a run that cannot fit.</summary>
public static class MemoryPlan
{
    /// <summary>Floats that the backward pass of one block keeps for each token: residuals, norms, q, k, v, attention, gate, up, their product and the gradients in flight.</summary>
    public static long BlockFloatsPerToken(ModelConfig c) => 5L * c.HiddenSize + 2L * c.QueryDim + 2L * c.KeyValueDim + 3L * c.IntermediateSize;

    /// <summary>Bytes that a pass over <paramref name="tokens"/> tokens keeps.</summary>
    public static long PassBytes(ModelConfig c, long tokens, bool recompute) =>
        sizeof(float) * tokens * (recompute ? c.NumHiddenLayers * c.HiddenSize + 2 * BlockFloatsPerToken(c) : c.NumHiddenLayers * BlockFloatsPerToken(c) + BlockFloatsPerToken(c));

    /// <summary>True where keeping every block's inside would take more than a quarter of the memory that is there.</summary>
    public static bool Recompute(TrainingSetup setup) =>
        PassBytes(setup.Model.Config, setup.Settings.Update.MicroBatchTokens, false) > AvailableBytes() / 4;

    /// <summary>Memory that this process may use.</summary>
    public static long AvailableBytes() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
}
