using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Ops;

public class OpGradientTests
{
    private static readonly Parameter X = GradientCheck.Random("x", 5, 12);
    private static readonly Parameter Y = GradientCheck.Random("y", 5, 12);
    private static readonly Parameter Z7 = GradientCheck.Random("z7", 5, 7);

    [Fact]
    public void Add_and_scale() => GradientCheck.Run(t => t.Add(t.Scale(X, 0.7f), Y), [X, Y]);

    [Fact]
    public void Multiply_elementwise() => GradientCheck.Run(t => t.Multiply(X, Y), [X, Y]);

    [Fact]
    public void Multiply_row_by_vector()
    {
        var v = GradientCheck.Random("v", 1, 12);
        GradientCheck.Run(t => t.MultiplyRow(X, v), [X, v]);
    }

    [Fact]
    public void Range_of_columns() => GradientCheck.Run(t => t.ColumnRange(X, 3, 5), [X]);

    [Fact]
    public void Added_to_a_range_of_columns()
    {
        var u = GradientCheck.Random("u", 5, 4);
        GradientCheck.Run(t => t.AddToColumnsInPlace(t.Scale(X, 1.5f), t.Scale(u, 2), 7), [X, u]);
    }

    [Fact]
    public void Bias_in_place()
    {
        var b = GradientCheck.Random("b", 1, 12);
        GradientCheck.Run(t => t.AddRowInPlace(t.Scale(X, 1.5f), b), [X, b]);
    }

    [Fact]
    public void Rms_norm()
    {
        var w = GradientCheck.Random("w", 1, 12);
        GradientCheck.Run(t => t.RmsNorm(X, w, 1e-5f), [X, w]);
    }

    [Fact]
    public void Rms_norm_of_heads()
    {
        var w = GradientCheck.Random("heads", 1, 4);
        GradientCheck.Run(t => t.RmsNorm(X, w, 1e-5f), [X, w]);
    }

    [Fact]
    public void Swi_glu() => GradientCheck.Run(t => t.SwiGlu(X, Y), [X, Y]);

    [Fact]
    public void Swi_glu_of_one_tensor_twice() => GradientCheck.Run(t => t.SwiGlu(X, X), [X]);

    [Fact]
    public void Product_with_parameter()
    {
        var w = GradientCheck.Random("weight", 7, 12);
        GradientCheck.Run(t => t.MatMul(X, w), [X, w]);
    }

    [Fact]
    public void Product_added_in_place()
    {
        var w = GradientCheck.Random("weight2", 7, 12);
        var base7 = GradientCheck.Random("base", 5, 7);
        GradientCheck.Run(t => t.MatMulInto(X, w, t.Scale(base7, 2)), [X, w, base7]);
    }

    [Theory]
    [InlineData(WeightStorage.F32)]
    [InlineData(WeightStorage.BF16)]
    public void Product_with_frozen_weight(WeightStorage storage)
    {
        var w = GradientCheck.Random("frozen", 45, 12).ToArray();
        var frozen = FrozenMatrix.Pack("w", 45, 12, storage, (row, rows) => w.AsSpan((int)row * 12, rows.Length).CopyTo(rows), null);
        GradientCheck.Run(t => t.MatMul(X, frozen), [X]);
    }

    [Theory]
    [InlineData(WeightStorage.F32)]
    [InlineData(WeightStorage.BF16)]
    public void Scaled_product_with_frozen_weight_also_where_its_result_is_changed(WeightStorage storage)
    {
        var w = GradientCheck.Random("frozen", 45, 12).ToArray();
        var frozen = FrozenMatrix.Pack("w", 45, 12, storage, (row, rows) => w.AsSpan((int)row * 12, rows.Length).CopyTo(rows), null);
        var c = GradientCheck.Random("c", 1, 45, shift: 3);
        var scale = new DerivedParameter("scale", [45], [c], values => c.Value.CopyTo(values), gradient =>
        {
            for (var i = 0; i < gradient.Length; i++) c.GradientSum[i] += gradient[i] / c.Value[i];
        });
        var b = GradientCheck.Random("b45", 1, 45);
        GradientCheck.Run(t => t.ScaledBy(t.MatMulScaled(X, frozen, scale.Value), scale.Value), [X, c]);
        GradientCheck.Run(t => t.AddRowInPlace(t.ScaledBy(t.MatMulScaled(X, frozen, scale.Value), scale.Value), b), [X, c, b]);
    }

    [Fact]
    public void Product_with_a_spectrum()
    {
        var s = GradientCheck.Random("spectrum", 1, 9);
        int[] rows = [0, 3, 3, 6, 1, 2, 5, 4, 0], columns = [0, 11, 2, 5, 5, 7, 1, 9, 4];
        GradientCheck.Run(t => t.SpectrumInto(X, s, rows, columns, 0.4f, t.Scale(Z7, 2)), [X, s, Z7]);
    }

    [Fact]
    public void Product_with_circulant_blocks()
    {
        var y = GradientCheck.Random("y18", 5, 18);
        var kernels = GradientCheck.Random("kernels", 2, 12 * 18 / 6);
        GradientCheck.Run(t => t.CirculantInto(X, kernels, 6, t.Scale(y, 2)), [X, kernels, y]);
    }

    [Fact]
    public void Kronecker_product()
    {
        var y = GradientCheck.Random("y30", 5, 30);
        var (first, second) = (GradientCheck.Random("first", 5, 4), GradientCheck.Random("second", 6, 3));
        GradientCheck.Run(t => t.KroneckerInto(X, first, second, 0.5f, t.Scale(y, 2)), [X, first, second, y]);
    }

    [Theory, InlineData(2), InlineData(6), InlineData(12)]
    public void Turn_of_pairs(int group)
    {
        var (f, s) = (GradientCheck.Random("f", 1, 12), GradientCheck.Random("s", 1, 12));
        GradientCheck.Run(t => t.PairTurn(X, f, s, group), [X, f, s]);
    }

    [Fact]
    public void Scaled_product_added_in_place()
    {
        var (b, c) = (GradientCheck.Random("b", 7, 12), GradientCheck.Random("c7", 1, 7));
        b.Trainable = false;
        GradientCheck.Run(t => t.MatMulScaledInto(X, b, c, t.Scale(Z7, 2)), [X, c, Z7]);
    }

    [Fact]
    public void Embedding()
    {
        var table = GradientCheck.Random("table", 6, 5);
        GradientCheck.Run(t => t.Embed(table, [1, 5, 1, 0]), [table]);
    }

    [Fact]
    public void Rotary()
    {
        var table = RotaryTable.Create([1.0, 0.3], 1.2, 16);
        GradientCheck.Run(t => t.RotateInPlace(t.Scale(X, 1), [0, 3, 7, 9, 15], table), [X]);
    }

    [Fact]
    public void Selected_and_stacked_rows() =>
    GradientCheck.Run(t => t.Stack([t.SelectRows(X, [4, 0, 2]), t.Rows(t.Scale(Y, 1), 1, 3), X]), [X, Y]);

    [Fact]
    public void Attention_with_shared_prefixes_and_grouped_heads()
    {
        // Rows: two completions of one prompt (last), and a sequence alone; heads 4 on 2, size 3.
        var q = GradientCheck.Random("q", 12, 12);
        var k = GradientCheck.Random("k", 12, 6);
        var v = GradientCheck.Random("values", 12, 6);
        var layout =
            AttentionLayout.ForBatch([new TokenRun(0, 2, 4, 2), new TokenRun(2, 3, 4, 2), new TokenRun(5, 4, 0), new TokenRun(9, 3, 0)]);
        GradientCheck.Run(t => t.Attention(q, k, v, 4, 2, layout), [q, k, v]);
    }

    [Fact]
    public void Attention_over_several_pages_and_tiles()
    {
        var q = GradientCheck.Random("q2", 50, 4);
        var k = GradientCheck.Random("k2", 50, 4);
        var v = GradientCheck.Random("v2", 50, 4);
        GradientCheck.Run(t => t.Attention(q, k, v, 1, 1, AttentionLayout.ForBatch([new TokenRun(0, 15, 35, 1), new TokenRun(15, 35, 0)])),
            [q, k, v]);
    }

    [Fact]
    public void Checkpointed_part_gives_the_same_bits()
    {
        var w = GradientCheck.Random("part", 12, 12);
        float[] Gradient(bool recompute)
        {
            w.ZeroGrad();
            X.ZeroGrad();
            var tape = new Tape { Recording = true, Recompute = recompute };
            var x = tape.Scale(X, 1);
            var y = tape.Checkpoint(x, input => tape.Add(input, tape.SwiGlu(tape.MatMul(input, w), input)));
            y.Grad = tape.Input(Y.ToArray(), 5, 12);
            tape.Backward();
            return [.. w.Gradient.ToArray(), .. X.Gradient.ToArray()];
        }

        Gradient(true).ShouldBe(Gradient(false));
    }

    [Fact]
    public void Log_probabilities_and_entropies()
    {
        var w = GradientCheck.Random("head", 9, 12, 0.5);
        int[] targets = [3, 8, -1, 0, 5];
        foreach (var temperature in new[] { 1.0, 0.7 })
        {
            X.ZeroGrad();
            w.ZeroGrad();
            float[] dlogp = [0.5f, -1, 0, 2, 1];
            float[] dentropy = [0, 0.3f, 1, 0, -2];
            var tape = new Tape { Recording = true };
            TokenHead.Forward(tape, tape.Scale(X, 1), (t, h) => t.MatMul(h, w), targets, temperature).Backward(dlogp, dentropy);
            double Loss()
            {
                var t = new Tape();
                var head = TokenHead.Forward(t, X, (inner, h) => inner.MatMul(h, w), targets, temperature);
                return Enumerable.Range(0, 5)
                    .Sum(i => (double)dlogp[i] * head.LogProbabilities[i] + (double)dentropy[i] * head.Entropies[i]);
            }

            foreach (var p in new[] { X, w })
            {
                var analytic = p.Gradient.ToArray();
                var largest = analytic.Max(Math.Abs);
                for (var i = 0; i < analytic.Length; i++)
                {
                    var (at, original) = (i, p.Value[i]);
                    p.Update(v => v[at] = original + 1e-2f);
                    var up = Loss();
                    p.Update(v => v[at] = original - 1e-2f);
                    var down = Loss();
                    p.Update(v => v[at] = original);
                    Math.Abs((up - down) / 2e-2 - analytic[i]).ShouldBeLessThan(0.02 * largest, $"{p.Name}[{i}]");
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.7)]
    public void The_head_sums_squared_probabilities_where_it_is_asked(double temperature)
    {
        var w = GradientCheck.Random("w", 7, 12);
        var tape = new Tape();
        int[] targets = [0, 3, -1, 6, 2];
        var head = TokenHead.Forward(tape, X, (t, h) => t.MatMul(h, w), targets, temperature, squares: true);
        var logits = new Tape().MatMul(X, w).ToArray();
        for (var r = 0; r < 5; r++)
        {
            var exponentials = logits[(7 * r)..(7 * r + 7)].Select(z => Math.Exp(z / temperature)).ToList();
            var sum = exponentials.Sum();
            ((double)head.SquaredProbabilities[r]).ShouldBe(exponentials.Sum(e => e / sum * (e / sum)), 1e-6);
        }
        TokenHead.Forward(new Tape(), X, (t, h) => t.MatMul(h, w), targets, temperature).SquaredProbabilities.ShouldBeEmpty();
    }

    [Fact]
    public void Results_do_not_depend_on_threads()
    {
        var q = GradientCheck.Random("qt", 200, 32);
        var k = GradientCheck.Random("kt", 200, 16);
        var w = GradientCheck.Random("wt", 64, 32);
        float[] Run(int threads)
        {
            foreach (var p in new[] { q, k, w }) p.ZeroGrad();
            using var pool = new WorkerPool(threads);
            var tape = new Tape(pool) { Recording = true };
            var layout = AttentionLayout.ForBatch([new TokenRun(0, 60, 0), new TokenRun(60, 140, 0)]);
            var y = tape.MatMul(tape.Attention(q, k, k, 4, 2, layout), w);
            y.Grad = tape.Input(GradientCheck.Random("dy", 200, 64).ToArray(), 200, 64);
            var values = y.ToArray();
            tape.Backward();
            return [.. values, .. q.Gradient, .. k.Gradient, .. w.Gradient];
        }

        Run(2).ShouldBe(Run(1));
        Run(3).ShouldBe(Run(1));
    }

    [Fact]
    public void Dropout()
    {
        var places = new DropoutPlaces(3, 2, [.. Enumerable.Range(0, 5).Select(r => (1, r))]);
        GradientCheck.Run(t =>
        {
            t.Dropping = places;
            return t.Dropout(X, 0.4, 1);
        }, [X]);
    }

    [Fact]
    public void Dropout_keeps_a_share_and_scales_it()
    {
        var x = Parameter.Create("ones", 50, 200);
        x.Update(values => values.Fill(1));
        var tape = new Tape();
        tape.Dropout(x, 0.25, 0).ShouldBeSameAs(x);
        tape.Dropping = new DropoutPlaces(1, 1, [.. Enumerable.Range(0, 50).Select(r => (0, r))]);
        var y = tape.Dropout(x, 0.25, 0).ToArray();
        y.Distinct().Order().ShouldBe([0f, (float)(1 / 0.75)]);
        y.Count(v => v == 0).ShouldBeInRange(2300, 2700);
        tape.Dropout(x, 0.25, 0).ToArray().ShouldBe(y);
        tape.Dropout(x, 0.25, 1).ToArray().ShouldNotBe(y);
    }

    [Fact]
    public void Replaced_embedding_rows()
    {
        var table = FrozenMatrix.Pack("table", 6, 4, WeightStorage.F32, (row, values) =>
        {
            for (var i = 0; i < values.Length; i++) values[i] = (row * 4 + i) * 0.1f;
        }, null);
        var rows = GradientCheck.Random("rows", 2, 4);
        GradientCheck.Run(t => t.EmbedReplacing(table, rows, [-1, 1, 0, 1], [0, 5, 2, 5]), [rows]);
    }

    [Fact]
    public void Replaced_columns()
    {
        var from = GradientCheck.Random("from", 5, 3);
        GradientCheck.Run(t => t.ReplaceColumns(t.Scale(X, 1), from, [2, 7], [1, 0]), [X, from]);
    }

    [Fact]
    public void Columns_by_token()
    {
        var a = GradientCheck.Random("a", 3, 6);
        GradientCheck.Run(t => t.EmbedColumns(a, [4, 0, 4, 5]), [a]);
    }

    [Fact]
    public void A_row_table_that_is_head_and_embedding()
    {
        var table = GradientCheck.Random("table", 12, 12);
        var deferred = new DeferredRows(table);
        GradientCheck.Run(t => t.MatMul(t.Embed(deferred, [3, 1, 3]), table), [table]);
    }

    [Fact]
    public void An_alias_sums_apart()
    {
        var w = GradientCheck.Random("weight", 12, 12);
        var alias = w.Alias("again");
        GradientCheck.Run(t => t.MatMul(t.MatMul(X, w), alias), [X, w]);
    }

    [Fact]
    public void A_derived_parameter_carries_its_gradient_over()
    {
        var w = GradientCheck.Random("weight", 7, 12);
        var square = new DerivedParameter("square", [7, 12], [w], values =>
        {
            for (var i = 0; i < values.Length; i++) values[i] = w.Value[i] * w.Value[i];
        }, gradient =>
        {
            for (var i = 0; i < gradient.Length; i++) w.GradientSum[i] += 2 * w.Value[i] * gradient[i];
        });
        GradientCheck.Run(t => t.MatMul(X, square.Value), [X, w]);
    }

    [Fact]
    public void Block_product()
    {
        var blocks = Parameter.Create("blocks", 3, 4, 2);
        blocks.Set(GradientCheck.Random("values", 3, 8).Value);
        GradientCheck.Run(t => t.BlockMatMul(X, blocks), [X, blocks]);
    }

    [Fact]
    public void Transposed_chunks() => GradientCheck.Run(t => t.TransposeChunks(X, 2), [X]);

    [Theory, InlineData(4), InlineData(5), InlineData(12)]
    public void Folded_columns(int width) => GradientCheck.Run(t => t.Fold(X, width), [X]);

    [Fact]
    public void Turned_matrix() => GradientCheck.Run(t => t.Turned(X), [X]);
}
