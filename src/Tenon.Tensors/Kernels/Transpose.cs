namespace Tenon.Tensors.Kernels;

/// <summary>Matrix transposition in cache-sized blocks; only moves values, so it has no order to keep.</summary>
internal static unsafe class Transpose
{
    private const nint Block = 16;

    /// <summary>target[c, r] = source[r, c] for a contiguous [rows, columns] source.</summary>
    public static void Blocked(float* source, nint rows, nint columns, float* target) => Blocked(source, rows, columns, columns, target, rows);

    /// <summary>The same with row strides of source and target.</summary>
    public static void Blocked(float* source, nint rows, nint columns, nint sourceRow, float* target, nint targetRow)
    {
        for (nint r0 = 0; r0 < rows; r0 += Block)
            for (nint c0 = 0; c0 < columns; c0 += Block)
            {
                var r1 = Math.Min(rows, r0 + Block);
                var c1 = Math.Min(columns, c0 + Block);
                for (var c = c0; c < c1; c++)
                    for (var r = r0; r < r1; r++)
                        target[c * targetRow + r] = source[r * sourceRow + c];
            }
    }
}
