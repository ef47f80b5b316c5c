using System.Text.Json;
using Tenon.Tensors.Linalg;
using Tenon.Tests.Support;

namespace Tenon.Tests.Tensors.Linalg;

/// <summary>Factorisations and solutions against LAPACK's, with the tolerances of the reference's README.</summary>
public class LinalgGoldenTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Singular_values_and_subspaces_equal_the_reference(bool all) => Svds(Folder(all));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Qr_factors_equal_the_reference(bool all) => Qrs(Folder(all));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Solutions_and_inverses_equal_the_reference(bool all) => Solutions(Folder(all));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Symmetric_eigenvalues_and_roots_equal_the_reference(bool all) => Eigens(Folder(all));

    private static void Svds(string folder)
    {
        using var golden = new GoldenMatrices(folder);
        var worst = new Worst();
        foreach (var line in golden.Lines("svd.jsonl"))
        {
            var name = line.GetProperty("matrix").GetString()!;
            var a = golden[line, "matrix"];
            var svd = Svd.Of(a);
            var expected = Doubles(line.GetProperty("singular_values"));
            var largest = Math.Max(expected[0], 1e-300);
            worst.See("values", name, svd.S, expected, 1e-13 * largest);
            worst.See("values alone", name, Svd.Values(a), expected, 1e-13 * largest);
            worst.See("Frobenius norm", name, Math.Abs(a.FrobeniusNorm() - line.GetProperty("frobenius").GetDouble()), 1e-13 * largest);
            worst.See("nuclear norm", name, Math.Abs(svd.S.Sum() - line.GetProperty("nuclear").GetDouble()),
                1e-13 * largest * expected.Length);
            worst.See("rank", name, Math.Abs(svd.Rank - line.GetProperty("rank").GetInt32()), 0.5);
            worst.See("UᵀU = I", name, Apart(svd.U.TransposeTimes(svd.U), Matrix.Identity(expected.Length)), 1e-13);
            worst.See("VᵀV = I", name, Apart(svd.Vt.TimesTranspose(svd.Vt), Matrix.Identity(expected.Length)), 1e-13);
            worst.See("U S Vᵀ = A", name, Apart(svd.Product(), a), 1e-13 * largest);
            foreach (var p in line.GetProperty("projectors").EnumerateArray())
            {
                var (k, gap) = (p.GetProperty("k").GetInt32(), p.GetProperty("gap").GetDouble());
                var top = svd.Top(k);
                worst.See("left projectors", $"{name}, k {k}", Apart(top.U.TimesTranspose(top.U), golden[p, "left"]), 1e-11 / gap);
                worst.See("right projectors", $"{name}, k {k}", Apart(top.Vt.TransposeTimes(top.Vt), golden[p, "right"]), 1e-11 / gap);
            }
        }

        worst.Report("svd.jsonl");
    }

    private static void Qrs(string folder)
    {
        using var golden = new GoldenMatrices(folder);
        var worst = new Worst();
        foreach (var line in golden.Lines("qr.jsonl"))
        {
            var name = line.GetProperty("matrix").GetString()!;
            var a = golden[line, "matrix"];
            var (q, r) = QrFactors.Of(a, positiveDiagonal: true);
            var largest = Math.Max(a.MaxAbs(), 1e-300);
            worst.See("QᵀQ = I", name, Apart(q.TransposeTimes(q), Matrix.Identity(q.Columns)), 1e-13);
            worst.See("Q R = A", name, Apart(q * r, a), 1e-13 * largest);
            var signed = QrFactors.Of(a);
            worst.See("Q R = A, signs of LAPACK", name, Apart(signed.Q * signed.R, a), 1e-13 * largest);
            if (!line.GetProperty("leading_columns_independent").GetBoolean()) continue;
            var expected = golden[line, "r_positive_diagonal"];
            var tolerance = 1e-14 * line.GetProperty("leading_condition").GetDouble() + 1e-12;
            worst.See("R", name, Apart(r, expected), tolerance * expected.MaxAbs());
            worst.See("Q", name, Apart(q, golden[line, "q"]), tolerance);
        }

        worst.Report("qr.jsonl");
    }

    private static void Solutions(string folder)
    {
        using var golden = new GoldenMatrices(folder);
        var worst = new Worst();
        foreach (var line in golden.Lines("solve.jsonl"))
        {
            var what = line.GetProperty("what").GetString()!;
            var name = line.GetProperty("a").GetString()!;
            var a = golden[line, "a"];
            switch (what)
            {
                case "lora-fa":
                    var scale = line.GetProperty("scale").GetDouble();
                    var inverse = a.GramInverse(line.GetProperty("eps").GetDouble());
                    See("inverse", inverse);
                    See("projected", 1 / (scale * scale) * (golden[line, "g"] * inverse));
                    break;
                case "spd-solve":
                    See("x", a.Solve(golden[line, "b"]));
                    See("x", Cholesky.Of(a).Solve(golden[line, "b"]), " by Cholesky");
                    break;
                case "pinv":
                    See("pinv", a.PseudoInverse(line.GetProperty("relative_cutoff").GetDouble()));
                    worst.See("rank", name, Math.Abs(Svd.Of(a).Rank - line.GetProperty("rank").GetInt32()), 0.5);
                    break;
                default:
                    See("x", a.LeastSquares(golden[line, "b"]));
                    break;
            }

            void See(string key, Matrix got, string how = "")
            {
                var expected = golden[line, key];
                var condition = line.TryGetProperty("condition", out var c) ? c.GetDouble() : 100;
                worst.See($"{what}: {key}{how}", name, Apart(got, expected), 1e-13 * condition * Math.Max(expected.MaxAbs(), 1e-300));
            }
        }

        worst.Report("solve.jsonl");
    }

    private static void Eigens(string folder)
    {
        using var golden = new GoldenMatrices(folder);
        var worst = new Worst();
        foreach (var line in golden.Lines("eigen.jsonl"))
        {
            var name = line.GetProperty("matrix").GetString()!;
            var a = golden[line, "matrix"];
            var eigen = SymmetricEigen.Of(a);
            var (n, v) = (a.Rows, eigen.Vectors);
            var expected = Doubles(line.GetProperty("eigenvalues_ascending"));
            var largest = Math.Max(expected.Max(Math.Abs), 1e-300);
            worst.See("values", name, eigen.Values, expected, 1e-13 * largest);
            worst.See("trace", name, Math.Abs(a.Trace() - line.GetProperty("trace").GetDouble()), 1e-13 * largest * n);
            worst.See("VᵀV = I", name, Apart(v.TransposeTimes(v), Matrix.Identity(n)), 1e-13);
            worst.See("V diag Vᵀ = A", name, Apart(eigen.Map(x => x), a), 1e-13 * largest);
            foreach (var p in line.GetProperty("projectors").EnumerateArray())
            {
                var k = p.GetProperty("k").GetInt32();
                var top = v.ColumnRange(n - k, k);
                var gap = (expected[n - k] - expected[n - k - 1]) / largest;
                worst.See("projectors", $"{name}, k {k}", Apart(top.TimesTranspose(top), golden[p, "largest"]), 1e-11 / gap);
            }

            if (!line.TryGetProperty("cholesky", out _)) continue;
            var cholesky = Cholesky.Of(a);
            var condition = expected[^1] / expected[0];
            worst.See("Cholesky", name, Apart(cholesky.L, golden[line, "cholesky"]), 1e-13 * condition * largest);
            worst.See("logdet", name, Math.Abs(cholesky.LogDeterminant() - line.GetProperty("logdet").GetDouble()), 1e-12);
            worst.See("square root", name, Apart(eigen.SquareRoot(), golden[line, "sqrt"]), 1e-13 * largest);
            worst.See("inverse square root", name, Apart(eigen.InverseSquareRoot(), golden[line, "inverse_sqrt"]), 1e-13 * condition);
        }

        worst.Report("eigen.jsonl");
    }

    internal static double Apart(Matrix a, Matrix b) => (a - b).MaxAbs();

    internal static string Folder(bool all) => all ? GoldenFolder.Require("linalg") : GoldenMatrices.Trimmed;

    private static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(x => x.GetDouble())];
}
