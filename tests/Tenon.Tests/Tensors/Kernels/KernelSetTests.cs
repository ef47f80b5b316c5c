using Tenon.Tensors.Kernels;
using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tests.Tensors.Kernels;

/// <summary>
/// One set of kernels a width, chosen in one place; the kernels of float64 give the same bits in each (rows:
/// <see cref="RowKernelsTests"/>).
/// </summary>
public unsafe class KernelSetTests
{
    /// <summary>The widths that run here: the 128-bit one is written portably and runs anywhere.</summary>
    internal static IEnumerable<SimdLevel> Widths =>
        Enum.GetValues<SimdLevel>().Where(l => l <= SimdLevel.Neon || (Cpu.Level >= SimdLevel.Avx2 && l <= Cpu.Level));

    [Fact]
    public void The_width_is_chosen_in_one_place()
    {
        KernelSet.Best.Level.ShouldBe(Cpu.Level);
        KernelSet.Of(SimdLevel.Scalar).HasVectors.ShouldBeFalse();
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 17, 31)]
    [InlineData(9, 16, 32)]
    [InlineData(17, 70, 300)]
    public void Kernels_of_float64_have_the_same_bits_in_every_width(int m, int n, int k)
    {
        double[]? expected = null;
        foreach (var level in Widths)
        {
            var got = Results(KernelSet.Of(level), m, n, k);
            expected ??= got;
            for (var i = 0; i < got.Length; i++)
                BitConverter.DoubleToInt64Bits(got[i]).ShouldBe(BitConverter.DoubleToInt64Bits(expected[i]), $"{level} [{i}]");
        }
    }

    private static double[] Results(KernelSet set, int m, int n, int k)
    {
        var (a, b) = (Doubles(m * k, 1), Doubles(k * n, 2));
        var (product, rows, lines) = (Doubles(m * n, 3), Doubles(n, 4), Doubles(32 * (m + 1), 5));
        var factors = Doubles(2 * Math.Max(m, k), 6);
        fixed (double* pa = a, pb = b, pp = product, pr = rows, pl = lines, pf = factors)
        {
            set.Multiply(m, n, k, pa, k, 1, pb, n, 1, pp, n, Product.Into.Add);
            set.AddRows(pf, pb, n, k, pr, n);
            set.AddScaled(pf[0], pb, pr, n);
            set.Rotate(pl, m, false, pf);
            set.Rotate(pl, m, true, pf);
            return [set.Dot(pa, pf, Math.Min(k, a.Length)), .. product, .. rows, .. lines];
        }
    }

    private static double[] Doubles(int count, uint seed) => [.. Samples.Uniform(count, seed).Select(x => (double)x / 3)];
}
