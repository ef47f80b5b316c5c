using Tenon.Tensors.Linalg;

namespace Tenon.Adapters;

/// <summary>
/// The inverse of a small Gram matrix of factors plus a ridge, and its products with gradients; float64 inside, in one fixed order.
/// </summary>
internal sealed class GramInverse(int rank)
{
    private Matrix _inverse = new(rank, rank);
    private readonly double[] _line = new double[rank];

    /// <summary>factor (A A^T + ridge I)^-1 for A [rank, n].</summary>
    public void OfRows(ReadOnlySpan<float> a, double ridge, double factor = 1) =>
        _inverse = factor * Matrix.From(a, rank, a.Length / rank).GramInverse(ridge);

    /// <summary>factor (B^T B + ridge I)^-1 for B [n, rank].</summary>
    public void OfColumns(ReadOnlySpan<float> b, double ridge, double factor = 1) =>
        _inverse = factor * Matrix.From(b, b.Length / rank, rank).Transposed().GramInverse(ridge);

    /// <summary>g [n, rank] becomes g M.</summary>
    public void FromRight(Span<float> gradient)
    {
        for (var start = 0; start < gradient.Length; start += rank)
            Multiply(gradient.Slice(start, rank), 1);
    }

    /// <summary>g [rank, n] becomes M g (M is symmetric).</summary>
    public void FromLeft(Span<float> gradient)
    {
        var columns = gradient.Length / rank;
        for (var start = 0; start < columns; start++) Multiply(gradient[start..], columns);
    }

    private void Multiply(Span<float> values, int stride)
    {
        for (var k = 0; k < rank; k++)
        {
            var sum = 0.0;
            for (var l = 0; l < rank; l++) sum += values[l * stride] * _inverse[l, k];
            _line[k] = sum;
        }

        for (var k = 0; k < rank; k++) values[k * stride] = (float)_line[k];
    }
}
