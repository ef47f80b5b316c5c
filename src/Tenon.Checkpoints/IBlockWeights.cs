namespace Tenon.Checkpoints;

/// <summary>What a source says of a tensor that it keeps as integers in blocks of 32 with a scale each.</summary>
public enum BlockKind
{
    /// <summary>It is no such tensor.</summary>
    None,

    /// <summary>Value = scale times integer.</summary>
    Scaled,

    /// <summary>Value = scale times integer plus offset.</summary>
    Offset,
}

/// <summary>A source that can give quantised tensors as they are stored, for products of integers.</summary>
internal interface IBlockWeights
{
    /// <summary>How a tensor is kept.</summary>
    BlockKind Blocks(string name);

    /// <summary>
    /// Reads whole rows of such a tensor: integers [rows][columns], scales and (where the kind has them) offsets [rows][columns / 32].
    /// </summary>
    void ReadBlocks(string name, long row, Span<sbyte> integers, Span<float> scales, Span<float> offsets);
}
