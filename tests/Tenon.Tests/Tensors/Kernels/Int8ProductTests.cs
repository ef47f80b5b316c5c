using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tenon.Tensors;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Panels;
using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Kernels;

/// <summary>
/// Products of integers against the plain meaning of their formulas, written here once more: no output may differ by a bit.
/// </summary>
public unsafe class Int8ProductTests
{
    public static TheoryData<int, int, int, bool> Shapes() => new()
    {
        { 1, 32, 32, false }, { 4, 64, 96, true }, { 7, 97, 331, false }, { 3, 5, 7, false }, { 6, 40, 64, true }, { 2, 33, 1100, false },
            { 13, 70, 544, true },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_kernel_gives_the_bits_of_the_formula(int rows, int outputs, int inputs, bool offsets)
    {
        var blocks = (inputs + 31) / 32;
        var (q, d, m) = Weights(outputs, inputs, offsets);
        var x = Samples.Uniform(rows * inputs, 5, 3f);
        Array.Clear(x, 0, Math.Min(32, inputs));
        foreach (var terms in (int[])[1, 2])
        {
            var records = Records(x, rows, inputs, terms);
            foreach (var accumulate in (bool[])[false, true])
            {
                var expected = Samples.Uniform(rows * outputs, 8);
                for (var r = 0; r < rows; r++)
                    for (var o = 0; o < outputs; o++)
                        expected[(r * outputs) + o] = Dot(accumulate ? expected[(r * outputs) + o] : 0f, o, r);
                foreach (var kernels in Kernels())
                    Run(kernels, rows, outputs, inputs, offsets, q, d, m, records, terms, accumulate)
                        .ShouldBeSameBits(expected, $"{kernels.Name}, terms {terms}, accumulate {accumulate}");
            }

            float Dot(float y, int o, int r)
            {
                for (var b = 0; b < blocks; b++)
                    for (var t = 0; t < terms; t++)
                    {
                        var (integers, a) = records[(((r * blocks) + b) * terms) + t];
                        var (s, sum) = (0, 0);
                        for (var i = 0; i < 32 && (b * 32) + i < inputs; i++)
                        {
                            s += q[(o * inputs) + (b * 32) + i] * integers[i];
                            sum += integers[i];
                        }

                        y = MathF.FusedMultiplyAdd(s, d[(o * blocks) + b] * a, y);
                        if (offsets) y = MathF.FusedMultiplyAdd(m[(o * blocks) + b], a * sum, y);
                    }

                return y;
            }
        }
    }

    [Fact]
    public void Rows_round_to_the_integers_of_the_formula_in_every_width()
    {
        const int N = 32 * 9 + 5;
        var x = Samples.Uniform(N, 3, 40f);
        for (var i = 0; i < 32; i++) (x[i], x[32 + i], x[64 + i]) = (0f, x[32 + i] * 1e-38f, (i % 3) - 1);
        (x[96], x[97], x[128], x[160]) = (1e38f, 127.5f, float.NaN, float.NegativeInfinity);
        foreach (var terms in (int[])[1, 2])
        {
            var expected = Records(x, 1, N, terms);
            foreach (var level in (SimdLevel[])[SimdLevel.Scalar, SimdLevel.Neon, Cpu.Level])
            {
                var records = new byte[Int8Rows.RowBytes(N, terms)];
                fixed (float* p = x)
                fixed (byte* t = records) KernelSet.Of(level).RoundToInt8(p, N, terms, t);
                for (var b = 0; b < expected.Length; b++)
                {
                    var record = records.AsSpan(b * Int8Rows.Record, Int8Rows.Record);
                    var (q, a) = expected[b];
                    for (var i = 0; i < 32; i++) ((sbyte)record[i]).ShouldBe(q[i], $"{level}, terms {terms}, record {b}, {i}");
                    var sum = q.Sum(v => v);
                    Bits(BitConverter.ToSingle(record[Int8Rows.Scale..])).ShouldBe(Bits(a), $"{level}, record {b}: scale");
                    BitConverter.ToInt32(record[Int8Rows.Start..]).ShouldBe(-128 * sum);
                    Bits(BitConverter.ToSingle(record[Int8Rows.ScaledSum..])).ShouldBe(Bits(a * sum));
                }
            }
        }
    }

    [Fact]
    public void A_number_that_is_not_finite_makes_its_rows_outputs_nan_and_no_others()
    {
        var weight =
            FrozenMatrix.Pack("w", 40, 64, WeightStorage.Int8, (row, rows) => Samples.Uniform(rows.Length, (uint)row).CopyTo(rows), null);
        var x = Samples.Uniform(3 * 64, 1);
        x[64 + 40] = float.PositiveInfinity;
        foreach (var precision in (Precision[])[Precision.Int8, Precision.Int8A16])
        {
            var y = Product(weight, x, 3, precision, WorkerPool.Default);
            for (var i = 0; i < y.Length; i++) float.IsNaN(y[i]).ShouldBe(i / 40 == 1);
        }
    }

    [Theory]
    [InlineData(Precision.Int8, 0.02)]
    [InlineData(Precision.Int8A16, 1e-4)]
    public void Both_directions_are_near_the_float_product_of_the_same_weight_and_alike_for_any_rows_and_threads(Precision precision,
    double tolerance)
    {
        const int Rows = 37, Outputs = 90, Inputs = 200;
        using var pool = new WorkerPool(2);
        using var one = new WorkerPool(1);
        var weight =
            FrozenMatrix.Pack("w", Outputs, Inputs, WeightStorage.Int8, (row, rows) => Samples.Uniform(rows.Length, (uint)row).CopyTo(rows),
            pool);
        var values = weight.ToArray();
        var (x, dy) = (Samples.Uniform(Rows * Inputs, 1), Samples.Uniform(Rows * Outputs, 2));
        var (y, dx) = (Product(weight, x, Rows, precision, pool), Transposed(weight, dy, Rows, precision, pool));
        Distance(y, (r, o) => Enumerable.Range(0, Inputs).Sum(i => (double)x[(r * Inputs) + i] * values[(o * Inputs) + i]), Outputs)
            .ShouldBeLessThan(tolerance);
        // The second copy rounds the weight once more, along outputs.
        Distance(dx, (r, i) => Enumerable.Range(0, Outputs).Sum(o => (double)dy[(r * Outputs) + o] * values[(o * Inputs) + i]), Inputs)
            .ShouldBeLessThan(0.02);
        Product(weight, x, Rows, precision, one).ShouldBeSameBits(y, "one thread");
        Transposed(weight, dy, Rows, precision, one).ShouldBeSameBits(dx, "one thread, gradient");
        for (var r = 0; r < Rows; r += 9)
        {
            Product(weight, x[(r * Inputs)..((r + 1) * Inputs)], 1, precision, pool)
                .ShouldBeSameBits(y[(r * Outputs)..((r + 1) * Outputs)], $"row {r}");
            Transposed(weight, dy[(r * Outputs)..((r + 1) * Outputs)], 1, precision, pool)
                .ShouldBeSameBits(dx[(r * Inputs)..((r + 1) * Inputs)], $"gradient of row {r}");
        }
    }

    [Fact]
    public void Stored_blocks_come_back_as_they_were_and_rounded_weights_are_within_half_a_step()
    {
        var (q, d, m) = Weights(45, 96, offsets: true);
        var stored = FrozenMatrix.PackBlocks("w", 45, 96, true, (row, integers, scales, offsets) =>
        {
            q.AsSpan((int)row * 96, integers.Length).CopyTo(integers);
            d.AsSpan((int)row * 3, scales.Length).CopyTo(scales);
            m.AsSpan((int)row * 3, offsets.Length).CopyTo(offsets);
        }, WorkerPool.Default);
        stored.ToArray().ShouldBeSameBits([.. q.Select((v, i) => (d[i / 32] * v) + m[i / 32])], "stored");
        var weight = Samples.Uniform(45 * 70, 4);
        var rounded =
            FrozenMatrix.Pack("w", 45, 70, WeightStorage.Int8, (row, rows) => weight.AsSpan((int)row * 70, rows.Length).CopyTo(rows), null);
        var values = rounded.ToArray();
        for (var i = 0; i < weight.Length; i++) Math.Abs(values[i] - weight[i]).ShouldBeLessThan(0.5f / 127f * 1.01f);
    }

    /// <summary>Every kernel that runs here; the 128-bit one is written portably.</summary>
    private static List<Int8Kernels> Kernels()
    {
        List<Int8Kernels> all =
        [
            new Int8Kernels<ScalarDot, int, int, float>("scalar"),
            new Int8Kernels<NeonDot, Vector128<sbyte>, Vector128<int>, Vector128<float>>("128 bits"),
        ];
        if (Cpu.Level >= SimdLevel.Avx2) all.Add(new Int8Kernels<Avx2Dot, SignedWeights, Vector256<int>, Vector256<float>>("avx2"));
        if (AvxVnni.IsSupported) all.Add(new Int8Kernels<VnniDot, Vector256<byte>, Vector256<int>, Vector256<float>>("avx-vnni"));
        if (Vnni512Kernels.IsSupported) all.Add(new Vnni512Kernels(all[0]));
        if (AmxKernels.IsSupported) all.Add(new AmxKernels(all[0]));
        all.Add(Int8Kernels.Best);
        return all;
    }

    private static (sbyte[] Q, float[] D, float[] M) Weights(int outputs, int inputs, bool offsets)
    {
        var blocks = (inputs + 31) / 32;
        // All bytes, the extremes among them; a block of zeros has any scale.
        var q = Samples.Uniform(outputs * inputs, 7, 128f).Select((v, i) => i % 11 == 0 ? (sbyte)-128 : i % 13 == 0 ? (sbyte)127 : (sbyte)v)
            .ToArray();
        var d = Samples.Uniform(outputs * blocks, 9);
        Array.Clear(q, 0, Math.Min(32, inputs));
        return (q, d, offsets ? Samples.Uniform(outputs * blocks, 10) : d);
    }

    private static float[] Run(
        Int8Kernels kernels, int rows, int outputs, int inputs, bool offsets, sbyte[] q, float[] d, float[] m,
        (sbyte[] Q, float A)[] records, int terms, bool accumulate)
    {
        var format = new Int8Panels(offsets);
        var panelBytes = format.PanelBytes(inputs);
        var panels = new byte[(outputs + 31) / 32 * panelBytes];
        var blocks = (inputs + 31) / 32;
        var rowBytes = Int8Rows.RowBytes(inputs, terms);
        var bytes = new byte[rows * rowBytes];
        for (var i = 0; i < records.Length; i++)
        {
            var (integers, a) = records[i];
            var record = bytes.AsSpan(i * Int8Rows.Record);
            var sum = integers.Sum(v => v);
            for (var j = 0; j < 32; j++) record[j] = (byte)integers[j];
            BitConverter.TryWriteBytes(record[Int8Rows.Scale..], a);
            BitConverter.TryWriteBytes(record[Int8Rows.Start..], -128 * sum);
            BitConverter.TryWriteBytes(record[Int8Rows.ScaledSum..], a * sum);
        }

        var y = Samples.Uniform(rows * outputs, 8);
        fixed (byte* p = panels, x = bytes)
        fixed (sbyte* pq = q)
        fixed (float* pd = d, pm = m, py = y)
        {
            for (var panel = 0; panel < (outputs + 31) / 32; panel++)
                format.PackBlocks(pq + (panel * 32 * inputs), pd + (panel * 32 * blocks), pm + (panel * 32 * blocks),
                    Math.Min(32, outputs - (panel * 32)), inputs, p + (panel * panelBytes));
            var call = new Int8Call
            {
                Panels = p, Rows = x, Output = py, PanelBytes = panelBytes, BlockBytes = format.BlockBytes, Blocks = blocks,
                RowCount = rows,
                RowBytes = rowBytes, OutputRow = outputs, Outputs = outputs,
                Share = PartShare.Of(rows, 2, (outputs + 31) / 32), Terms = terms, Offsets = offsets,
                Accumulate = accumulate,
            };
            for (var part = 0; part < (outputs + 63) / 64; part++) kernels.MultiplyPart(&call, part);
        }

        return y;
    }

    /// <summary>The formulas of rounding, as the documentation has them.</summary>
    private static (sbyte[] Q, float A)[] Records(float[] x, int rows, int n, int terms)
    {
        var result = new List<(sbyte[], float)>();
        for (var r = 0; r < rows; r++)
            for (var first = 0; first < n; first += 32)
            {
                var block = Enumerable.Range(first, 32).Select(i => i < n ? x[(r * n) + i] : 0f).ToArray();
                var a = block.All(float.IsFinite) ? block.Max(MathF.Abs) / 127f : float.NaN;
                var (q, kept) = Term(block, a);
                result.Add((q, kept));
                if (terms == 2) result.Add(Term([.. block.Select((v, i) => MathF.FusedMultiplyAdd(-kept, q[i], v))], a / 254f));
            }

        return [.. result];
    }

    private static (sbyte[] Q, float A) Term(float[] block, float a)
    {
        if (float.IsNaN(a)) return (new sbyte[32], a);
        if (a < 1.17549435e-38f) return (new sbyte[32], 0f);
        var inverse = 1f / a;
        return ([.. block.Select(v => (sbyte)Math.Clamp(MathF.Round(v * inverse, MidpointRounding.ToEven), -127f, 127f))], a);
    }

    private static float[] Product(FrozenMatrix weight, float[] x, int rows, Precision precision, WorkerPool pool)
    {
        var y = new float[rows * weight.Outputs];
        fixed (float* px = x, py = y) weight.Multiply(px, rows, weight.Inputs, py, weight.Outputs, pool, precision);
        return y;
    }

    private static float[] Transposed(FrozenMatrix weight, float[] dy, int rows, Precision precision, WorkerPool pool)
    {
        var dx = new float[rows * weight.Inputs];
        fixed (float* py = dy, px = dx) weight.MultiplyTransposed(py, rows, weight.Outputs, px, weight.Inputs, false, pool, precision);
        return dx;
    }

    private static double Distance(float[] values, Func<int, int, double> exact, int columns)
    {
        var (difference, size) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            var e = exact(i / columns, i % columns);
            difference += (values[i] - e) * (values[i] - e);
            size += e * e;
        }

        return Math.Sqrt(difference / size);
    }

    // One NaN is as good as another.
    private static int Bits(float x) => BitConverter.SingleToInt32Bits(float.IsNaN(x) ? float.NaN : x);
}
