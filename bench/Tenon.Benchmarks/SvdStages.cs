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
        var dense = a.Rows < a.Columns ? a.Transposed() : a.Clone();
        yield return new("  applying Q", () => Nothing(() => Apply(outer, dense.Clone())));
        yield return new("  transposing in and out", () => Nothing(() => _ = a.Transposed().Transposed()));
        yield return new("  scaling and checks", () => Nothing(() =>
        {
            a.RequireFinite("benchmark");
            _ = a.NearOne().Core.MaxAbs();
        }));
        var (ut, vt) = (Matrix.Identity(n), Matrix.Identity(n));
        Apply(bidiagonal.Left, ut);
        Apply(bidiagonal.Right, vt);
        yield return new("  sweeps, dense vectors", () => Nothing(() => new BidiagonalIteration((double[])d.Clone(), (double[])e.Clone(),
            ut.Transposed(), vt.Transposed()).Run()));
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
