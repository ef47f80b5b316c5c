namespace Tenon.Tensors;

/// <summary>How the products with frozen weights are computed.</summary>
public enum Precision
{
    /// <summary>Float32 inputs; bf16 weights are widened exactly; the bits do not depend on the processor.</summary>
    F32,

    /// <summary>Weights, keys and values rounded to bfloat16, once each; activations, products and sums in float32. Half the memory of weights; the bits are fixed within a process.</summary>
    Bf16,
}
