using System.Runtime.InteropServices;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Linalg.Kernels;
using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Linalg;

/// <summary>The first singular triplets by randomized iteration keep within the errors that they state.</summary>
public class PartialSvdTests
{
    [Theory]
    [InlineData(60, 40, 0.7)]
    [InlineData(40, 60, 0.95)]
    [InlineData(50, 50, 0.99)]
    [InlineData(300, 80, 0.5)]
    public void Planted_spectra_are_found_within_the_stated_errors(int rows, int columns, double decay)
    {
        var small = Math.Min(rows, columns);
        double[] planted = [.. Enumerable.Range(0, small).Select(i => 3 * ExactMath.Pow(decay, i))];
        var a = QrFactors.Of(Random(rows, small, 1)).Q.ScaleColumns(planted).TimesTranspose(QrFactors.Of(Random(columns, small, 2)).Q);
        foreach (var iterations in new[] { 0, 2, 24 })
        {
            var found = PartialSvd.Of(a, 6, new PartialSvdSettings { MostIterations = iterations, Oversampling = 4, Tolerance = 1e-9 });
            found.Iterations.ShouldBeLessThanOrEqualTo(iterations);
            RequireWithinErrors(found, planted);

            // Equation 4.3 is a bound of |E|, itself above the first value that the sketch has no room for, and not a careless one.
            found.RangeError.ShouldBeGreaterThanOrEqualTo(planted[10]);
            found.RangeError.ShouldBeLessThan(200 * Math.Max(planted[10], 1e-12));
            Small(found.Triplets.U.TransposeTimes(found.Triplets.U) - Matrix.Identity(6));
            Small(found.Triplets.Vt.TimesTranspose(found.Triplets.Vt) - Matrix.Identity(6));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Values_of_the_reference_are_within_the_stated_errors(bool all)
    {
        using var golden = new GoldenMatrices(LinalgGoldenTests.Folder(all));
        var count = 0;
        foreach (var line in golden.Lines("svd.jsonl"))
        {
            double[] expected = [.. line.GetProperty("singular_values").EnumerateArray().Select(x => x.GetDouble())];
            var a = golden[line, "matrix"];
            for (var k = 1; k <= expected.Length; k += Math.Max(1, expected.Length / 3))
            {
                var found = PartialSvd.Of(a, k);
                found.Triplets.S.Length.ShouldBe(k);
                RequireWithinErrors(found, expected);
                count++;
            }
        }

        count.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void The_stream_is_fixed_and_threads_change_nothing()
    {
        var a = Random(160, 220, 5);
        var expected = Bits(1, 0);
        Bits(2, 0).ShouldBe(expected);
        Bits(5, 0).ShouldBe(expected);
        Bits(1, 1).ShouldNotBe(expected);

        byte[] Bits(int threads, ulong seed)
        {
            using var pool = new WorkerPool(threads);
            Split.Pool = pool;
            try
            {
                var found = PartialSvd.Of(a, 7, new PartialSvdSettings { Seed = seed, MostIterations = 3 });
                return [.. MemoryMarshal.AsBytes(found.Triplets.U.Values), .. MemoryMarshal.AsBytes(found.Residuals.AsSpan())];
            }
            finally
            {
                Split.Pool = null;
            }
        }
    }

    [Fact]
    public void More_triplets_than_there_are_and_numbers_that_are_none_are_refused()
    {
        Should.Throw<TenonException>(() => PartialSvd.Of(new Matrix(3, 5), 4)).Message.ShouldContain("1 to 3 triplets");
        Should.Throw<TenonException>(() => PartialSvd.Of(new Matrix(3, 5), 0));
        var bad = new Matrix(3, 3);
        bad[1, 1] = double.NaN;
        Should.Throw<TenonException>(() => PartialSvd.Of(bad, 1)).Message.ShouldContain("NaN at (1, 1)");
        PartialSvd.Of(new Matrix(3, 5), 2).Triplets.S.ShouldBe([0, 0]);
    }

    /// <summary>Each value below the true one and near to some true one, the true one below what the range error allows.</summary>
    private static void RequireWithinErrors(PartialSvd found, double[] expected)
    {
        var unit = Math.Max(expected[0], 1e-300);
        for (var j = 0; j < found.Triplets.S.Length; j++)
        {
            var (value, truth, range) = (found.Triplets.S[j] / unit, expected[j] / unit, found.RangeError / unit);
            value.ShouldBeLessThanOrEqualTo(truth + 1e-13, $"value {j}");
            truth.ShouldBeLessThanOrEqualTo(Math.Sqrt((value * value) + (range * range)) + 1e-13, $"value {j}");
            expected.Min(s => Math.Abs((s / unit) - value)).ShouldBeLessThanOrEqualTo((found.Residuals[j] / unit) + 1e-13, $"value {j}");
        }
    }

    private static void Small(Matrix difference) => difference.MaxAbs().ShouldBeLessThan(1e-12);

    private static Matrix Random(int rows, int columns, ulong seed)
    {
        var (result, key) = (new Matrix(rows, columns), new RandomKey(seed));
        for (var i = 0; i < result.Values.Length; i++) result.Values[i] = key.Normal(RandomPurpose.Task, 0, 0, 0, (uint)i);
        return result;
    }
}
