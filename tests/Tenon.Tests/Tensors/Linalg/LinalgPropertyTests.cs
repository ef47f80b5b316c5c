using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Linalg.Kernels;
using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Linalg;

/// <summary>What holds for every matrix, and that the bits depend on nothing else.</summary>
public class LinalgPropertyTests
{
    private static readonly Gen<Matrix> Matrices =
        from rows in Gen.Choose(1, 70)
        from columns in Gen.Choose(1, 70)
        from seed in Gen.Choose(1, int.MaxValue)
        from kind in Gen.Choose(0, 3)
        select Shaped(rows, columns, seed, kind);

    [Fact]
    public void Products_equal_plain_sums() => Prop.ForAll(Matrices.ToArbitrary(), a =>
    {
        var b = Random(a.Columns, 19, 7);
        var expected = new Matrix(a.Rows, 19);
        for (var i = 0; i < a.Rows; i++)
            for (var j = 0; j < 19; j++)
                for (var k = 0; k < a.Columns; k++) expected[i, j] = Math.FusedMultiplyAdd(a[i, k], b[k, j], expected[i, j]);
        Same(a * b, expected);
        Same(a.TimesTranspose(b.Transposed()), expected);
        Same(a.Transposed().TransposeTimes(b), expected);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Qr_gives_the_matrix_back_with_orthonormal_columns_and_a_triangle() => Prop.ForAll(Matrices.ToArbitrary(), a =>
    {
        var (q, r) = QrFactors.Of(a);
        Small(q * r - a, a.MaxAbs());
        Small(q.TransposeTimes(q) - Matrix.Identity(q.Columns), 1);
        for (var i = 1; i < r.Rows; i++)
            for (var j = 0; j < Math.Min(i, r.Columns); j++) r[i, j].ShouldBe(0);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Singular_values_give_the_matrix_back_in_descending_order() => Prop.ForAll(Matrices.ToArbitrary(), a =>
    {
        var svd = Svd.Of(a);
        Small(svd.Product() - a, a.FrobeniusNorm());
        Small(svd.U.TransposeTimes(svd.U) - Matrix.Identity(svd.S.Length), 1);
        Small(svd.Vt.TimesTranspose(svd.Vt) - Matrix.Identity(svd.S.Length), 1);
        for (var i = 0; i < svd.S.Length; i++)
        {
            svd.S[i].ShouldBeGreaterThanOrEqualTo(0);
            if (i > 0) svd.S[i].ShouldBeLessThanOrEqualTo(svd.S[i - 1]);
        }

        var alone = Svd.Values(a);
        for (var i = 0; i < alone.Length; i++) Math.Abs(alone[i] - svd.S[i]).ShouldBeLessThanOrEqualTo(1e-13 * svd.S[0]);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Eigenvalues_give_a_symmetric_matrix_back() => Prop.ForAll(Matrices.ToArbitrary(), a =>
    {
        var gram = a.TransposeTimes(a);
        var eigen = SymmetricEigen.Of(gram);
        Small(eigen.Map(x => x) - gram, gram.FrobeniusNorm());
        Small(eigen.Vectors.TransposeTimes(eigen.Vectors) - Matrix.Identity(gram.Rows), 1);
        var root = eigen.SquareRoot();
        Small((root * root) - gram, gram.FrobeniusNorm());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_inverse_undoes_the_matrix() => Prop.ForAll(Matrices.ToArbitrary(), a =>
    {
        var square = a.TimesTranspose(a) + Matrix.Identity(a.Rows);
        square = (1 / square.MaxAbs()) * square;
        var s = Svd.Values(square);
        var condition = s[0] / s[^1];
        Small((square * square.Inverse()) - Matrix.Identity(a.Rows), condition);
        Small((square * Cholesky.Of(square).Inverse()) - Matrix.Identity(a.Rows), condition);
    }).QuickCheckThrowOnFailure();

    /// <summary>
    /// Numbers from denormal to nearly too large in one matrix, bidiagonal ones over thirty orders, denormal ones alone: nothing overflows,
    /// loops or loses its orthogonality.
    /// </summary>
    [Fact]
    public void Numbers_of_every_size_converge()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var (m, n) = (1 + (seed * 7 % 45), 1 + (seed * 11 % 45));
            var (a, sizes) = (Random(m, n, seed), Random(m, n, seed + 1000));
            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    a[i, j] = (seed % 3) switch
                    {
                        0 => Math.ScaleB(a[i, j], (int)(1000 * sizes[i, j])),
                        1 => j == i || j == i + 1 ? Math.ScaleB(a[i, j], (int)(100 * sizes[i, j])) : 0,
                        _ => double.Epsilon * (int)(1000 * a[i, j]),
                    };
                }
            }

            var svd = Svd.Of(a);
            var (core, power) = a.NearOne();
            Small((svd.U.ScaleColumns([.. svd.S.Select(s => Math.ScaleB(s, -power))]) * svd.Vt) - core, seed % 3 == 2 ? 1e12
                : core.FrobeniusNorm());
            Small(svd.U.TransposeTimes(svd.U) - Matrix.Identity(svd.S.Length), 1);
            Small(svd.Vt.TimesTranspose(svd.Vt) - Matrix.Identity(svd.S.Length), 1);
            var q = QrFactors.Of(a).Q;
            Small(q.TransposeTimes(q) - Matrix.Identity(q.Columns), 1);
            var eigen = SymmetricEigen.Of(core.TransposeTimes(core));
            Small(eigen.Vectors.TransposeTimes(eigen.Vectors) - Matrix.Identity(n), 1);
        }
    }

    [Fact]
    public void The_diagonal_of_R_has_the_signs_of_LAPACK()
    {
        var r = QrFactors.Of(Matrix.From([3.0, 1, 4, 2], 2, 2)).R;
        r[0, 0].ShouldBe(-5, 1e-15);
        QrFactors.Of(Matrix.From([-3.0, 1, -4, 2], 2, 2)).R[0, 0].ShouldBe(5, 1e-15);

        // A column without a tail is left as it is.
        QrFactors.Of(Matrix.From([-2.5], 1, 1)).R[0, 0].ShouldBe(-2.5);
        QrFactors.Of(Matrix.From([-2.5], 1, 1), positiveDiagonal: true).R[0, 0].ShouldBe(2.5);
    }

    [Fact]
    public void A_random_start_finds_a_matrix_of_low_rank()
    {
        foreach (var (m, n) in new[] { (60, 40), (40, 60), (50, 50) })
        {
            var a = Random(m, 5, 3) * Random(5, n, 4);
            var svd = RandomizedSvd.Of(a, Random(Math.Min(m, n), 6, 5), iterations: 2);
            svd.S.Length.ShouldBe(6);
            Small(svd.Product() - a, a.FrobeniusNorm());
            (svd.S[5] / svd.S[0]).ShouldBeLessThan(1e-14);
        }
    }

    [Fact]
    public void What_is_not_finite_or_has_no_inverse_is_refused()
    {
        var bad = Random(3, 3, 1);
        bad[1, 2] = double.NaN;
        Should.Throw<TenonException>(() => Svd.Of(bad)).Message.ShouldContain("NaN at (1, 2)");
        Should.Throw<TenonException>(() => QrFactors.Of(bad));
        Should.Throw<TenonException>(() => SymmetricEigen.Of(bad));
        Should.Throw<TenonException>(() => new Matrix(3, 3).Inverse());
        Should.Throw<TenonException>(() => Cholesky.Of(-Matrix.Identity(2)));
        Should.Throw<TenonException>(() => Random(2, 3, 1).Inverse());
        Should.Throw<TenonException>(() => Random(2, 3, 1) * Random(2, 3, 1));
        Svd.Of(new Matrix(0, 3)).S.ShouldBeEmpty();
    }

    [Fact]
    public void One_thread_or_two_or_five_give_the_same_bits()
    {
        var wide = Random(160, 330, 11);
        var expected = On(1, wide);
        On(2, wide).ShouldBe(expected);
        On(5, wide).ShouldBe(expected);

        static string On(int threads, Matrix a)
        {
            using var pool = new WorkerPool(threads);
            Split.Pool = pool;
            try
            {
                return Fingerprint(a);
            }
            finally
            {
                Split.Pool = null;
            }
        }
    }

    /// <summary>Held so that every processor, and the suite with the vector instructions off, must give these bits.</summary>
    [Fact]
    public void The_bits_are_the_same_on_every_processor() =>
    Fingerprint(Random(75, 109, 21)).ShouldBe("9a9d91fca8634d7dfdd42ff2bb21c7eae553279d953c0ff05df50a81e865c05a");

    private static string Fingerprint(Matrix a)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var svd = Svd.Of(a);
        var (q, r) = QrFactors.Of(a);
        var gram = a.TimesTranspose(a);
        var eigen = SymmetricEigen.Of(gram);
        foreach (var m in
            new[] { svd.U, Matrix.From(svd.S, 1, svd.S.Length), svd.Vt, q, r, gram, gram.Inverse(), Cholesky.Of(gram).Inverse(),
            Matrix.From(eigen.Values, 1, gram.Rows), eigen.Vectors })
            hash.AppendData(MemoryMarshal.AsBytes(m.Values));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Same(Matrix got, Matrix expected) => got.Values.SequenceEqual(expected.Values).ShouldBeTrue();

    private static void Small(Matrix difference, double scale) => difference.MaxAbs().ShouldBeLessThanOrEqualTo(1e-13 * scale);

    /// <summary>Dense, of low rank, with columns of very different sizes, or sparse with whole rows of zeros.</summary>
    private static Matrix Shaped(int rows, int columns, int seed, int kind) => kind switch
    {
        1 => Random(rows, 3, seed) * Random(3, columns, seed + 1),
        2 => Random(rows, columns, seed).ScaleColumns([.. Enumerable.Range(0, columns).Select(i => Math.ScaleB(1, -i))]),
        3 => Random(rows, columns, seed).Map(x => x > 0.3 ? x : 0),
        _ => Random(rows, columns, seed),
    };

    private static Matrix Random(int rows, int columns, int seed)
    {
        var result = new Matrix(rows, columns);
        var state = (ulong)seed * 0x9E3779B97F4A7C15 + 1;
        foreach (ref var x in result.Values)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            x = (long)(state >> 11) * (1.0 / (1L << 52)) - 1;
        }

        return result;
    }
}
