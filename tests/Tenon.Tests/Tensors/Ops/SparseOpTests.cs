using Tenon.Tensors;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Ops;

/// <summary>The sparse product beside its definition, bit for bit: entries in their order, tokens in theirs.</summary>
public unsafe class SparseOpTests
{
    private const int Inputs = 37, Outputs = 29, Entries = 203;

    private static readonly int[] S_outputs = [.. Enumerable.Range(0, Entries).Select(k => k * 17 % Outputs)];
    private static readonly int[] S_inputs = [.. Enumerable.Range(0, Entries).Select(k => k * 11 % 23 % Inputs)];
    private static readonly Parameter Values = GradientCheck.Random("values", 1, Entries);

    [Fact]
    public void Gradient_is_the_derivative()
    {
        var x = GradientCheck.Random("x", 19, Inputs);
        var y = GradientCheck.Random("y", 19, Outputs);
        GradientCheck.Run(t => t.SparseInto(x, Values, S_outputs, S_inputs, t.Scale(y, 2)), [x, Values, y]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 2)]
    [InlineData(8, 1)]
    [InlineData(16, 2)]
    [InlineData(53, 1)]
    [InlineData(53, 2)]
    public void Has_the_bits_of_one_entry_after_another(int rows, int threads)
    {
        var (x, y, dy) =
            (GradientCheck.Random("x", rows, Inputs), GradientCheck.Random("y", rows, Outputs), GradientCheck.Random("dy", rows, Outputs));
        Values.ZeroGrad();
        using var pool = new WorkerPool(threads);
        var tape = new Tape(pool) { Recording = true };
        var result = tape.SparseInto(x, Values, S_outputs, S_inputs, tape.Scale(y, 1));
        var forward = result.ToArray();
        result.Grad = tape.Input(dy.Value, rows, Outputs);
        tape.Backward();

        var (expected, dx, dvalues) = (y.ToArray(), new float[rows * Inputs], new float[Entries]);
        for (var t = 0; t < rows; t++)
            for (var k = 0; k < Entries; k++)
            {
                var (o, i) = (t * Outputs + S_outputs[k], t * Inputs + S_inputs[k]);
                expected[o] += Values.Value[k] * x.Value[i];
                dx[i] += Values.Value[k] * dy.Value[o];
                dvalues[k] += dy.Value[o] * x.Value[i];
            }

        forward.ShouldBe(expected);
        x.Gradient.ToArray().ShouldBe(dx);
        Values.Gradient.ToArray().ShouldBe(dvalues);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 16)]
    [InlineData(23, 41)]
    public void Turns_a_matrix_of_any_size(int rows, int columns)
    {
        var source = GradientCheck.Random("source", rows, columns);
        var target = Tensor.Zeros(columns, rows + 3);
        Transpose.Blocked(source.Data, rows, columns, columns, target.Data, rows + 3);
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++) target.Row(c)[r].ShouldBe(source.Row(r)[c]);
        for (var c = 0; c < columns; c++) target.Row(c)[rows].ShouldBe(0);
    }
}
