using Tenon.Tensors.Memory;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// C = A B or C += A B in float32. Every output has one accumulator and takes its products in ascending k, fused, starting from 0 or from
/// C; so blocks, tiles and threads
/// never change a bit, and a product over k may be cut anywhere and go on with <c>accumulate</c>.
/// </summary>
internal static unsafe class Gemm
{
    /// <summary>
    /// C[i, j] (at c[i cRow + j]) = (accumulate ? C[i, j] : 0) + sum over k of A(i, k) B(k, j), A(i, k) at a[i aRow + k aStep] and B(k, j)
    /// at b[k bRow + j], for m rows, n columns and k terms. In the
    /// calling thread.
    /// </summary>
    public static void Multiply(nint m, nint n, nint k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow,
        bool accumulate) =>
        KernelSet.Best.Multiply(m, n, k, a, aRow, aStep, b, bRow, c, cRow, accumulate);

    /// <summary>
    /// The same with B in bfloat16, two neighbouring rows k in a line of 32-bit words (the even one in the lower halves), for a few rows
    /// and columns that are a multiple of 32: B is widened in registers.
    /// </summary>
    public static void MultiplyPairs(
        nint m, nint n, nint k, float* a, nint aRow, float* pairs, nint pairsRow, float* c, nint cRow, bool accumulate) =>
        KernelSet.Best.MultiplyPairs(m, n, k, a, aRow, pairs, pairsRow, c, cRow, accumulate);

    /// <summary>
    /// The same, overwriting C, for two blocks of columns of which the second lies <paramref name="next"/> words behind the first, and its
    /// results <paramref name="cNext"/> behind the first one's: few rows have too few sums under way for one block.
    /// </summary>
    public static void MultiplyPairsOfTwo(
        nint m, nint n, nint k, float* a, nint aRow, float* pairs, nint next, nint pairsRow, float* c, nint cNext, nint cRow) =>
        KernelSet.Best.MultiplyPairsOfTwo(m, n, k, a, aRow, pairs, next, pairsRow, c, cNext, cRow);

    /// <summary>
    /// The same as <see cref="Multiply"/>, cut among the threads of a pool by columns or, where there are more of them, by rows.
    /// </summary>
    public static void MultiplyParallel(
        WorkerPool pool, nint m, nint n, nint k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate)
    {
        // One row is bound by reading B, which two threads do faster long before their arithmetic counts.
        const double WorthWhile = 200_000;
        const double WorthReading = 20_000;
        var small = pool.Threads == 1 || (double)m * n * k < (m == 1 ? WorthReading : WorthWhile);
        if (small && WorkProfile.Current is null)
        {
            Multiply(m, n, k, a, aRow, aStep, b, bRow, c, cRow, accumulate);
            return;
        }

        // Two shares a thread, so that a thread that is held up leaves its second to the others.
        var byRows = m > n;
        nint unit = byRows ? m >= 48 * pool.Threads ? 24 : 4 : 32;
        var units = ((byRows ? m : n) + unit - 1) / unit;
        var parts = small ? 1 : (int)Math.Min(units, 2 * pool.Threads);
        var share = (units + parts - 1) / parts * unit;
        parts = (int)(((byRows ? m : n) + share - 1) / share);
        var call = new Call
        {
            M = m, N = n, K = k, A = a, ARow = aRow, AStep = aStep, B = b, BRow = bRow, C = c, CRow = cRow,
            Accumulate = accumulate, ByRows = byRows, Share = share,
        };
        WorkProfile.Next(k, n, m, sizeof(float) * ((m * k) + (k * n) + (m * n)));
        pool.Run(parts, &call, &RunPart, "trained product");
    }

    private static void RunPart(Call* call, int part)
    {
        var from = part * call->Share;
        if (call->ByRows)
        {
            var rows = Math.Min(call->Share, call->M - from);
            if (rows <= 0) return;
            Multiply(rows, call->N, call->K, call->A + (from * call->ARow), call->ARow, call->AStep, call->B, call->BRow,
                call->C + (from * call->CRow), call->CRow, call->Accumulate);
            return;
        }

        var columns = Math.Min(call->Share, call->N - from);
        if (columns <= 0) return;
        Multiply(call->M, columns, call->K, call->A, call->ARow, call->AStep, call->B + from, call->BRow, call->C + from, call->CRow,
            call->Accumulate);
    }

    private struct Call
    {
        public nint M, N, K, ARow, AStep, BRow, CRow, Share;
        public float* A, B, C;
        public bool Accumulate, ByRows;
    }
}

/// <summary>The product in one width of vector; see <see cref="Gemm"/>.</summary>
internal static unsafe class Gemm<TOps, TV>
    where TOps : unmanaged, IVector<TV>
    where TV : unmanaged
{
    /// <summary>Terms taken at a time, so that a block of columns stays in the cache.</summary>
    private const nint BlockK = 512;

    /// <summary>Floats in a line of the cache.</summary>
    private const int Line = 16;

    /// <summary>See <see cref="Gemm.Multiply"/>.</summary>
    public static void Multiply(nint m, nint n, nint k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow,
        bool accumulate)
    {
        if (m <= 0 || n <= 0) return;
        nint width = 2 * TOps.Lanes;
        if (k <= 0)
        {
            for (nint i = 0; i < m && !accumulate; i++) new Span<float>(c + (i * cRow), (int)n).Clear();
            return;
        }

        for (nint from = 0; from < k; from += BlockK)
        {
            var terms = Math.Min(BlockK, k - from);
            var go = accumulate || from > 0;
            var left = a + (from * aStep);
            nint j = 0;
            for (; m <= 3 && n - j >= 2 * width; j += 2 * width)
                Wide(m, terms, left, aRow, aStep, b + (from * bRow) + j, bRow, c + j, cRow, go);
            for (; j < n; j += width)
            {
                var right = b + (from * bRow) + j;
                if (n - j >= width) Columns(m, terms, left, aRow, aStep, right, bRow, c + j, cRow, go);
                else if (n - j == TOps.Lanes) Narrow(m, terms, left, aRow, aStep, right, bRow, c + j, cRow, go);
                else Edge(m, n - j, terms, left, aRow, aStep, right, bRow, c + j, cRow, go);
            }
        }
    }

    /// <summary>
    /// Any number of rows by exactly two vectors of columns. Where <paramref name="ahead"/> is not 0, the lines of B that many floats on
    /// are asked for by the first tiles, a line of the cache by each.
    /// </summary>
    public static void Columns(nint m, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate,
        nint ahead = 0)
    {
        var asked = 0;
        while (m > 0)
        {
            nint rows;
            var next = asked >= 2 * TOps.Lanes ? 0 : ahead;
            if (TOps.TileRows == 12 && m >= 12 && m != 16)
            {
                Tiles<TOps, TV>.Rows12(k, a, aRow, aStep, b, bStep, c, cRow, accumulate, next);
                rows = 12;
            }
            else if (TOps.TileRows == 12 && m >= 8)
            {
                Tiles<TOps, TV>.Rows8(k, a, aRow, aStep, b, bStep, c, cRow, accumulate, next);
                rows = 8;
            }
            else if (m >= 6 && m != 8)
            {
                Tiles<TOps, TV>.Rows6(k, a, aRow, aStep, b, bStep, c, cRow, accumulate, next);
                rows = 6;
            }
            else if (m >= 4 && m != 5)
            {
                Tiles<TOps, TV>.Rows4(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
                rows = 4;
            }
            else if (m is 3 or 5)
            {
                Tiles<TOps, TV>.Rows3(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
                rows = 3;
            }
            else if (m >= 2)
            {
                Tiles<TOps, TV>.Rows2(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
                rows = 2;
            }
            else
            {
                Tiles<TOps, TV>.Rows1(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
                rows = 1;
            }

            m -= rows;
            a += rows * aRow;
            c += rows * cRow;
            asked += Line;
            if (ahead != 0) ahead += Line;
        }
    }

    /// <summary>See <see cref="Gemm.MultiplyPairs"/>.</summary>
    public static void MultiplyPairs(
        nint m, nint n, nint k, float* a, nint aRow, float* pairs, nint pairsRow, float* c, nint cRow, bool accumulate)
    {
        nint width = 2 * TOps.Lanes, j = 0;
        for (; m <= 3 && n - j >= 2 * width; j += 2 * width)
            WidePairs(m, k, a, aRow, pairs + j, width, pairsRow, c + j, width, cRow, accumulate);
        for (; j < n; j += width) PairColumns(m, k, a, aRow, pairs + j, pairsRow, c + j, cRow, accumulate);
    }

    /// <summary>See <see cref="Gemm.MultiplyPairsOfTwo"/>.</summary>
    public static void MultiplyPairsOfTwo(
        nint m, nint n, nint k, float* a, nint aRow, float* pairs, nint next, nint pairsRow, float* c, nint cNext, nint cRow)
    {
        nint width = 2 * TOps.Lanes;
        for (nint j = 0; j < n; j += width)
        {
            if (m <= 3)
            {
                WidePairs(m, k, a, aRow, pairs + j, next, pairsRow, c + j, cNext, cRow, accumulate: false);
                continue;
            }

            PairColumns(m, k, a, aRow, pairs + j, pairsRow, c + j, cRow, accumulate: false);
            PairColumns(m, k, a, aRow, pairs + next + j, pairsRow, c + cNext + j, cRow, accumulate: false);
        }
    }

    // One to three rows by twice two vectors of columns.
    private static void WidePairs(
        nint m, nint k, float* a, nint aRow, float* pairs, nint next, nint pairsRow, float* c, nint cNext, nint cRow, bool accumulate)
    {
        if (m == 3) Tiles<TOps, TV>.WidePairs3(k, a, aRow, pairs, next, pairsRow, c, cNext, cRow, accumulate);
        else if (m == 2) Tiles<TOps, TV>.WidePairs2(k, a, aRow, pairs, next, pairsRow, c, cNext, cRow, accumulate);
        else Tiles<TOps, TV>.WidePairs1(k, a, pairs, next, pairsRow, c, cNext, accumulate);
    }

    /// <summary>The same, exactly two vectors of columns.</summary>
    public static void PairColumns(nint m, nint k, float* a, nint aRow, float* pairs, nint pairsRow, float* c, nint cRow, bool accumulate)
    {
        nint rows;
        for (; m > 0; m -= rows, a += rows * aRow, c += rows * cRow)
        {
            rows = m switch { 3 or 5 or 6 => 3, >= 4 => 4, _ => m };
            if (rows == 4) Tiles<TOps, TV>.Pairs4(k, a, aRow, pairs, pairsRow, c, cRow, accumulate);
            else if (rows == 3) Tiles<TOps, TV>.Pairs3(k, a, aRow, pairs, pairsRow, c, cRow, accumulate);
            else if (rows == 2) Tiles<TOps, TV>.Pairs2(k, a, aRow, pairs, pairsRow, c, cRow, accumulate);
            else Tiles<TOps, TV>.Pairs1(k, a, pairs, pairsRow, c, accumulate);
        }
    }

    /// <summary>Any number of rows by exactly one vector of columns.</summary>
    private static void Narrow(nint m, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        while (m > 0)
        {
            nint rows;
            if (m >= 12 && m != 16)
            {
                Tiles<TOps, TV>.Narrow12(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
                rows = 12;
            }
            else if (m >= 8)
            {
                Tiles<TOps, TV>.Narrow8(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
                rows = 8;
            }
            else if (m >= 4)
            {
                Tiles<TOps, TV>.Narrow4(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
                rows = 4;
            }
            else
            {
                Tiles<TOps, TV>.Narrow1(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
                rows = 1;
            }

            m -= rows;
            a += rows * aRow;
            c += rows * cRow;
        }
    }

    /// <summary>Three rows or fewer by exactly four vectors of columns.</summary>
    private static void Wide(nint m, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        if (m == 3) Tiles<TOps, TV>.Wide3(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
        else if (m == 2) Tiles<TOps, TV>.Wide2(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
        else Tiles<TOps, TV>.Wide1(k, a, aRow, aStep, b, bStep, c, cRow, accumulate);
    }

    /// <summary>
    /// Any number of rows by fewer columns than two vectors: the columns go through a padded copy, the results through a tile of their own.
    /// </summary>
    public static void Edge(nint m, nint n, nint k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow,
        bool accumulate)
    {
        nint width = 2 * TOps.Lanes;
        var columns = Scratch.Floats(ScratchUse.PackedColumns, k * width);
        for (nint t = 0; t < k; t++)
        {
            var row = new Span<float>(columns + (t * width), (int)width);
            new Span<float>(b + (t * bRow), (int)n).CopyTo(row);
            row[(int)n..].Clear();
        }

        EdgePacked(m, n, k, a, aRow, aStep, columns, width, c, cRow, accumulate);
    }

    /// <summary>The same where the columns are already padded to two vectors.</summary>
    public static void EdgePacked(nint m, nint n, nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow,
        bool accumulate)
    {
        nint width = 2 * TOps.Lanes;
        var tile = Scratch.Floats(ScratchUse.Tile, 12 * width);
        for (nint i = 0; i < m; i += 12)
        {
            var rows = Math.Min(12, m - i);
            for (nint r = 0; r < rows && accumulate; r++)
            {
                var row = new Span<float>(tile + (r * width), (int)width);
                new Span<float>(c + ((i + r) * cRow), (int)n).CopyTo(row);
                row[(int)n..].Clear();
            }

            Columns(rows, k, a + (i * aRow), aRow, aStep, b, bStep, tile, width, accumulate);
            for (nint r = 0; r < rows; r++)
                new Span<float>(tile + (r * width), (int)n).CopyTo(new Span<float>(c + ((i + r) * cRow), (int)n));
        }
    }
}
