namespace Tenon.Checkpoints;

/// <summary>How a tensor's values are stored, in whatever format: the names are those of safetensors and of ggml.</summary>
public enum StoredType
{
#pragma warning disable CS1591 // The names are those of the formats and say all there is to say.
    BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64,
    Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K,
    IQ2_XXS, IQ2_XS, IQ3_XXS, IQ1_S, IQ4_NL, IQ3_S, IQ2_S, IQ4_XS, IQ1_M, TQ1_0, TQ2_0, MXFP4, NVFP4, Q1_0,
#pragma warning restore CS1591
}

/// <summary>From the formats' own types to the common one; the names are the same.</summary>
internal static class StoredTypes
{
    public static StoredType Of<T>(T type) where T : struct, Enum => Enum.Parse<StoredType>(type.ToString());
}
