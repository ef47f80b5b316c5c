namespace Tenon.Tensors.Linalg;

/// <summary>
/// The economy singular value decomposition A = U diag(S) Vt, p = min(m, n): QR first where A is not square, Householder bidiagonalisation,
/// implicit-shift QR sweeps. Values are good to a few
/// units of rounding of the largest one. Signs of singular vectors follow from the reflectors and are the same on every machine.
/// </summary>
/// <param name="U">Left singular vectors as columns [m, p].</param>
/// <param name="S">Singular values, descending [p].</param>
/// <param name="Vt">Right singular vectors as rows [p, n].</param>
public sealed unsafe record Svd(Matrix U, double[] S, Matrix Vt)
{
    /// <summary>Decomposes A; it must be finite.</summary>
    public static Svd Of(Matrix a)
    {
        a.RequireFinite("singular value decomposition");
        if (a.Rows < a.Columns)
        {
            var (v, s, ut) = Tall(a.Transposed(), own: true);
            return new(ut.Transposed(), s, v.Transposed());
        }

        var (u, values, vt) = Tall(a, own: false);
        return new(u, values, vt);
    }

    /// <summary>The singular values alone, descending: several times faster.</summary>
    public static double[] Values(Matrix a)
    {
        a.RequireFinite("singular values");
        var wide = a.Rows < a.Columns;
        var (core, power) = (wide ? a.Transposed() : a).NearOne(own: wide);
        if (core.MaxAbs() == 0) return new double[core.Columns];
        var square = core.Rows > core.Columns ? QrFactors.Reduce(core, own: true).R : core;
        var bidiagonal = Bidiagonal.Reduce(square);
        new BidiagonalIteration(bidiagonal.Diagonal, bidiagonal.Upper, null, null).Run();
        var values = bidiagonal.Diagonal;
        Array.Sort(values, (x, y) => y.CompareTo(x));
        for (var i = 0; i < values.Length; i++) values[i] = Math.ScaleB(values[i], power);
        return values;
    }

    /// <summary>The first k singular triplets.</summary>
    public Svd Top(int k) => Range(0, k);

    /// <summary>U diag(S) Vt.</summary>
    public Matrix Product() => U.ScaleColumns(S) * Vt;

    /// <summary>How many values exceed max(m, n) times 2.2e-16 times the largest.</summary>
    public int Rank
    {
        get
        {
            var cutoff = S.Length == 0 ? 0 : Math.Max(U.Rows, Vt.Columns) * 2 * PlaneRotation.Epsilon * S[0];
            return S.Count(s => s > cutoff);
        }
    }

    private Svd Range(int first, int count)
    {
        Shapes.Require(count >= 0 && first >= 0 && first + count <= S.Length, "singular triplets", $"0 to {S.Length}", $"{count}");
        return new(U.ColumnRange(first, count), S.AsSpan(first, count).ToArray(), Vt.RowRange(first, count));
    }

    // Large matrices are made as few as can be: memory that is touched for the first time costs as much as the work.
    private static (Matrix U, double[] S, Matrix Vt) Tall(Matrix a, bool own)
    {
        var (m, n) = (a.Rows, a.Columns);
        var (core, power) = a.NearOne(own);
        if (core.MaxAbs() == 0) return (Embedded(Matrix.Identity(n), m), new double[n], Matrix.Identity(n));
        var (outer, square) = m > n ? QrFactors.Reduce(core, own: true) : (null, core);
        var bidiagonal = Bidiagonal.Reduce(square);
        var (ut, vt) = (Formed(bidiagonal.Left, n), Formed(bidiagonal.Right, n));
        new BidiagonalIteration(bidiagonal.Diagonal, bidiagonal.Upper, ut, vt).Run();

        var d = bidiagonal.Diagonal;
        var order = Enumerable.Range(0, n).OrderByDescending(i => d[i]).ToArray();
        var (values, left, right) = (new double[n], new Matrix(n, n), new Matrix(n, n));
        for (var i = 0; i < n; i++)
        {
            values[i] = Math.ScaleB(d[order[i]], power);
            ut.Row(order[i]).CopyTo(left.Row(i));
            vt.Row(order[i]).CopyTo(right.Row(i));
        }

        var inner = left.Transposed();
        if (outer is null) return (inner, values, right);
        core.Values.Clear();
        inner.Values.CopyTo(core.Values);
        fixed (double* p = core.Array) outer.Apply(p, n, transposed: false);
        return (core, values, right);
    }

    /// <summary>Qᵀ of some reflectors, row by row.</summary>
    private static Matrix Formed(Reflectors reflectors, int n)
    {
        var q = Matrix.Identity(n);
        fixed (double* p = q.Array) reflectors.Apply(p, n, transposed: false);
        return q.Transposed();
    }

    private static Matrix Embedded(Matrix top, int rows)
    {
        if (rows == top.Rows) return top;
        var result = new Matrix(rows, top.Columns);
        top.Values.CopyTo(result.Values);
        return result;
    }
}
