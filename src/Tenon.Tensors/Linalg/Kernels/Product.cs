using System.Runtime.CompilerServices;
using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Linalg.Kernels;

/// <summary>
/// C = A B, C += A B or C -= A B in float64. Every output has one accumulator and takes its products in ascending k, fused, starting from 0
/// or from C, so that blocks,
/// tiles and threads never change a bit.
/// </summary>
internal static unsafe class Product
{
    /// <summary>What a product does with C.</summary>
    public enum Into
    {
        /// <summary>C = A B.</summary>
        Set,

        /// <summary>C += A B.</summary>
        Add,

        /// <summary>C -= A B.</summary>
        Subtract,
    }

    /// <summary>
    /// A(i, t) at a[i aRow + t aStep], B(t, j) at b[t bRow + j bColumn], C(i, j) at c[i cRow + j], for m rows, n columns and k terms; cut
    /// among the pool's threads where it is worth while.
    /// </summary>
    public static void Multiply(nint m, nint n, nint k, double* a, nint aRow, nint aStep, double* b, nint bRow, nint bColumn, double* c,
        nint cRow, Into into)
    {
        if (m <= 0 || n <= 0) return;
        const double WorthWhile = 100_000;
        var work = (double)m * n * Math.Max(k, 1);
        var byRows = m > n;
        nint unit = byRows ? 8 : 16;
        var units = ((byRows ? m : n) + unit - 1) / unit;
        var parts = work < WorthWhile ? 1 : (int)Math.Min(units, 2 * Split.Threads);
        if (parts <= 1 || Split.Threads == 1)
        {
            Part(m, n, k, a, aRow, aStep, b, bRow, bColumn, c, cRow, into);
            return;
        }

        Split.Run(parts, part =>
        {
            var (from, to) = (units * part / parts * unit, Math.Min(units * (part + 1) / parts * unit, byRows ? m : n));
            if (byRows) Part(to - from, n, k, a + (from * aRow), aRow, aStep, b, bRow, bColumn, c + (from * cRow), cRow, into);
            else Part(m, to - from, k, a, aRow, aStep, b + (from * bColumn), bRow, bColumn, c + from, cRow, into);
        });
    }

    private static void Part(
        nint m, nint n, nint k, double* a, nint aRow, nint aStep, double* b, nint bRow, nint bColumn, double* c, nint cRow, Into into) =>
        KernelSet.Best.Multiply(m, n, k, a, aRow, aStep, b, bRow, bColumn, c, cRow, into);
}

/// <summary>The product in one width; see <see cref="Product"/>.</summary>
internal static unsafe class Product<TOps, TV>
    where TOps : unmanaged, IEight<TV>
    where TV : unmanaged
{
    private const nint Width = 16;
    private const nint BlockK = 256;
    private const nint BlockRows = 96;
    private const nint BlockColumns = 512;

    [ThreadStatic]
    private static double[]? _t_packed;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(nint m, nint n, nint k, double* a, nint aRow, nint aStep, double* b, nint bRow, nint bColumn, double* c,
        nint cRow, Product.Into into)
    {
        if (k <= 0)
        {
            for (nint i = 0; i < m && into == Product.Into.Set; i++) new Span<double>(c + (i * cRow), (int)n).Clear();
            return;
        }

        var size = (int)(Math.Min(k, BlockK) * Math.Min((n + Width - 1) / Width * Width, BlockColumns));
        if (_t_packed is null || _t_packed.Length < size) _t_packed = new double[size];
        var tile = stackalloc double[8 * 16];
        fixed (double* packed = _t_packed)
        {
            for (nint column = 0; column < n; column += BlockColumns)
            {
                var columns = Math.Min(BlockColumns, n - column);
                for (nint from = 0; from < k; from += BlockK)
                {
                    var terms = Math.Min(BlockK, k - from);
                    Pack(terms, columns, b + (from * bRow) + (column * bColumn), bRow, bColumn, packed, into == Product.Into.Subtract);
                    var go = from > 0 || into != Product.Into.Set;
                    for (nint row = 0; row < m; row += BlockRows)
                        Block(Math.Min(BlockRows, m - row), columns, terms, a + (row * aRow) + (from * aStep), aRow, aStep, packed,
                            c + (row * cRow) + column, cRow, go, tile);
                }
            }
        }
    }

    /// <summary>
    /// Columns in panels of sixteen, each [terms][16], padded with zeros; the sign of a difference goes in here, where it is exact.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(nint terms, nint columns, double* b, nint bRow, nint bColumn, double* packed, bool negate)
    {
        for (nint j = 0; j < columns; j += Width)
        {
            var wide = Math.Min(Width, columns - j);
            for (nint t = 0; t < terms; t++, packed += Width)
            {
                var line = b + (t * bRow) + (j * bColumn);
                if (bColumn == 1 && wide == Width)
                {
                    var sign = TOps.Broadcast(negate ? -1 : 1);
                    TOps.Store(TOps.Multiply(sign, TOps.Load(line)), packed);
                    TOps.Store(TOps.Multiply(sign, TOps.Load(line + 8)), packed + 8);
                    continue;
                }

                for (nint l = 0; l < wide; l++) packed[l] = negate ? -line[l * bColumn] : line[l * bColumn];
                for (var l = wide; l < Width; l++) packed[l] = 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block(nint m, nint n, nint k, double* a, nint aRow, nint aStep, double* packed, double* c, nint cRow, bool go,
        double* tile)
    {
        for (nint j = 0; j < n; j += Width, packed += k * Width)
        {
            var wide = Math.Min(Width, n - j);
            for (nint i = 0; i < m;)
            {
                var rows = TOps.TileRows == 8 && m - i >= 8 ? 8 : TOps.TileRows >= 2 && m - i >= 2 ? 2 : 1;
                var left = a + (i * aRow);
                var target = c + (i * cRow) + j;
                if (wide == Width) Tile(rows, k, left, aRow, aStep, packed, target, cRow, go);
                else
                {
                    for (nint r = 0; r < rows && go; r++)
                        for (nint l = 0; l < wide; l++) tile[(r * Width) + l] = target[(r * cRow) + l];
                    Tile(rows, k, left, aRow, aStep, packed, tile, Width, go);
                    for (nint r = 0; r < rows; r++)
                        for (nint l = 0; l < wide; l++) target[(r * cRow) + l] = tile[(r * Width) + l];
                }

                i += rows;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile(int rows, nint k, double* a, nint aRow, nint aStep, double* b, double* c, nint cRow, bool go)
    {
        if (rows == 8) Rows8(k, a, aRow, aStep, b, c, cRow, go);
        else if (rows == 2) Rows2(k, a, aRow, aStep, b, c, cRow, go);
        else Rows1(k, a, aStep, b, c, go);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TV Start(double* c, bool go) => go ? TOps.Load(c) : TOps.Broadcast(0);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows8(nint k, double* a, nint aRow, nint aStep, double* b, double* c, nint cRow, bool go)
    {
        double* a4 = a + (4 * aRow), c4 = c + (4 * cRow);
        var (r2, r3) = (2 * aRow, 3 * aRow);
        var (x0, y0) = (Start(c, go), Start(c + 8, go));
        var (x1, y1) = (Start(c + cRow, go), Start(c + cRow + 8, go));
        var (x2, y2) = (Start(c + (2 * cRow), go), Start(c + (2 * cRow) + 8, go));
        var (x3, y3) = (Start(c + (3 * cRow), go), Start(c + (3 * cRow) + 8, go));
        var (x4, y4) = (Start(c4, go), Start(c4 + 8, go));
        var (x5, y5) = (Start(c4 + cRow, go), Start(c4 + cRow + 8, go));
        var (x6, y6) = (Start(c4 + (2 * cRow), go), Start(c4 + (2 * cRow) + 8, go));
        var (x7, y7) = (Start(c4 + (3 * cRow), go), Start(c4 + (3 * cRow) + 8, go));
        for (nint t = 0; t < k; t++, a += aStep, a4 += aStep, b += Width)
        {
            var (p, q) = (TOps.Load(b), TOps.Load(b + 8));
            var f = TOps.Broadcast(a[0]);
            x0 = TOps.Fma(f, p, x0);
            y0 = TOps.Fma(f, q, y0);
            f = TOps.Broadcast(a[aRow]);
            x1 = TOps.Fma(f, p, x1);
            y1 = TOps.Fma(f, q, y1);
            f = TOps.Broadcast(a[r2]);
            x2 = TOps.Fma(f, p, x2);
            y2 = TOps.Fma(f, q, y2);
            f = TOps.Broadcast(a[r3]);
            x3 = TOps.Fma(f, p, x3);
            y3 = TOps.Fma(f, q, y3);
            f = TOps.Broadcast(a4[0]);
            x4 = TOps.Fma(f, p, x4);
            y4 = TOps.Fma(f, q, y4);
            f = TOps.Broadcast(a4[aRow]);
            x5 = TOps.Fma(f, p, x5);
            y5 = TOps.Fma(f, q, y5);
            f = TOps.Broadcast(a4[r2]);
            x6 = TOps.Fma(f, p, x6);
            y6 = TOps.Fma(f, q, y6);
            f = TOps.Broadcast(a4[r3]);
            x7 = TOps.Fma(f, p, x7);
            y7 = TOps.Fma(f, q, y7);
        }

        Finish(x0, y0, c);
        Finish(x1, y1, c + cRow);
        Finish(x2, y2, c + (2 * cRow));
        Finish(x3, y3, c + (3 * cRow));
        Finish(x4, y4, c4);
        Finish(x5, y5, c4 + cRow);
        Finish(x6, y6, c4 + (2 * cRow));
        Finish(x7, y7, c4 + (3 * cRow));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2(nint k, double* a, nint aRow, nint aStep, double* b, double* c, nint cRow, bool go)
    {
        var (x0, y0) = (Start(c, go), Start(c + 8, go));
        var (x1, y1) = (Start(c + cRow, go), Start(c + cRow + 8, go));
        for (nint t = 0; t < k; t++, a += aStep, b += Width)
        {
            var (p, q) = (TOps.Load(b), TOps.Load(b + 8));
            var f = TOps.Broadcast(a[0]);
            x0 = TOps.Fma(f, p, x0);
            y0 = TOps.Fma(f, q, y0);
            f = TOps.Broadcast(a[aRow]);
            x1 = TOps.Fma(f, p, x1);
            y1 = TOps.Fma(f, q, y1);
        }

        Finish(x0, y0, c);
        Finish(x1, y1, c + cRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1(nint k, double* a, nint aStep, double* b, double* c, bool go)
    {
        var (x, y) = (Start(c, go), Start(c + 8, go));
        for (nint t = 0; t < k; t++, a += aStep, b += Width)
        {
            var f = TOps.Broadcast(a[0]);
            x = TOps.Fma(f, TOps.Load(b), x);
            y = TOps.Fma(f, TOps.Load(b + 8), y);
        }

        Finish(x, y, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TV x, TV y, double* c)
    {
        TOps.Store(x, c);
        TOps.Store(y, c + 8);
    }
}
