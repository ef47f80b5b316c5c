using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tenon.Checkpoints;

/// <summary>
/// A source that refuses NaN and infinity: every row that is read is looked at, and the first such value is named by tensor and index.
/// </summary>
internal sealed class FiniteWeights<T>(T inner) : IWeightSource, IStoredBytes, IBlockWeights
    where T : IWeightSource, IStoredBytes
{
    public string Location => inner.Location;

    public IReadOnlyDictionary<string, WeightInfo> Tensors => inner.Tensors;

    public void Read(string name, long row, Span<float> destination)
    {
        inner.Read(name, row, destination);
        FiniteValues.Require(Tensors[name], row, destination, Location);
    }

    public BlockKind Blocks(string name) => inner is IBlockWeights blocks ? blocks.Blocks(name) : BlockKind.None;

    public void ReadBlocks(string name, long row, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        ((IBlockWeights)inner).ReadBlocks(name, row, integers, scales, offsets);
        FiniteValues.RequireScales(Tensors[name], row, scales, Location);
        FiniteValues.RequireScales(Tensors[name], row, offsets, Location);
    }

    public long StoredLength(string name) => inner.StoredLength(name);

    public ReadOnlySpan<byte> Stored(string name, long offset, int length) => inner.Stored(name, offset, length);

    public void Dispose() => inner.Dispose();
}

/// <summary>The search for NaN and infinity.</summary>
internal static class FiniteValues
{
    /// <summary>Throws where values read from <paramref name="row"/> on are not finite.</summary>
    public static void Require(WeightInfo info, long row, ReadOnlySpan<float> values, string location)
    {
        var bad = FirstNonFinite(values);
        if (bad < 0) return;
        var index = row * info.Columns + bad;
        var place = info.Shape.Length == 2 ? $"[{index / info.Columns}, {index % info.Columns}]" : $"[{index}]";
        throw new TenonException($"Tensor '{info.Name}' of '{location}' holds a value that is no number", "finite values",
            $"{values[bad]} at {place}".Replace("∞", "Infinity"), "The checkpoint is broken; download it again or take an earlier one.");
    }

    /// <summary>Throws where scales or offsets of blocks of 32 values, read from <paramref name="row"/> on, are not finite.</summary>
    public static void RequireScales(WeightInfo info, long row, ReadOnlySpan<float> scales, string location)
    {
        var bad = FirstNonFinite(scales);
        if (bad < 0) return;
        var blocks = info.Columns / 32;
        throw new TenonException($"Tensor '{info.Name}' of '{location}' holds a block whose scale is no number", "finite scales",
            $"{scales[bad]} at [{row + (bad / blocks)}, {bad % blocks * 32}]".Replace("∞", "Infinity"),
            "The checkpoint is broken; download it again or take an earlier one.");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FirstNonFinite(ReadOnlySpan<float> values)
    {
        var bits = MemoryMarshal.Cast<float, uint>(values);
        var i = 0;
        for (; i <= bits.Length - 8; i += 8)
        {
            var exponents = Vector256.Create(bits[i..]) & Vector256.Create(0x7F800000u);
            if (Vector256.EqualsAny(exponents, Vector256.Create(0x7F800000u))) break;
        }
        for (; i < bits.Length; i++)
            if (!float.IsFinite(values[i])) return i;
        return -1;
    }
}
