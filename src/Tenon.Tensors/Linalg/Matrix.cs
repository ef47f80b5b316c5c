using Tenon.Tensors.Linalg.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Linalg;

/// <summary>
/// A dense float64 matrix, row-major, in managed memory: what adapter starts, whitening and spectra compute with. Results depend on the
/// operands alone, not on threads or processor.
/// </summary>
public sealed partial class Matrix
{
    /// <summary>A matrix of zeros.</summary>
    public Matrix(int rows, int columns)
        : this(rows, columns, HugePages.Array(checked((long)rows * columns)))
    {
    }

    private Matrix(int rows, int columns, double[] values) => (Rows, Columns, Array) = (rows, columns, values);

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>All values, row by row.</summary>
    public Span<double> Values => Array;

    internal double[] Array { get; }

    /// <summary>One value.</summary>
    public double this[int row, int column]
    {
        get => Array[Place(row, column)];
        set => Array[Place(row, column)] = value;
    }

    /// <summary>One row as a span.</summary>
    public Span<double> Row(int row) => Array.AsSpan(row * Columns, Columns);

    /// <summary>A matrix over the array itself (not a copy), rows x columns values row by row.</summary>
    public static Matrix Over(double[] values, int rows, int columns)
    {
        Shapes.Require(rows >= 0 && columns >= 0
            && values.Length == (long)rows * columns, "matrix", $"{rows} x {columns} values", $"{values.Length}");
        return new(rows, columns, values);
    }

    /// <summary>A copy of rows x columns values, row by row.</summary>
    public static Matrix From(ReadOnlySpan<double> values, int rows, int columns) => Over(values.ToArray(), rows, columns);

    /// <summary>A widened copy of rows x columns values, row by row.</summary>
    public static Matrix From(ReadOnlySpan<float> values, int rows, int columns)
    {
        Shapes.Require(values.Length == (long)rows * columns, "matrix", $"{rows} x {columns} values", $"{values.Length}");
        var result = new Matrix(rows, columns);
        for (var i = 0; i < values.Length; i++) result.Array[i] = values[i];
        return result;
    }

    /// <summary>A widened copy of a tensor or parameter in its matrix view.</summary>
    public static Matrix From(Tensor tensor) => From(tensor.Values, checked((int)tensor.Rows), checked((int)tensor.Columns));

    /// <summary>A widened copy of a frozen weight [outputs, inputs].</summary>
    public static Matrix From(FrozenMatrix weight)
    {
        var result = new Matrix(checked((int)weight.Outputs), checked((int)weight.Inputs));
        var row = new float[result.Columns];
        for (var i = 0; i < result.Rows; i++)
        {
            weight.CopyRows(i, row);
            var target = result.Row(i);
            for (var j = 0; j < row.Length; j++) target[j] = row[j];
        }

        return result;
    }

    /// <summary>The n x n identity.</summary>
    public static Matrix Identity(int n)
    {
        var result = new Matrix(n, n);
        for (var i = 0; i < n; i++) result.Array[(i * n) + i] = 1;
        return result;
    }

    /// <summary>A copy.</summary>
    public Matrix Clone()
    {
        var result = new Matrix(Rows, Columns);
        Array.CopyTo(result.Array, 0);
        return result;
    }

    /// <summary>The transposed matrix, a copy.</summary>
    public unsafe Matrix Transposed()
    {
        var result = new Matrix(Columns, Rows);
        var (rows, columns) = ((nint)Rows, (nint)Columns);
        fixed (double* from = Array, to = result.Array)
        {
            var (source, target) = ((nint)from, (nint)to);
            var parts = rows * columns < 100_000 ? 1 : 4 * Split.Threads;
            Split.Run(parts, part =>
            {
                var (first, end) = Split.Range(columns, parts, part, Side);
                for (var c = first; c < end; c += Side)
                    for (nint r = 0; r < rows; r += Side)
                        Turn((double*)source + (r * columns) + c, columns, (double*)target + (c * rows) + r, rows,
                            Math.Min(Side, rows - r), Math.Min(Side, end - c));
            });
        }

        return result;
    }

    // Eight rows of eight numbers are eight lines of the cache, which fit in a set of it even where a row is a multiple of a page.
    private const nint Side = 8;

    private static unsafe void Turn(double* from, nint fromRow, double* to, nint toRow, nint rows, nint columns)
    {
        for (nint c = 0; c < columns; c++)
            for (nint r = 0; r < rows; r++) to[(c * toRow) + r] = from[(r * fromRow) + c];
    }

    /// <summary>A copy of the block of <paramref name="rows"/> x <paramref name="columns"/> values whose first is (row, column).</summary>
    public Matrix Block(int row, int rows, int column, int columns)
    {
        Shapes.Require(
            row >= 0 && column >= 0 && rows >= 0 && columns >= 0 && row + rows <= Rows && column + columns <= Columns,
            "block of a matrix", $"inside {Rows} x {Columns}", $"rows {row} to {row + rows}, columns {column} to {column + columns}");
        var result = new Matrix(rows, columns);
        for (var i = 0; i < rows; i++) Row(row + i).Slice(column, columns).CopyTo(result.Row(i));
        return result;
    }

    /// <summary>A copy of consecutive rows.</summary>
    public Matrix RowRange(int first, int count) => Block(first, count, 0, Columns);

    /// <summary>A copy of consecutive columns.</summary>
    public Matrix ColumnRange(int first, int count) => Block(0, Rows, first, count);

    /// <summary>The values rounded to float32, row by row.</summary>
    public float[] ToFloats()
    {
        var result = new float[Array.Length];
        for (var i = 0; i < result.Length; i++) result[i] = (float)Array[i];
        return result;
    }

    /// <inheritdoc/>
    public override string ToString() => $"[{Rows}, {Columns}]";

    private int Place(int row, int column)
    {
        if ((uint)row >= (uint)Rows || (uint)column >= (uint)Columns)
            throw new ArgumentOutOfRangeException(nameof(row), $"({row}, {column}) in {Rows} x {Columns}");
        return (row * Columns) + column;
    }
}
