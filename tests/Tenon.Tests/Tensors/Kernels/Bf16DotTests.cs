using Tenon.Tensors;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Kernels;

/// <summary>Products of bfloat16 by the processor's own instruction against the definition of <see cref="Bf16Dot"/>.</summary>
public unsafe class Bf16DotTests
{
    [Fact]
    public void Every_tile_can_be_assembled_and_is_right_where_the_processor_has_the_instruction()
    {
        for (var rows = 1; rows <= Bf16Assembly.MostRows; rows++)
        {
            foreach (var asks in (bool[])[false, true])
            {
                Bf16Assembly.Tile(rows, asks).Length.ShouldBeInRange(100, 4096);
                if (Cpu.HasAvx512Bf16 && OperatingSystem.IsLinux()) Bf16Dot.Make(rows, asks).ShouldNotBe(0, $"{rows} rows");
            }
        }
    }

    [Fact]
    public void The_tier_of_bf16_says_whether_the_processor_multiplies_it()
    {
        Precision.Bf16.Tier().ShouldBe(Bf16Dot.IsSupported ? "avx512-bf16" : Numerics.Tier);
        Precision.F32.Tier().ShouldBe(Numerics.Tier);
        Precision.Int8.Tier().ShouldBe(Numerics.Tier);
    }

    [Fact]
    public void The_twin_takes_the_upper_number_of_a_pair_first_and_knows_no_subnormal_numbers()
    {
        Product([1f, 2f], [3f, 8f], 0).ShouldBe(19f);
        // The order of a pair's sums shows: (2^24 - 2^24) + 1 is 1, (2^24 + 1) - 2^24 is 0.
        Product([1f, -16777216f], [1f, 1f], 16777216f).ShouldBe(1f);
        Product([-16777216f, 1f], [1f, 1f], 16777216f).ShouldBe(0f);
        Product([1e-20f, 0f], [1e-20f, 0f], 0).ShouldBe(0f);
        Product([1e-39f, 0f], [1e10f, 0f], 0).ShouldBe(0f);

        static float Product(float[] w, float[] x, float start)
        {
            var (weights, row, y) = (new byte[128], new byte[128], new float[32]);
            y[0] = start;
            fixed (byte* pw = weights, px = row)
            fixed (float* pwv = w, pxv = x, py = y)
            {
                Bf16Dot.Round(pwv, 2, pw);
                Bf16Dot.Round(pxv, 2, px);
                Bf16Dot.Twin(1, 1, px, 128, pw, py, 32, true);
            }

            return y[0];
        }
    }

    [Theory]
    [InlineData(64, 48)]
    [InlineData(33, 7)]
    [InlineData(1, 1)]
    [InlineData(200, 601)]
    [InlineData(1100, 65)]
    public void Products_and_gradients_are_the_sums_of_the_definition(int outputs, int inputs)
    {
        if (!Bf16Dot.IsSupported) Assert.Skip("the processor has no products of bfloat16");
        var weight = Samples.Uniform(outputs * inputs, 1);
        var matrix = FrozenMatrix.Pack("w", outputs, inputs, WeightStorage.BF16,
            (row, rows) => weight.AsSpan((int)row * inputs, rows.Length).CopyTo(rows), null);
        var (w, after, before) = (Rounded(weight), Samples.Uniform(outputs, 8), Samples.Uniform(outputs, 9));
        using var one = new WorkerPool(1);
        using var three = new WorkerPool(3);
        foreach (var rows in (int[])[1, 2, 5, 12, 13, 30, 200])
        {
            var (x, dy) = (Samples.Uniform(rows * inputs, 5), Samples.Uniform(rows * outputs, 6));
            var start = Samples.Uniform(rows * inputs, 7);
            var (forward, backward) = (new float[rows * outputs], start.ToArray());
            var scaled = dy.Select((v, i) => v * before[i % outputs]).ToArray();
            var (rx, rdy) = (Rounded(x), Rounded(scaled));
            for (var r = 0; r < rows; r++)
            {
                for (var o = 0; o < outputs; o++)
                    forward[(r * outputs) + o] = Sum(0, inputs, i => w[(o * inputs) + i], i => rx[(r * inputs) + i]) * after[o];
                for (var i = 0; i < inputs; i++)
                    backward[(r * inputs) + i] =
                        Sum(backward[(r * inputs) + i], outputs, o => w[(o * inputs) + i], o => rdy[(r * outputs) + o]);
            }

            foreach (var pool in (WorkerPool[])[one, three])
            {
                var (y, dx) = (new float[rows * outputs], start.ToArray());
                fixed (float* px = x, py = y, pdy = dy, pdx = dx, pa = after, pb = before)
                {
                    matrix.Multiply(px, rows, inputs, py, outputs, pool, Precision.Bf16, pa);
                    matrix.MultiplyTransposed(pdy, rows, outputs, pdx, inputs, true, pool, Precision.Bf16, pb);
                }

                y.ShouldBeSameBits(forward, $"forward, {rows} rows, {pool.Threads} threads");
                dx.ShouldBeSameBits(backward, $"backward, {rows} rows, {pool.Threads} threads");
            }
        }
    }

    // Pairs ascending, the upper of a pair first; none of these numbers is subnormal.
    private static float Sum(float start, int terms, Func<int, float> w, Func<int, float> x)
    {
        var sum = start;
        for (var k = 0; k < terms; k += 2)
        {
            if (k + 1 < terms) sum = MathF.FusedMultiplyAdd(w(k + 1), x(k + 1), sum);
            sum = MathF.FusedMultiplyAdd(w(k), x(k), sum);
        }

        return sum;
    }

    private static float[] Rounded(float[] values)
    {
        var result = new float[values.Length];
        fixed (float* source = values, target = result) RowKernels.RoundToBf16(source, target, values.Length);
        return result;
    }
}
