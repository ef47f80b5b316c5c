namespace Tenon.Tensors;

/// <summary>What a run's numbers depend on beside its recipe: recorded in <c>run.json</c>, checked by resume.</summary>
public static class Numerics
{
    /// <summary>Raised, with a dated line in docs/log.md, whenever the same recipe would give other numbers.</summary>
    public const int Version = 3;

    /// <summary>
    /// The version since which a precision's numbers are what they are: a run of another precision goes on over a raise that does not
    /// touch it.
    /// </summary>
    public static int Of(Precision precision) => precision == Precision.Int8 ? 3 : 2;

    /// <summary>The CPU tier of this process: in f32 the numbers do not depend on it, in bf16 they do.</summary>
    public static string Tier => Kernels.KernelSet.Best.Level.ToString().ToLowerInvariant();

    /// <summary>The instructions that products of integers are made of; no number depends on them.</summary>
    public static string Int8Kernels => Kernels.Int8Kernels.Best.Name;
}
