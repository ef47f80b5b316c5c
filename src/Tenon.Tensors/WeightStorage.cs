namespace Tenon.Tensors;

/// <summary>How a frozen weight lies in memory.</summary>
public enum WeightStorage
{
    /// <summary>Four bytes a weight.</summary>
    F32,

    /// <summary>Two bytes a weight, rounded to nearest even when it is packed.</summary>
    BF16,

    /// <summary>An integer of one byte a weight and a float32 scale for each 32 inputs of an output.</summary>
    Int8,

    /// <summary>The same with a float32 offset beside each scale.</summary>
    Int8Offset,
}
