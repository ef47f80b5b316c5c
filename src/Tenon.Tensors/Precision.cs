namespace Tenon.Tensors;

/// <summary>How the products with frozen weights are computed.</summary>
public enum Precision
{
    /// <summary>Float32 inputs; bf16 weights are widened exactly; the bits do not depend on the processor.</summary>
    F32,

    /// <summary>Inputs rounded to bfloat16, sums in float32; the bits are fixed within a process.</summary>
    Bf16,
}
