namespace Tenon.Tensors;

/// <summary>What a run's numbers depend on beside its recipe: recorded in <c>run.json</c>, checked by resume.</summary>
public static class Numerics
{
    /// <summary>Raised, with a dated line in docs/log.md, whenever the same recipe would give other numbers.</summary>
    public const int Version = 1;

    /// <summary>The CPU tier of this process: in f32 the numbers do not depend on it, in bf16 they do.</summary>
    public static string Tier => Kernels.KernelSet.Best.Level.ToString().ToLowerInvariant();
}
