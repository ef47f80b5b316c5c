using System.Runtime.CompilerServices;
using Tenon.Tensors.Panels;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Activations as integers. A block of 32 numbers x of a row becomes a = max|x| / 127 and q = x (1 / a) rounded to the nearest integer,
/// ties to even, held
/// within ±127; a below the smallest normal number gives zeros; a number that is not finite makes a NaN, and with it every output of the
/// row.
/// A second term rounds what the first left, e = x - a q (fused), with the scale a / 254. Every operation is named and rounds once, so that
/// a row has the
/// same integers on every processor and in any company.
/// </summary>
internal static class Int8Rows
{
    /// <summary>A block of one term: 32 signed bytes q, a, the integer -128 sum q, the number a sum q, four bytes unused.</summary>
    public const int Record = 48;

    /// <summary>Where a record keeps a.</summary>
    public const int Scale = 32;

    /// <summary>Where a record keeps -128 sum q, by which products with q + 128 in the weights begin.</summary>
    public const int Start = 36;

    /// <summary>Where a record keeps a sum q, by which offsets of the weights are multiplied.</summary>
    public const int ScaledSum = 40;

    /// <summary>Bytes of a row; a block's terms lie one behind the other.</summary>
    public static nint RowBytes(nint columns, int terms) => Int8Panels.Blocks(columns) * terms * Record;
}

/// <content>Rounding of rows to integers; see <see cref="Int8Rows"/>.</content>
internal static unsafe partial class Rows<TOps, TV>
{
    /// <summary>Writes the records of one row of <paramref name="n"/> numbers.</summary>
    [MethodImpl(Optimize)]
    public static void RoundToInt8(float* x, nint n, int terms, byte* records)
    {
        var last = stackalloc float[Int8Panels.Block];
        for (nint i = 0; i < n; i += Int8Panels.Block, records += terms * Int8Rows.Record)
        {
            var source = x + i;
            if (n - i < Int8Panels.Block)
            {
                for (nint j = 0; j < Int8Panels.Block; j++) last[j] = i + j < n ? source[j] : 0f;
                source = last;
            }

            RoundBlock(TOps.Load(source), TOps.Load(source + 16), terms, records);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RoundBlock(TV low, TV high, int terms, byte* record)
    {
        var sizes = TOps.BroadcastBits(0x7FFFFFFF);
        var largest = TOps.MaxLane(TOps.Max(TOps.And(low, sizes), TOps.And(high, sizes)));
        // x - x is 0 for every finite number and NaN for the others.
        var spoilt = TOps.Sum(TOps.Add(TOps.Sub(low, low), TOps.Sub(high, high)));
        var a = (largest / 127f) + spoilt;
        Term(low, high, a, record, out var q0, out var q1);
        if (terms == 1) return;
        var minus = TOps.Broadcast(-*(float*)(record + Int8Rows.Scale));
        Term(TOps.Fma(minus, q0, low), TOps.Fma(minus, q1, high), a / 254f, record + Int8Rows.Record, out _, out _);
    }

    /// <summary>
    /// One term: the integers of 32 numbers with a scale, and what a product needs of them. Gives the integers as numbers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Term(TV low, TV high, float a, byte* record, out TV q0, out TV q1)
    {
        // A row that is spoilt keeps its NaN as the scale, over zeros.
        var usable = a >= Int8Panels.Smallest && a <= float.MaxValue;
        var kept = usable || float.IsNaN(a) ? a : 0f;
        var inverse = TOps.Broadcast(usable ? 1f / a : 0f);
        if (!usable) low = high = TOps.Broadcast(0f);
        // Added to 1.5 * 2^23 a number rounds to an integer, ties to even, and lies in the lower bits.
        var magic = TOps.Broadcast(12582912f);
        var (least, most) = (TOps.Broadcast(-127f), TOps.Broadcast(127f));
        var r0 = TOps.Add(TOps.Min(TOps.Max(TOps.Mul(low, inverse), least), most), magic);
        var r1 = TOps.Add(TOps.Min(TOps.Max(TOps.Mul(high, inverse), least), most), magic);
        (q0, q1) = (TOps.Sub(r0, magic), TOps.Sub(r1, magic));
        var sum = TOps.StoreBytes(TOps.SubBits(r0, magic), (sbyte*)record)
            + TOps.StoreBytes(TOps.SubBits(r1, magic), (sbyte*)record + 16);
        *(float*)(record + Int8Rows.Scale) = kept;
        *(int*)(record + Int8Rows.Start) = -Int8Panels.Bias * sum;
        *(float*)(record + Int8Rows.ScaledSum) = kept * sum;
        *(int*)(record + Int8Rows.ScaledSum + 4) = 0;
    }
}
