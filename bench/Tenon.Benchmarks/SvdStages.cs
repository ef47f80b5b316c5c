using Tenon.Tensors.Linalg;

namespace Tenon.Benchmarks;

/// <summary>The parts that <see cref="Svd.Of"/> is made of, on the same matrix.</summary>
internal static unsafe class SvdStages
{
    public static IEnumerable<Contest> Of(Matrix a)
    {
        var tall = a.Rows < a.Columns ? a.Transposed() : a;
        var n = tall.Columns;
        var (outer, square) = QrFactors.Reduce(tall);
        var bidiagonal = Bidiagonal.Reduce(square.Clone());
        var (d, e) = ((double[])bidiagonal.Diagonal.Clone(), (double[])bidiagonal.Upper.Clone());
        yield return new("  QR", () => Nothing(() => QrFactors.Reduce(tall)));
        yield return new("  bidiagonal", () => Nothing(() => Bidiagonal.Reduce(square.Clone())));
        yield return new("  sweeps, values", () => Nothing(() =>
            new BidiagonalIteration((double[])d.Clone(), (double[])e.Clone(), null, null).Run()));
        yield return new("  sweeps, vectors", () => Nothing(() => new BidiagonalIteration((double[])d.Clone(), (double[])e.Clone(),
            Matrix.Identity(n), Matrix.Identity(n)).Run()));
        yield return new("  forming one square", () => Nothing(() => Apply(bidiagonal.Left, Matrix.Identity(n))));
        yield return new("  applying Q", () => Nothing(() => Apply(outer, new Matrix(tall.Rows, n))));
        yield return new("  product A At", () => Nothing(() => _ = tall.TransposeTimes(tall)));
    }

    private static void Apply(Reflectors reflectors, Matrix target)
    {
        fixed (double* p = target.Array) reflectors.Apply(p, target.Columns, transposed: false);
    }

    private static double[] Nothing(Action work)
    {
        work();
        return [];
    }
}
