namespace Tenon.Tensors;

/// <summary>How the products with frozen weights are computed.</summary>
public enum Precision
{
    /// <summary>Float32 inputs; bf16 weights are widened exactly; the bits do not depend on the processor.</summary>
    F32,

    /// <summary>
    /// Weights, keys and values rounded to bfloat16, once each, sums in float32; half the memory of weights. On a CPU with products of
    /// bfloat16 (AVX512_BF16) what they are multiplied with is rounded too, else it stays float32: the bits are those of a CPU tier
    /// (<see cref="Precisions.Tier"/>).
    /// </summary>
    Bf16,

    /// <summary>
    /// Weights and activations as integers of one byte with a scale for each 32 of them, in both directions; sums of integers are exact, so
    /// the bits do not depend on
    /// the processor. A quarter of the memory of weights (half with a gradient). Keys and values are rounded to bfloat16. Experimental.
    /// </summary>
    Int8,

    /// <summary>
    /// The same with a second integer for what the first leaves of an activation, and keys and values in float32: float32's function to
    /// about four digits. Experimental.
    /// </summary>
    Int8A16,
}

/// <summary>What follows from a precision.</summary>
public static class Precisions
{
    /// <summary>Integers for each activation; 0 where products are in float32.</summary>
    internal static int Terms(this Precision precision) => precision switch
    {
        Precision.Int8 => 1,
        Precision.Int8A16 => 2,
        _ => 0,
    };

    /// <summary>The words of the precisions in recipes and options, in their order.</summary>
    public static IReadOnlyList<string> Words { get; } = ["f32", "bf16", "int8", "int8-a16"];

    /// <summary>The word of a precision.</summary>
    public static string Word(this Precision precision) => Words[(int)precision];

    /// <summary>The precision of one of <see cref="Words"/>.</summary>
    public static Precision Of(string word) => (Precision)Words.ToList().IndexOf(word);

    /// <summary>How a weight that is not stored so already is packed for its products.</summary>
    public static WeightStorage Storage(this Precision precision) => precision switch
    {
        Precision.F32 => WeightStorage.F32,
        Precision.Bf16 => WeightStorage.BF16,
        _ => WeightStorage.Int8,
    };

    /// <summary>
    /// True where keys and values round to bfloat16, once each, when they are written, in sampling and training alike: where other numbers
    /// of the precision have no more digits.
    /// </summary>
    public static bool RoundsKeys(this Precision precision) => precision is Precision.Bf16 or Precision.Int8;

    /// <summary>True where weights are integers.</summary>
    public static bool IsInt8(this Precision precision) => precision.Terms() > 0;

    /// <summary>
    /// What of the CPU computes in a precision: <c>avx512-bf16</c> where bf16's products are the processor's own, else
    /// <see cref="Numerics.Tier"/>.
    /// </summary>
    public static string Tier(this Precision precision) =>
        precision == Precision.Bf16 && Kernels.Bf16Dot.IsSupported ? "avx512-bf16" : Numerics.Tier;

    /// <summary>The tier as it stands in what names a result: null in f32, which no processor changes.</summary>
    public static string? NamedTier(this Precision precision) => precision == Precision.F32 ? null : precision.Tier();

    /// <summary>True where the bits of a run depend on the CPU's tier.</summary>
    public static bool DependsOnTier(this Precision precision) => precision == Precision.Bf16;
}
