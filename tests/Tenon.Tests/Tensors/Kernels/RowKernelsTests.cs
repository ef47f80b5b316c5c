using System.Runtime.Intrinsics;
using Tenon.Tensors.Kernels;

namespace Tenon.Tests.Tensors.Kernels;

public unsafe class RowKernelsTests
{
    private static readonly int[] Lengths = [1, 2, 3, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 64, 100, 576];

    [Theory]
    [InlineData("Max")]
    [InlineData("Sum")]
    [InlineData("Dot")]
    [InlineData("ExpSum")]
    [InlineData("Exp")]
    [InlineData("Add")]
    [InlineData("Axpy")]
    [InlineData("Scale")]
    [InlineData("Mul")]
    [InlineData("MulAdd")]
    [InlineData("RmsNorm")]
    [InlineData("RmsNormBackward")]
    [InlineData("RmsNormWeightGradient")]
    [InlineData("SwiGlu")]
    [InlineData("SwiGluBackward")]
    [InlineData("Rotate")]
    [InlineData("RoundToBf16")]
    public void Every_width_gives_the_same_bits(string kernel)
    {
        foreach (var n in Lengths)
        {
            for (uint seed = 0; seed < 6; seed++)
            {
                var scale = seed % 2 == 0 ? 2f : 100f;
                var a = seed < 2 ? Samples.Uniform(2 * n, seed, scale) : Samples.WithAwkward(2 * n, seed, scale);
                var b = seed < 2 ? Samples.Uniform(n, seed + 10, scale) : Samples.WithAwkward(n, seed + 10, scale);
                var c = Samples.Uniform(n, seed + 20);
                var plain = Run<SimdScalar, Lanes16>(kernel, a, b, c, n);
                Run<Simd128, Quad128>(kernel, a, b, c, n).ShouldBeSameBits(plain, $"{kernel} 128 bits n={n} seed={seed}");
                if (Cpu.Level >= SimdLevel.Avx2)
                    Run<Simd256, Pair256>(kernel, a, b, c, n).ShouldBeSameBits(plain, $"{kernel} AVX2 n={n} seed={seed}");
                if (Cpu.Level >= SimdLevel.Avx512)
                    Run<Simd512, Vector512<float>>(kernel, a, b, c, n).ShouldBeSameBits(plain, $"{kernel} AVX-512 n={n} seed={seed}");
            }
        }
    }

    [Fact]
    public unsafe void Exp_of_one_number_has_the_bits_of_a_lane()
    {
        for (var bits = 0L; bits < 1L << 32; bits += 65_521)
        {
            var x = BitConverter.UInt32BitsToSingle((uint)bits);
            float lane;
            RowKernels.Exp(&x, &lane, 1);
            BitConverter.SingleToInt32Bits(ExactMath.Exp(x)).ShouldBe(BitConverter.SingleToInt32Bits(lane), $"exp({x})");
        }
    }

    [Fact]
    public void Exp_is_faithful_and_saturates()
    {
        var worst = 0.0;
        for (var x = -87.3f; x < 88.7f; x += 0.00137f)
        {
            var exact = Math.Exp((double)x);
            var got = ExactMath.Exp(x);
            worst = Math.Max(worst, Math.Abs(got - exact) / (MathF.BitIncrement((float)exact) - (float)exact));
        }

        worst.ShouldBeLessThan(0.96);
        ExactMath.Exp(0f).ShouldBe(1f);
        ExactMath.Exp(89f).ShouldBe(float.PositiveInfinity);
        ExactMath.Exp(float.PositiveInfinity).ShouldBe(float.PositiveInfinity);
        ExactMath.Exp(float.NegativeInfinity).ShouldBe(0f);
        ExactMath.Exp(-103.5f).ShouldBe(float.Epsilon);
        ExactMath.Exp(-1e30f).ShouldBe(0f);
        float.IsNaN(ExactMath.Exp(float.NaN)).ShouldBeTrue();
    }

    [Fact]
    public void Kernels_give_what_their_formulas_say()
    {
        const int N = 37;
        var x = Samples.Uniform(N, 1);
        var w = Samples.Uniform(N, 2);
        var dy = Samples.Uniform(N, 3);
        fixed (float* px = x, pw = w, pdy = dy)
        {
            RowKernels.Max(px, N).ShouldBe(x.Max());
            RowKernels.Max(px, 0).ShouldBe(float.NegativeInfinity);
            ((double)RowKernels.Sum(px, N)).ShouldBe(x.Sum(v => (double)v), 1e-5);
            ((double)RowKernels.Dot(px, pw, N)).ShouldBe(x.Zip(w, (p, q) => (double)p * q).Sum(), 1e-5);
            RowKernels.SumSquaresDouble(px, N).ShouldBe(x.Sum(v => (double)v * v), 1e-12);

            var y = new float[N];
            fixed (float* py = y)
            {
                var inverse = RowKernels.RmsNorm(px, pw, py, N, 1e-5f);
                var exact = 1 / Math.Sqrt((x.Sum(v => (double)v * v) / N) + 1e-5);
                ((double)inverse).ShouldBe(exact, 1e-6);
                for (var i = 0; i < N; i++) ((double)y[i]).ShouldBe(x[i] * exact * w[i], 1e-6);

                RowKernels.SwiGlu(px, pw, py, N);
                for (var i = 0; i < N; i++) ((double)y[i]).ShouldBe(x[i] / (1 + Math.Exp(-x[i])) * w[i], 1e-6);
            }
        }
    }

    [Fact]
    public void Backwards_agree_with_differences()
    {
        const int N = 21;
        var x = Samples.Uniform(N, 4);
        var w = Samples.Uniform(N, 5);
        var dy = Samples.Uniform(N, 6);

        double Norm(double[] at)
        {
            var inverse = 1 / Math.Sqrt((at.Sum(v => v * v) / N) + 1e-5);
            return at.Select((v, i) => v * inverse * w[i] * dy[i]).Sum();
        }

        double Gate(double[] at) => at.Select((v, i) => v / (1 + Math.Exp(-v)) * w[i] * dy[i]).Sum();

        var dx = new float[N];
        var dgate = new float[N];
        var dup = new float[N];
        fixed (float* px = x, pw = w, pdy = dy, pdx = dx, pdg = dgate, pdu = dup)
        {
            var y = stackalloc float[N];
            var inverse = RowKernels.RmsNorm(px, pw, y, N, 1e-5f);
            RowKernels.RmsNormBackward(px, pw, pdy, inverse, pdx, N);
            RowKernels.SwiGluBackward(px, pw, pdy, pdg, pdu, N);
        }

        for (var i = 0; i < N; i++)
        {
            ((double)dx[i]).ShouldBe(Difference(Norm, x, i), 1e-5);
            ((double)dgate[i]).ShouldBe(Difference(Gate, x, i), 1e-5);
            ((double)dup[i]).ShouldBe(x[i] / (1 + Math.Exp(-x[i])) * dy[i], 1e-6);
        }
    }

    [Fact]
    public void Rotating_back_undoes_a_rotation()
    {
        const int Half = 19;
        var x = Samples.Uniform(2 * Half, 7);
        var before = x.ToArray();
        var cos = Samples.Uniform(Half, 8).Select(v => (float)Math.Cos(v)).ToArray();
        var sin = Samples.Uniform(Half, 8).Select(v => (float)Math.Sin(v)).ToArray();
        fixed (float* px = x, pc = cos, ps = sin)
        {
            RowKernels.Rotate(px, pc, ps, Half);
            ((double)x[0]).ShouldBe(((double)before[0] * cos[0]) - ((double)before[Half] * sin[0]), 1e-6);
            ((double)x[Half]).ShouldBe(((double)before[Half] * cos[0]) + ((double)before[0] * sin[0]), 1e-6);
            RowKernels.RotateBack(px, pc, ps, Half);
        }

        for (var i = 0; i < x.Length; i++) ((double)x[i]).ShouldBe(before[i], 1e-6);
    }

    private static double Difference(Func<double[], double> f, float[] x, int i)
    {
        var at = x.Select(v => (double)v).ToArray();
        at[i] += 1e-5;
        var up = f(at);
        at[i] -= 2e-5;
        return (up - f(at)) / 2e-5;
    }

    private static float[] Run<TOps, TV>(string kernel, float[] first, float[] second, float[] third, int n)
        where TOps : unmanaged, ISimd<TV>
        where TV : unmanaged
    {
        // Copies, with a guard behind each that no kernel may touch.
        float[] a = [.. first, 7f], b = [.. second, 7f], c = [.. third, 7f], d = [.. third, 7f], e = [.. second, 7f];
        var result = 0f;
        fixed (float* pa = a, pb = b, pc = c, pd = d, pe = e)
        {
            switch (kernel)
            {
                case "Max": result = Rows<TOps, TV>.Max(pa, n); break;
                case "Sum": result = Rows<TOps, TV>.Sum(pa, n); break;
                case "Dot": result = Rows<TOps, TV>.Dot(pa, pb, n); break;
                case "ExpSum": result = Rows<TOps, TV>.ExpSum(pa, n, 3f, pc); break;
                case "Exp": Rows<TOps, TV>.Exp(pa, pc, n); break;
                case "Add": Rows<TOps, TV>.Add(pc, pa, n); break;
                case "Axpy": Rows<TOps, TV>.Axpy(pc, pa, 0.3f, n); break;
                case "Scale": Rows<TOps, TV>.Scale(pb, 0.3f, n); break;
                case "Mul": Rows<TOps, TV>.Mul(pc, pa, pb, n); break;
                case "MulAdd": Rows<TOps, TV>.MulAdd(pc, pa, pb, n); break;
                case "RmsNorm": result = Rows<TOps, TV>.RmsNorm(pa, pb, pc, n, 1e-5f); break;
                case "RmsNormBackward": Rows<TOps, TV>.RmsNormBackward(pa, pb, pc, 0.7f, pd, n); break;
                case "RmsNormWeightGradient": Rows<TOps, TV>.RmsNormWeightGradient(pa, pb, 0.7f, pd, n); break;
                case "SwiGlu": Rows<TOps, TV>.SwiGlu(pa, pb, pc, n); break;
                case "SwiGluBackward": Rows<TOps, TV>.SwiGluBackward(pa, pb, pc, pd, pe, n); break;
                case "Rotate": Rows<TOps, TV>.Rotate(pa, pb, pc, n, -1f); break;
                case "RoundToBf16": Rows<TOps, TV>.RoundToBf16(pa, pc, n); break;
                default: throw new ArgumentException(kernel);
            }
        }

        return [result, .. a, .. b, .. c, .. d, .. e];
    }
}
