namespace Tenon.Tensors;

/// <summary>How a frozen weight lies in memory.</summary>
public enum WeightStorage
{
    /// <summary>Four bytes a weight.</summary>
    F32,

    /// <summary>Two bytes a weight, rounded to nearest even when it is packed.</summary>
    BF16,
}
