using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tensors.Linalg;

/// <summary>A = L Lᵀ of a symmetric positive definite matrix; only its lower triangle is read.</summary>
public sealed unsafe class Cholesky
{
    private Cholesky(Matrix l) => L = l;

    /// <summary>The lower triangle.</summary>
    public Matrix L { get; }

    /// <summary>Factorises A; throws where it is not positive definite.</summary>
    public static Cholesky Of(Matrix a)
    {
        a.RequireSquare("Cholesky factorisation");
        a.RequireFinite("Cholesky factorisation");
        var n = a.Rows;
        var l = new Matrix(n, n);
        fixed (double* p = l.Array)
        {
            for (nint i = 0; i < n; i++)
            {
                var row = p + (i * n);
                for (nint j = 0; j <= i; j++)
                {
                    var rest = a[(int)i, (int)j] - Lines.Dot(row, p + (j * n), j);
                    if (j < i) row[j] = rest / p[(j * n) + j];
                    else if (rest > 0) row[j] = Math.Sqrt(rest);
                    else throw new TenonException($"Cholesky factorisation of a {n} x {n} matrix", "a positive definite matrix", $"pivot {rest:G6} in row {i}", "add a small multiple of the identity");
                }
            }
        }

        return new(l);
    }

    /// <summary>ln det A.</summary>
    public double LogDeterminant()
    {
        var sum = 0.0;
        for (var i = 0; i < L.Rows; i++) sum += ExactMath.Log(L[i, i]);
        return 2 * sum;
    }

    /// <summary>X with A X = B.</summary>
    public Matrix Solve(Matrix b)
    {
        var n = L.Rows;
        Shapes.Require(b.Rows == n, "solution of linear equations", $"a right-hand side of {n} rows", $"{b}");
        var x = b.Clone();
        var columns = b.Columns;
        fixed (double* px = x.Array, p = L.Array)
        {
            for (var i = 0; i < n; i++)
            {
                for (var k = 0; k < i; k++)
                    Lines.AddScaled(-p[((nint)i * n) + k], px + ((nint)k * columns), px + ((nint)i * columns), columns);
                for (var j = 0; j < columns; j++) px[((nint)i * columns) + j] /= p[((nint)i * n) + i];
            }

            for (var i = n - 1; i >= 0; i--)
            {
                for (var k = i + 1; k < n; k++)
                    Lines.AddScaled(-p[((nint)k * n) + i], px + ((nint)k * columns), px + ((nint)i * columns), columns);
                for (var j = 0; j < columns; j++) px[((nint)i * columns) + j] /= p[((nint)i * n) + i];
            }
        }

        return x;
    }

    /// <summary>A⁻¹, exactly symmetric.</summary>
    public Matrix Inverse()
    {
        var x = Solve(Matrix.Identity(L.Rows));
        for (var i = 0; i < x.Rows; i++)
            for (var j = 0; j < i; j++) x[i, j] = x[j, i] = (x[i, j] + x[j, i]) / 2;
        return x;
    }
}
