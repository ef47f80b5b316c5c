namespace Tenon.Checkpoints.Gguf;

/// <summary>How a GGUF tensor's values are stored, by the numbers of the format.</summary>
public enum GgufType : uint
{
#pragma warning disable CS1591 // The names are those of ggml and say all there is to say.
    F32 = 0, F16 = 1, Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8, Q8_1 = 9, Q2_K = 10, Q3_K = 11, Q4_K = 12, Q5_K = 13, Q6_K =
        14, Q8_K = 15,
    IQ2_XXS = 16, IQ2_XS = 17, IQ3_XXS = 18, IQ1_S = 19, IQ4_NL = 20, IQ3_S = 21, IQ2_S = 22, IQ4_XS = 23,
    I8 = 24, I16 = 25, I32 = 26, I64 = 27, F64 = 28, IQ1_M = 29, BF16 = 30, TQ1_0 = 34, TQ2_0 = 35, MXFP4 = 39, NVFP4 = 40, Q1_0 = 41,
#pragma warning restore CS1591
}

/// <summary>Turns whole blocks into float32 values; the destination's length is a multiple of the block's.</summary>
internal unsafe delegate void Dequantizer(byte* source, Span<float> destination);

/// <summary>
/// Takes the integers, scales and offsets of groups of 32 values as they are stored; a type without offsets leaves them alone.
/// </summary>
internal unsafe delegate void BlockReader(byte* source, sbyte* integers, float* scales, float* offsets, int groups);

/// <summary>A storage type's block: so many values in so many bytes, and how they are read (null: not supported).</summary>
/// <param name="BlockValues">Values of a block.</param>
/// <param name="BlockBytes">Its bytes.</param>
/// <param name="Dequantize">Its values.</param>
/// <param name="Integers">Its integers, where each 32 values share a scale; else null.</param>
/// <param name="Kind">What the integers' groups have.</param>
internal sealed record GgufFormat(
    int BlockValues, int BlockBytes, Dequantizer? Dequantize = null, BlockReader? Integers = null, BlockKind Kind = BlockKind.None);

/// <summary>The table of storage types.</summary>
internal static unsafe class GgufTypes
{
    private static readonly Dictionary<GgufType, GgufFormat> Formats = new()
    {
        [GgufType.F32] = new(1, 4, (from, to) => new ReadOnlySpan<float>(from, to.Length).CopyTo(to)),
        [GgufType.F16] = new(1, 2, FloatFormats.WidenF16),
        [GgufType.BF16] = new(1, 2, FloatFormats.WidenBf16),
        [GgufType.Q4_0] = new(32, 18, PlainBlocks.Q4_0, IntegerBlocks.Q4_0, BlockKind.Scaled),
        [GgufType.Q4_1] = new(32, 20, PlainBlocks.Q4_1, IntegerBlocks.Q4_1, BlockKind.Offset),
        [GgufType.Q5_0] = new(32, 22, PlainBlocks.Q5_0, IntegerBlocks.Q5_0, BlockKind.Scaled),
        [GgufType.Q5_1] = new(32, 24, PlainBlocks.Q5_1, IntegerBlocks.Q5_1, BlockKind.Offset),
        [GgufType.Q8_0] = new(32, 34, PlainBlocks.Q8_0, IntegerBlocks.Q8_0, BlockKind.Scaled),
        [GgufType.Q2_K] = new(256, 84, KBlocks.Q2_K),
        [GgufType.Q3_K] = new(256, 110, KBlocks.Q3_K),
        [GgufType.Q4_K] = new(256, 144, KBlocks.Q4_K, IntegerBlocks.Q4_K, BlockKind.Offset),
        [GgufType.Q5_K] = new(256, 176, KBlocks.Q5_K, IntegerBlocks.Q5_K, BlockKind.Offset),
        [GgufType.Q6_K] = new(256, 210, KBlocks.Q6_K),
        [GgufType.IQ4_NL] = new(32, 18, TableBlocks.IQ4_NL, IntegerBlocks.IQ4_NL, BlockKind.Scaled),
        [GgufType.IQ4_XS] = new(256, 136, TableBlocks.IQ4_XS),
        // Known, so that a file that holds them can be looked into, but not read.
        [GgufType.Q8_1] = new(32, 40),
        [GgufType.Q8_K] = new(256, 292),
        [GgufType.IQ2_XXS] = new(256, 66),
        [GgufType.IQ2_XS] = new(256, 74),
        [GgufType.IQ3_XXS] = new(256, 98),
        [GgufType.IQ1_S] = new(256, 50),
        [GgufType.IQ3_S] = new(256, 110),
        [GgufType.IQ2_S] = new(256, 82),
        [GgufType.IQ1_M] = new(256, 56),
        [GgufType.I8] = new(1, 1),
        [GgufType.I16] = new(1, 2),
        [GgufType.I32] = new(1, 4),
        [GgufType.I64] = new(1, 8),
        [GgufType.F64] = new(1, 8),
        [GgufType.TQ1_0] = new(256, 54),
        [GgufType.TQ2_0] = new(256, 66),
        [GgufType.MXFP4] = new(32, 17),
        [GgufType.NVFP4] = new(64, 36),
        [GgufType.Q1_0] = new(128, 18),
    };

    /// <summary>The types that can be read, for messages.</summary>
    public static string SupportedNames => string.Join(", ", Formats.Where(f => f.Value.Dequantize is not null).Select(f => f.Key));

    /// <summary>The format of a type, or null where it is unknown.</summary>
    public static GgufFormat? Find(GgufType type) => Formats.GetValueOrDefault(type);

    /// <summary>The format of a tensor that must be readable.</summary>
    public static GgufFormat Require(GgufTensor t, string location) => Formats[t.Type] is { Dequantize: not null } format ? format
        : throw new TenonException($"Tensor '{t.Name}' of '{location}' has an unsupported type", SupportedNames, t.Type.ToString(),
        "Take another quantisation of the model (Q8_0 or Q4_K_M are common).");
}
