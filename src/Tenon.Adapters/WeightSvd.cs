using Tenon.Tensors;
using Tenon.Tensors.Linalg;

namespace Tenon.Adapters;

/// <summary>
/// The singular value decomposition of a weight as the start of factors: in float64, each pair's sign such that the largest entry of the
/// right vector is positive.
/// </summary>
internal sealed class WeightSvd
{
    private readonly Svd _svd;

    private WeightSvd(Svd svd) => _svd = svd;

    /// <summary>Number of singular values, the smaller side of the weight.</summary>
    public int Count => _svd.S.Length;

    /// <summary>The singular values, descending.</summary>
    public IReadOnlyList<double> Values => _svd.S;

    /// <summary>Of a frozen weight [out, in].</summary>
    public static WeightSvd Of(FrozenMatrix weight) => Of(Matrix.From(weight));

    /// <summary>Of a matrix.</summary>
    public static WeightSvd Of(Matrix weight) => WithSigns(Svd.Of(weight));

    /// <summary>
    /// Randomised, of the given rank, with so many power iterations (<see cref="RandomizedSvd"/>); <paramref name="normal"/> gives the
    /// start's draws.
    /// </summary>
    public static WeightSvd Randomised(FrozenMatrix weight, int rank, int iterations, Func<int, double> normal)
    {
        var w = Matrix.From(weight);
        var start = new Matrix(Math.Min(w.Rows, w.Columns), rank);
        for (var i = 0; i < start.Values.Length; i++) start.Values[i] = normal(i);
        return WithSigns(RandomizedSvd.Of(w, start, iterations));
    }

    /// <summary>The places of the first, the last, the middle count values.</summary>
    public int[] Top(int count) => [.. Enumerable.Range(0, count)];

    /// <inheritdoc cref="Top"/>
    public int[] Bottom(int count) => [.. Enumerable.Range(Count - count, count)];

    /// <inheritdoc cref="Top"/>
    public int[] Middle(int count) => [.. Enumerable.Range((Count - count) / 2, count)];

    /// <summary>Right singular vectors as rows [places, in], each times a function of its value.</summary>
    public float[] Rows(int[] places, Func<double, double>? factor = null)
    {
        var columns = _svd.Vt.Columns;
        var result = new float[places.Length * columns];
        for (var k = 0; k < places.Length; k++)
        {
            var scale = factor?.Invoke(_svd.S[places[k]]) ?? 1;
            for (var i = 0; i < columns; i++) result[k * columns + i] = (float)(scale * _svd.Vt[places[k], i]);
        }

        return result;
    }

    /// <summary>Left singular vectors as columns [out, places], each times a function of its value.</summary>
    public float[] Columns(int[] places, Func<double, double>? factor = null)
    {
        var result = new float[_svd.U.Rows * places.Length];
        for (var k = 0; k < places.Length; k++)
        {
            var scale = factor?.Invoke(_svd.S[places[k]]) ?? 1;
            for (var o = 0; o < _svd.U.Rows; o++) result[o * places.Length + k] = (float)(scale * _svd.U[o, places[k]]);
        }

        return result;
    }

    /// <summary>The product of the first count triplets [out, in].</summary>
    public Matrix Low(int count) => _svd.Top(count).Product();

    private static WeightSvd WithSigns(Svd svd)
    {
        for (var k = 0; k < svd.S.Length; k++)
        {
            var row = svd.Vt.Row(k);
            var largest = 0;
            for (var i = 1; i < row.Length; i++)
                if (Math.Abs(row[i]) > Math.Abs(row[largest])) largest = i;
            if (row[largest] >= 0) continue;
            foreach (ref var value in row) value = -value;
            for (var o = 0; o < svd.U.Rows; o++) svd.U[o, k] = -svd.U[o, k];
        }

        return new WeightSvd(svd);
    }
}
