using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tensors.Linalg;

/// <summary>P A = L U with partial pivoting: the largest number of a column is its pivot, the first of equals.</summary>
public sealed unsafe class LuFactors
{
    private readonly Matrix _lu;
    private readonly int[] _order;

    private LuFactors(Matrix lu, int[] order) => (_lu, _order) = (lu, order);

    /// <summary>Factorises a square matrix; throws where a pivot is exactly zero.</summary>
    public static LuFactors Of(Matrix a)
    {
        a.RequireSquare("LU factorisation");
        a.RequireFinite("LU factorisation");
        var lu = a.Clone();
        var n = a.Rows;
        var order = Enumerable.Range(0, n).ToArray();
        fixed (double* p = lu.Array)
        {
            for (var k = 0; k < n; k++)
            {
                var pivot = k;
                for (var i = k + 1; i < n; i++)
                    if (Math.Abs(p[((nint)i * n) + k]) > Math.Abs(p[((nint)pivot * n) + k])) pivot = i;
                if (p[((nint)pivot * n) + k] == 0)
                    throw new TenonException($"inverse of a {n} x {n} matrix", "independent columns", $"a pivot of exactly 0 in column {k}",
                        "the matrix has no inverse; a pseudo-inverse drops what is dependent");
                if (pivot != k)
                {
                    (order[k], order[pivot]) = (order[pivot], order[k]);
                    for (var j = 0; j < n; j++)
                        (p[((nint)k * n) + j], p[((nint)pivot * n) + j]) = (p[((nint)pivot * n) + j], p[((nint)k * n) + j]);
                }

                var top = p + ((nint)k * n);
                for (var i = k + 1; i < n; i++)
                {
                    var row = p + ((nint)i * n);
                    row[k] /= top[k];
                    if (row[k] != 0) Lines.AddScaled(-row[k], top + k + 1, row + k + 1, n - k - 1);
                }
            }
        }

        return new(lu, order);
    }

    /// <summary>X with A X = B.</summary>
    public Matrix Solve(Matrix b)
    {
        var n = _lu.Rows;
        Shapes.Require(b.Rows == n, "solution of linear equations", $"a right-hand side of {n} rows", $"{b}");
        var x = new Matrix(n, b.Columns);
        for (var i = 0; i < n; i++) b.Row(_order[i]).CopyTo(x.Row(i));
        var columns = b.Columns;
        fixed (double* px = x.Array, p = _lu.Array)
        {
            for (var i = 0; i < n; i++)
                for (var k = 0; k < i; k++)
                    Lines.AddScaled(-p[((nint)i * n) + k], px + ((nint)k * columns), px + ((nint)i * columns), columns);
            for (var i = n - 1; i >= 0; i--)
            {
                var row = px + ((nint)i * columns);
                for (var k = i + 1; k < n; k++) Lines.AddScaled(-p[((nint)i * n) + k], px + ((nint)k * columns), row, columns);
                for (var j = 0; j < columns; j++) row[j] /= p[((nint)i * n) + i];
            }
        }

        return x;
    }
}
