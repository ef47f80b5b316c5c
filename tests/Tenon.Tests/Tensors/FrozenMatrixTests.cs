using Tenon.Tensors;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Threads;
using Tenon.Tests.Tensors.Kernels;

namespace Tenon.Tests.Tensors;

public unsafe class FrozenMatrixTests
{
    public static TheoryData<int, int, WeightStorage> Shapes() => new()
    {
        { 64, 48, WeightStorage.F32 }, { 64, 48, WeightStorage.BF16 }, { 33, 7, WeightStorage.F32 }, { 33, 7, WeightStorage.BF16 },
        { 1, 1, WeightStorage.BF16 }, { 200, 601, WeightStorage.BF16 }, { 601, 90, WeightStorage.F32 }, { 1100, 65, WeightStorage.BF16 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_are_one_fused_sum_for_any_number_of_rows_and_threads(int outputs, int inputs, WeightStorage storage)
    {
        var (matrix, weight) = Make(outputs, inputs, storage);
        using var one = new WorkerPool(1);
        using var three = new WorkerPool(3);
        foreach (var rows in (int[])[1, 2, 3, 4, 7, 8, 13, 30])
        {
            var x = Samples.Uniform(rows * inputs, 5);
            var dy = Samples.Uniform(rows * outputs, 6);
            var start = Samples.Uniform(rows * inputs, 7);
            var forward = new float[rows * outputs];
            var backward = start.ToArray();
            for (var r = 0; r < rows; r++)
            {
                for (var o = 0; o < outputs; o++)
                {
                    for (var i = 0; i < inputs; i++)
                        forward[(r * outputs) + o] =
                            MathF.FusedMultiplyAdd(x[(r * inputs) + i], weight[(o * inputs) + i], forward[(r * outputs) + o]);
                    for (var i = 0; i < inputs; i++)
                        backward[(r * inputs) + i] =
                            MathF.FusedMultiplyAdd(dy[(r * outputs) + o], weight[(o * inputs) + i], backward[(r * inputs) + i]);
                }
            }

            foreach (var pool in (WorkerPool[])[one, three])
            {
                var y = Enumerable.Repeat(9f, rows * outputs).ToArray();
                var dx = start.ToArray();
                fixed (float* px = x, py = y, pdy = dy, pdx = dx)
                {
                    matrix.Multiply(px, rows, inputs, py, outputs, pool);
                    matrix.MultiplyTransposed(pdy, rows, outputs, pdx, inputs, true, pool);
                }

                y.ShouldBeSameBits(forward, $"forward, {rows} rows, {pool.Threads} threads");
                dx.ShouldBeSameBits(backward, $"backward, {rows} rows, {pool.Threads} threads");
            }
        }
    }

    // bfloat16 is widened in registers up to eight rows, through a copy beyond: the sums are those of the widened weight in every width.
    [Theory]
    [InlineData(96, 64)]
    [InlineData(65, 33)]
    [InlineData(64, 1)]
    public void Few_rows_of_bfloat16_have_the_bits_of_the_widened_weight_in_every_width(int outputs, int inputs)
    {
        var (matrix, weight) = Make(outputs, inputs, WeightStorage.BF16);
        var wide = Pack(weight, outputs, inputs, WeightStorage.F32, null);
        var scale = Samples.Uniform(outputs, 4);
        using var pool = new WorkerPool(2);
        foreach (var kernels in KernelSetTests.Widths.Select(KernelSet.Of))
            for (var rows = 1; rows <= 9; rows++)
            {
                var x = Samples.Uniform(rows * inputs, 5);
                var (got, expected) = (new float[rows * outputs], new float[rows * outputs]);
                fixed (float* px = x, py = got, pe = expected, ps = scale)
                {
                    var call = new FrozenCall
                    {
                        Matrix = new FrozenView
                        {
                            Data = matrix.Panel(0), PanelBytes = matrix.PanelBytes, Inputs = inputs, Outputs = outputs,
                            Storage = matrix.Storage,
                        },
                        Input = px, Output = py, Rows = rows, InputRow = inputs, OutputRow = outputs, Scale = ps,
                        Share = new PartShare { PerPart = matrix.Panels, PartsOfRows = 1, RowsPerPart = rows },
                    };
                    kernels.FrozenMultiply(&call, 0);
                    wide.Multiply(px, rows, inputs, pe, outputs, pool, scale: ps);
                }

                got.ShouldBeSameBits(expected, $"{kernels.Level}, {rows} rows");
            }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Rows_come_back_as_they_were_stored(int outputs, int inputs, WeightStorage storage)
    {
        var (matrix, weight) = Make(outputs, inputs, storage);
        var rows = new float[weight.Length];
        matrix.CopyRows(0, rows);
        rows.ShouldBeSameBits(weight, "all rows");
        var last = new float[inputs];
        matrix.CopyRows(outputs - 1, last);
        last.ShouldBeSameBits(weight[^inputs..], "last row");
        Should.Throw<ArgumentException>(() => matrix.CopyRows(outputs, last));
    }

    [Fact]
    public void The_fingerprint_does_not_depend_on_the_storage()
    {
        var values = Samples.Uniform(50 * 9, 3);
        fixed (float* p = values) RowKernels.RoundToBf16(p, p, values.Length);
        var f32 = Pack(values, 50, 9, WeightStorage.F32, null);
        var bf16 = Pack(values, 50, 9, WeightStorage.BF16, WorkerPool.Default);
        bf16.Sha256().ShouldBe(f32.Sha256());
        var bytes = new byte[values.Length * 4];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        f32.Sha256().ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
        bf16.Bytes.ShouldBe(64 * 10 * 2);
        f32.Bytes.ShouldBe(64 * 9 * 4);
    }

    [Fact]
    public void A_reader_that_fails_is_heard() =>
        Should.Throw<TenonException>(() =>
        FrozenMatrix.Pack("w", 64, 8, WeightStorage.F32, (_, _) => throw new TenonException("bad file"), WorkerPool.Default))
            .Message.ShouldContain("bad file");

    private static (FrozenMatrix Matrix, float[] Weight) Make(int outputs, int inputs, WeightStorage storage)
    {
        var weight = Samples.Uniform(outputs * inputs, (uint)(outputs + inputs));
        var matrix = Pack(weight, outputs, inputs, storage, outputs % 2 == 0 ? null : WorkerPool.Default);
        if (storage == WeightStorage.BF16)
        {
            fixed (float* p = weight) RowKernels.RoundToBf16(p, p, weight.Length);
        }

        return (matrix, weight);
    }

    private static FrozenMatrix Pack(float[] weight, int outputs, int inputs, WeightStorage storage, WorkerPool? pool) =>
        FrozenMatrix.Pack("w", outputs, inputs, storage, (row, rows) => weight.AsSpan((int)row * inputs, rows.Length).CopyTo(rows), pool);
}
