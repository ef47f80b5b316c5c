namespace Tenon.Checkpoints;

/// <summary>The element types of safetensors, by the names the format uses, in its own order (alignment grows).</summary>
public enum SafetensorsType
{
    /// <summary>One byte, 0 or 1.</summary>
    BOOL,

    /// <summary>Unsigned byte.</summary>
    U8,

    /// <summary>Signed byte.</summary>
    I8,

    /// <summary>8-bit float, 5 exponent bits.</summary>
    F8_E5M2,

    /// <summary>8-bit float, 4 exponent bits.</summary>
    F8_E4M3,

    /// <summary>16-bit signed.</summary>
    I16,

    /// <summary>16-bit unsigned.</summary>
    U16,

    /// <summary>IEEE half.</summary>
    F16,

    /// <summary>The upper half of a float32.</summary>
    BF16,

    /// <summary>32-bit signed.</summary>
    I32,

    /// <summary>32-bit unsigned.</summary>
    U32,

    /// <summary>float32.</summary>
    F32,

    /// <summary>float64.</summary>
    F64,

    /// <summary>64-bit signed.</summary>
    I64,

    /// <summary>64-bit unsigned.</summary>
    U64,
}

/// <summary>Sizes of the element types.</summary>
internal static class SafetensorsTypes
{
    /// <summary>Bytes an element.</summary>
    public static int Bytes(this SafetensorsType type) => type switch
    {
        SafetensorsType.BOOL or SafetensorsType.U8 or SafetensorsType.I8 or SafetensorsType.F8_E5M2 or SafetensorsType.F8_E4M3 => 1,
        SafetensorsType.I16 or SafetensorsType.U16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.I32 or SafetensorsType.U32 or SafetensorsType.F32 => 4,
        _ => 8,
    };
}
