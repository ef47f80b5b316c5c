namespace Tenon.Tensors.Linalg;

/// <summary>
/// The first few singular triplets from a random start, without oversampling (Halko, Martinsson and Tropp 2011, algorithm 5.1, as
/// torch.svd_lowrank has it): what PiSSA's niter starts use.
/// </summary>
public static class RandomizedSvd
{
    /// <summary>
    /// As many triplets as <paramref name="random"/> [min(m, n), k] has columns, after <paramref name="iterations"/> power iterations. The
    /// random numbers are the caller's; independent normal ones are
    /// meant.
    /// </summary>
    public static Svd Of(Matrix a, Matrix random, int iterations)
    {
        var small = Math.Min(a.Rows, a.Columns);
        Shapes.Require(random.Rows == small
            && random.Columns <= small, "randomized singular values", $"a start of {small} rows and at most as many columns", $"{random}");
        if (a.Rows < a.Columns)
        {
            var turned = Of(a.Transposed(), random, iterations);
            return new(turned.Vt.Transposed(), turned.S, turned.U.Transposed());
        }

        var q = QrFactors.Of(a * random).Q;
        for (var i = 0; i < iterations; i++)
        {
            q = QrFactors.Of(a.TransposeTimes(q)).Q;
            q = QrFactors.Of(a * q).Q;
        }

        var inner = Svd.Of(q.TransposeTimes(a));
        return new(q * inner.U, inner.S, inner.Vt);
    }
}
