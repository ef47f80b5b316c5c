namespace Tenon.Tensors.Memory;

/// <summary>What a thread keeps its scratch memory for; each use has a block of its own, so that kernels can call each other.</summary>
internal enum ScratchUse
{
    /// <summary>Packed columns of the right factor of a product.</summary>
    PackedColumns,

    /// <summary>A tile of the result that hangs over its edge.</summary>
    Tile,

    /// <summary>A block of a frozen matrix, unpacked.</summary>
    Panel,

    /// <summary>Rows of the left factor, copied to where they lie close together.</summary>
    Input,

    /// <summary>Rows that were rounded to integers, for all threads of a product.</summary>
    RoundedRows,

    /// <summary>Scores of attention, weights of a row of logits: what an op needs within a part.</summary>
    Op,

    /// <summary>A page of keys or values, widened to float32.</summary>
    KeyValuePage,
}

/// <summary>Scratch memory of the calling thread, kept from call to call: no allocation once it has grown to the largest need.</summary>
internal static unsafe class Scratch
{
    [ThreadStatic]
    private static NativeBuffer?[]? _t_blocks;

    /// <summary>
    /// At least <paramref name="count"/> floats, aligned to 64 bytes, with any content; valid until the same use is asked for again.
    /// </summary>
    public static float* Floats(ScratchUse use, nint count)
    {
        var blocks = _t_blocks ??= new NativeBuffer?[Enum.GetValues<ScratchUse>().Length];
        var block = blocks[(int)use];
        if (block is null || block.Bytes < count * sizeof(float))
        {
            block?.Dispose();
            blocks[(int)use] = block = NativeBuffer.Allocate(Math.Max(count + count / 2, 4096) * sizeof(float));
        }

        return (float*)block.Pointer;
    }
}
