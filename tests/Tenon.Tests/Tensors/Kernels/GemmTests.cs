using System.Runtime.Intrinsics;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Kernels;

public unsafe class GemmTests
{
    private static readonly int[] Sizes = [1, 2, 3, 5, 7, 8, 11, 12, 13, 16, 23, 25, 40];

    [Fact]
    public void Every_output_is_one_fused_sum_in_ascending_order()
    {
        foreach (var m in Sizes)
        {
            foreach (var n in (int[])[1, 7, 16, 31, 32, 33, 65, 128, 200])
            {
                foreach (var k in (int[])[1, 2, 19, 40])
                {
                    foreach (var accumulate in (bool[])[false, true]) Check(m, n, k, (m + n) % 2 == 0, accumulate);
                }
            }
        }
    }

    [Theory]
    [InlineData(5, 70, 1300)]
    [InlineData(61, 96, 700)]
    [InlineData(130, 33, 1030)]
    public void Long_sums_go_on_from_block_to_block(int m, int n, int k)
    {
        Check(m, n, k, false, false);
        Check(m, n, k, true, true);
    }

    [Fact]
    public void Threads_change_nothing()
    {
        using var pool = new WorkerPool(3);
        foreach (var (m, n, k) in ((int, int, int)[])[(200, 64, 300), (33, 257, 200), (1, 5000, 100)])
        {
            var a = Samples.Uniform(m * k, 1);
            var b = Samples.Uniform(k * n, 2);
            var one = new float[m * n];
            var many = new float[m * n];
            fixed (float* pa = a, pb = b, p1 = one, p2 = many)
            {
                Gemm.Multiply(m, n, k, pa, k, 1, pb, n, p1, n, false);
                Gemm.MultiplyParallel(pool, m, n, k, pa, k, 1, pb, n, p2, n, false);
            }

            many.ShouldBeSameBits(one, $"{m}x{n}x{k}");
        }
    }

    [Fact]
    public void Pairs_give_the_bits_of_their_widened_numbers_in_every_width()
    {
        foreach (var level in (SimdLevel[])[SimdLevel.Scalar, SimdLevel.Neon, Cpu.Level])
            foreach (var m in (int[])[1, 2, 3, 4, 5, 6, 9])
                foreach (var n in (int[])[32, 64, 96, 160])
                    foreach (var k in (int[])[1, 2, 17, 64])
                        foreach (var accumulate in (bool[])[false, true])
                            CheckPairs(KernelSet.Of(level), m, n, k, accumulate);
    }

    private static void CheckPairs(KernelSet kernels, int m, int n, int k, bool accumulate)
    {
        var a = Samples.Uniform(m * k, 1);
        // Two blocks of columns, so many words apart, of lines of two terms each.
        var lines = (k + 1) / 2;
        var bits = Samples.Uniform(4 * lines * n, 2).Select(x => BitConverter.SingleToUInt32Bits(x) >> 16).ToArray();
        var words = new float[2 * lines * n];
        for (var i = 0; i < words.Length; i++) words[i] = BitConverter.UInt32BitsToSingle(bits[2 * i] | (bits[(2 * i) + 1] << 16));
        var begin = Samples.Uniform(m * 2 * n, 3);
        var expected = (float[])begin.Clone();
        for (var i = 0; i < m; i++)
            for (var j = 0; j < 2 * n; j++)
            {
                var sum = accumulate ? begin[(i * 2 * n) + j] : 0f;
                for (var t = 0; t < k; t++)
                {
                    var word = (((j / n * lines) + (t / 2)) * n) + (j % n);
                    sum = MathF.FusedMultiplyAdd(a[(i * k) + t], BitConverter.UInt32BitsToSingle(bits[(2 * word) + (t % 2)] << 16), sum);
                }

                expected[(i * 2 * n) + j] = sum;
            }

        var c = (float[])begin.Clone();
        fixed (float* pa = a, pw = words, pc = c)
        {
            kernels.MultiplyPairs(m, n, k, pa, k, pw, n, pc, 2 * n, accumulate);
            kernels.MultiplyPairs(m, n, k, pa, k, pw + (lines * n), n, pc + n, 2 * n, accumulate);
            c.ShouldBeSameBits(expected, $"{kernels.Level}, {m} x {n} x {k}, accumulate {accumulate}");
            if (accumulate) return;
            begin.CopyTo(c, 0);
            kernels.MultiplyPairsOfTwo(m, n, k, pa, k, pw, lines * n, n, pc, n, 2 * n);
        }

        c.ShouldBeSameBits(expected, $"{kernels.Level}, two blocks, {m} x {n} x {k}");
    }

    [Fact]
    public void No_terms_leave_zero_or_the_old_result()
    {
        var c = new float[] { 1, 2, 3, 4 };
        fixed (float* p = c)
        {
            Gemm.Multiply(2, 2, 0, p, 1, 1, p, 1, p, 2, true);
            c.ShouldBe([1, 2, 3, 4]);
            Gemm.Multiply(2, 2, 0, p, 1, 1, p, 1, p, 2, false);
        }

        c.ShouldBe([0, 0, 0, 0]);
    }

    private static void Check(int m, int n, int k, bool transposed, bool accumulate)
    {
        var a = Samples.Uniform(m * k, (uint)(m + k));
        var b = Samples.Uniform(k * n, (uint)(n + k));
        var start = Samples.Uniform(m * n, 9);
        nint aRow = transposed ? 1 : k, aStep = transposed ? m : 1;
        var expected = new float[m * n];
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                var sum = accumulate ? start[(i * n) + j] : 0f;
                for (var t = 0; t < k; t++) sum = MathF.FusedMultiplyAdd(a[(i * aRow) + (t * aStep)], b[(t * n) + j], sum);
                expected[(i * n) + j] = sum;
            }
        }

        var where = $"{m}x{n}x{k} transposed={transposed} accumulate={accumulate}";
        Run<SimdScalar, Lanes16>().ShouldBeSameBits(expected, where + " scalar");
        Run<Simd4, Vector128<float>>().ShouldBeSameBits(expected, where + " 128 bits");
        if (Cpu.Level >= SimdLevel.Avx2) Run<Simd8, Vector256<float>>().ShouldBeSameBits(expected, where + " AVX2");
        if (Cpu.Level >= SimdLevel.Avx512) Run<Simd512, Vector512<float>>().ShouldBeSameBits(expected, where + " AVX-512");

        float[] Run<TOps, TV>()
            where TOps : unmanaged, IVector<TV>
            where TV : unmanaged
        {
            var c = start.ToArray();
            fixed (float* pa = a, pb = b, pc = c) Gemm<TOps, TV>.Multiply(m, n, k, pa, aRow, aStep, pb, n, pc, n, accumulate);
            return c;
        }
    }
}
