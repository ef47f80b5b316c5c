using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tensors.Linalg;

/// <summary>Products, sums and norms.</summary>
public sealed unsafe partial class Matrix
{
    /// <summary>a b.</summary>
    public static Matrix operator *(Matrix a, Matrix b)
    {
        RequireInner("product of matrices", a.Columns, b.Rows, a, b);
        return Multiply(a.Rows, b.Columns, a.Columns, a.Array, a.Columns, 1, b.Array, b.Columns, 1);
    }

    /// <summary>factor a.</summary>
    public static Matrix operator *(double factor, Matrix a) => a.Map(x => factor * x);

    /// <summary>a + b.</summary>
    public static Matrix operator +(Matrix a, Matrix b) => a.Zip(b, "sum of matrices", (x, y) => x + y);

    /// <summary>a - b.</summary>
    public static Matrix operator -(Matrix a, Matrix b) => a.Zip(b, "difference of matrices", (x, y) => x - y);

    /// <summary>-a.</summary>
    public static Matrix operator -(Matrix a) => a.Map(x => -x);

    /// <summary>This transposed, times <paramref name="b"/>.</summary>
    public Matrix TransposeTimes(Matrix b)
    {
        RequireInner("transposed product of matrices", Rows, b.Rows, this, b);
        return Multiply(Columns, b.Columns, Rows, Array, 1, Columns, b.Array, b.Columns, 1);
    }

    /// <summary>This times <paramref name="b"/> transposed.</summary>
    public Matrix TimesTranspose(Matrix b)
    {
        RequireInner("product with a transposed matrix", Columns, b.Columns, this, b);
        return Multiply(Rows, b.Rows, Columns, Array, Columns, 1, b.Array, 1, b.Columns);
    }

    /// <summary>Each row times its own factor: diag(factors) this.</summary>
    public Matrix ScaleRows(ReadOnlySpan<double> factors)
    {
        Shapes.Require(factors.Length == Rows, "scaling of rows", $"{Rows} factors", $"{factors.Length}");
        var result = Clone();
        for (var i = 0; i < Rows; i++)
            foreach (ref var x in result.Row(i)) x *= factors[i];
        return result;
    }

    /// <summary>Each column times its own factor: this diag(factors).</summary>
    public Matrix ScaleColumns(ReadOnlySpan<double> factors)
    {
        Shapes.Require(factors.Length == Columns, "scaling of columns", $"{Columns} factors", $"{factors.Length}");
        var result = Clone();
        for (var i = 0; i < Rows; i++)
        {
            var row = result.Row(i);
            for (var j = 0; j < row.Length; j++) row[j] *= factors[j];
        }

        return result;
    }

    /// <summary>The Euclidean norm of all values, safe against overflow.</summary>
    public double FrobeniusNorm()
    {
        fixed (double* p = Array) return Lines.Norm(p, Array.Length);
    }

    /// <summary>The largest absolute value; NaN where one is.</summary>
    public double MaxAbs()
    {
        var largest = 0.0;
        foreach (var x in Array) largest = Math.Max(largest, Math.Abs(x));
        return largest;
    }

    /// <summary>The sum of the diagonal.</summary>
    public double Trace()
    {
        var sum = 0.0;
        for (var i = 0; i < Math.Min(Rows, Columns); i++) sum += Array[(i * Columns) + i];
        return sum;
    }

    /// <summary>A function of each value.</summary>
    public Matrix Map(Func<double, double> function)
    {
        var result = new Matrix(Rows, Columns);
        for (var i = 0; i < Array.Length; i++) result.Array[i] = function(Array[i]);
        return result;
    }

    /// <summary>Throws unless every value is finite; <paramref name="what"/> names what was asked for.</summary>
    internal void RequireFinite(string what)
    {
        for (var i = 0; i < Array.Length; i++)
        {
            if (double.IsFinite(Array[i])) continue;
            throw new TenonException($"{what} of a {Rows} x {Columns} matrix", "finite numbers",
                $"{Array[i]} at ({i / Columns}, {i % Columns})", "look at where the matrix comes from");
        }
    }

    /// <summary>
    /// A copy times 2^-power that brings the largest number between 1 and 2, so that no square overflows or vanishes with it; zeros stay.
    /// </summary>
    /// <param name="own">True where this may be overwritten and given back: nobody else looks at it.</param>
    internal (Matrix Core, int Power) NearOne(bool own = false)
    {
        var largest = MaxAbs();
        if (largest == 0) return (own ? this : Clone(), 0);
        var power = Math.ILogB(largest);

        // Two steps: one power of two may lie outside of what a double can hold.
        var (first, second) = (Math.ScaleB(1, -(power / 2)), Math.ScaleB(1, (power / 2) - power));
        var core = own ? this : new Matrix(Rows, Columns);
        for (var i = 0; i < Array.Length; i++) core.Array[i] = Array[i] * first * second;
        return (core, power);
    }

    internal void RequireSquare(string what) => Shapes.Require(Rows == Columns, what, "a square matrix", $"{Rows} x {Columns}");

    private static void RequireInner(string what, int left, int right, Matrix a, Matrix b) =>
        Shapes.Require(left == right, what, "equal inner dimensions", $"{a} and {b}");

    private static Matrix Multiply(int m, int n, int k, double[] a, nint aRow, nint aStep, double[] b, nint bRow, nint bColumn)
    {
        var result = new Matrix(m, n);
        fixed (double* pa = a, pb = b, pc =
            result.Array) Product.Multiply(m, n, k, pa, aRow, aStep, pb, bRow, bColumn, pc, n, Product.Into.Set);
        return result;
    }

    private Matrix Zip(Matrix b, string what, Func<double, double, double> function)
    {
        Shapes.Require(Rows == b.Rows && Columns == b.Columns, what, $"{this} twice", $"{b}");
        var result = new Matrix(Rows, Columns);
        for (var i = 0; i < Array.Length; i++) result.Array[i] = function(Array[i], b.Array[i]);
        return result;
    }
}
