using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;
using Tenon.Tests.Tensors.Kernels;

namespace Tenon.Tests.Tensors.Ops;

/// <summary>Products in two jobs have the bits of products one by one.</summary>
public class JoinedProductsTests
{
    private const float Scale = 1.7f;

    public static TheoryData<Precision, int, int> Cases()
    {
        var data = new TheoryData<Precision, int, int>();
        foreach (var precision in Enum.GetValues<Precision>())
            foreach (var rows in (int[])[1, 2, 7, 33, 210])
                foreach (var threads in (int[])[1, 3])
                    data.Add(precision, rows, threads);
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Joined_products_have_the_bits_of_single_ones(Precision precision, int rows, int threads)
    {
        // Whole and part-filled panels, ranks of less, of exactly and of more than a vector, a bias, and each alone.
        var products = new[]
        {
            Product(precision, 97, 70, 16, bias: true, seed: 1), Product(precision, 32, 70, 3, bias: false, seed: 2),
            Product(precision, 200, 70, 0, bias: true, seed: 3), Product(precision, 64, 70, 40, bias: false, seed: 4),
            Product(precision, 1, 70, 0, bias: false, seed: 5),
        };
        using var pool = new WorkerPool(threads);
        var values = Samples.Uniform(rows * 70, 9, 2f);
        for (var first = 0; first < products.Length; first++)
            for (var count = 1; count <= Math.Min(JoinedProductsOp.Most, products.Length - first); count++)
            {
                var tape = new Tape(pool, precision);
                var x = Tape.ReadByMany(tape.Input(values, rows, 70));
                tape.Joins().ShouldBeTrue();
                var joined = new Tensor[count];
                tape.Joined(x, products.AsSpan(first, count), joined);
                for (var i = 0; i < count; i++)
                    joined[i].ToArray().ShouldBeSameBits(Single(tape, x, products[first + i]).ToArray(), $"{i} of {count} from {first}");
                // Rows that are rounded already are used again.
                tape.Joined(x, products.AsSpan(first, count), joined);
                joined[0].ToArray().ShouldBeSameBits(Single(tape, x, products[first]).ToArray(), "again");

                var norm = Parameter("norm", 77, 70);
                tape.JoinedOfNorm(x, norm, 1e-5f, products.AsSpan(first, count), joined);
                var normed = tape.RmsNorm(x, norm, 1e-5f);
                for (var i = 0; i < count; i++)
                    joined[i].ToArray().ShouldBeSameBits(Single(tape, normed, products[first + i]).ToArray(), $"norm, {i} of {count}");
                var up = tape.Input(Samples.Uniform(rows * 70, 10, 3f), rows, 70);
                tape.JoinedOfGate(x, up, products.AsSpan(first, count), joined);
                var gated = tape.SwiGlu(x, up);
                for (var i = 0; i < count; i++)
                    joined[i].ToArray().ShouldBeSameBits(Single(tape, gated, products[first + i]).ToArray(), $"gate, {i} of {count}");
                tape.Reset();
            }
    }

    [Fact]
    public void Nothing_is_joined_while_an_op_is_recorded_dropped_or_takes_kept_products()
    {
        var tape = new Tape();
        tape.Joins().ShouldBeTrue();
        tape.Recording = true;
        tape.Joins().ShouldBeFalse();
        tape.Recording = false;
        tape.Dropping = new DropoutPlaces(1, 0, []);
        tape.Joins().ShouldBeFalse();
        tape.Dropping = null;
        using var store = new KeptProducts([], 1000);
        tape.Kept = new KeptRows(store, 1, takes: true);
        tape.Joins().ShouldBeFalse();
        tape.Kept = new KeptRows(store, 1, takes: false);
        tape.Joins().ShouldBeTrue();
    }

    [Fact]
    public void A_shape_that_does_not_fit_is_named()
    {
        var product = Product(Precision.F32, 40, 12, 4, bias: false, seed: 1);
        var tape = new Tape();
        Should.Throw<TenonException>(() => tape.Joined(tape.Input(new float[13], 1, 13), [product], new Tensor[1]))
            .Message.ShouldContain("inputs of 12 columns");
        Should.Throw<TenonException>(() => tape.Joined(tape.Input(new float[12], 1, 12), [product with { B = product.A }], new Tensor[1]))
            .Message.ShouldContain("A [r, 12] and B [40, r]");
        Should.Throw<TenonException>(() => tape.JoinedOfNorm(tape.Input(new float[12], 1, 12), product.B!, 1f, [product], new Tensor[1]))
            .Message.ShouldContain("rms-norm");
        Should.Throw<TenonException>(() => tape.JoinedOfGate(
            tape.Input(new float[12], 1, 12), tape.Input(new float[13], 1, 13), [product], new Tensor[1])).Message.ShouldContain("swiglu");
    }

    private static Tensor Single(Tape tape, Tensor x, JoinedProduct product)
    {
        var y = tape.MatMul(x, product.Weight);
        if (product.Bias is { } bias) y = tape.AddRowInPlace(y, bias);
        return product is { A: { } a, B: { } b } ? tape.MatMulInto(tape.Scale(tape.MatMul(x, a), product.Scale), b, y) : y;
    }

    private static JoinedProduct Product(Precision precision, int outputs, int inputs, int rank, bool bias, uint seed)
    {
        var weight = Samples.Uniform(outputs * inputs, seed);
        var storage = precision switch
        {
            Precision.F32 => WeightStorage.F32,
            Precision.Bf16 => WeightStorage.BF16,
            _ => WeightStorage.Int8,
        };
        var frozen = FrozenMatrix.Pack("w", outputs, inputs, storage, (row, rows) => weight.AsSpan((int)row * inputs, rows.Length)
            .CopyTo(rows), null);
        return new JoinedProduct(frozen, bias ? Parameter("b", seed + 10, outputs) : null, rank == 0 ? null : Parameter("A", seed + 20,
            rank, inputs), rank == 0 ? null : Parameter("B", seed + 30, outputs, rank), rank == 0 ? 1 : Scale);
    }

    private static Parameter Parameter(string name, uint seed, params long[] dimensions)
    {
        var parameter = Tenon.Tensors.Parameter.Create(name, dimensions);
        parameter.Set(Samples.Uniform((int)parameter.Length, seed));
        return parameter;
    }
}
