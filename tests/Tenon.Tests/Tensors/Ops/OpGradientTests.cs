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
    public void AddAndScale() => GradientCheck.Run(t => t.Add(t.Scale(X, 0.7f), Y), [X, Y]);

    [Fact]
    public void MultiplyElementwise() => GradientCheck.Run(t => t.Multiply(X, Y), [X, Y]);

    [Fact]
    public void MultiplyRowByVector()
    {
        var v = GradientCheck.Random("v", 1, 12);
        GradientCheck.Run(t => t.MultiplyRow(X, v), [X, v]);
    }

    [Fact]
    public void RangeOfColumns() => GradientCheck.Run(t => t.ColumnRange(X, 3, 5), [X]);

    [Fact]
    public void AddedToARangeOfColumns()
    {
        var u = GradientCheck.Random("u", 5, 4);
        GradientCheck.Run(t => t.AddToColumnsInPlace(t.Scale(X, 1.5f), t.Scale(u, 2), 7), [X, u]);
    }

    [Fact]
    public void BiasInPlace()
    {
        var b = GradientCheck.Random("b", 1, 12);
        GradientCheck.Run(t => t.AddRowInPlace(t.Scale(X, 1.5f), b), [X, b]);
    }

    [Fact]
    public void RmsNorm()
    {
        var w = GradientCheck.Random("w", 1, 12);
        GradientCheck.Run(t => t.RmsNorm(X, w, 1e-5f), [X, w]);
    }

    [Fact]
    public void RmsNormOfHeads()
    {
        var w = GradientCheck.Random("heads", 1, 4);
        GradientCheck.Run(t => t.RmsNorm(X, w, 1e-5f), [X, w]);
    }

    [Fact]
    public void SwiGlu() => GradientCheck.Run(t => t.SwiGlu(X, Y), [X, Y]);

    [Fact]
    public void SwiGluOfOneTensorTwice() => GradientCheck.Run(t => t.SwiGlu(X, X), [X]);

    [Fact]
    public void ProductWithParameter()
    {
        var w = GradientCheck.Random("weight", 7, 12);
        GradientCheck.Run(t => t.MatMul(X, w), [X, w]);
    }

    [Fact]
    public void ProductAddedInPlace()
    {
        var w = GradientCheck.Random("weight2", 7, 12);
        var base7 = GradientCheck.Random("base", 5, 7);
        GradientCheck.Run(t => t.MatMulInto(X, w, t.Scale(base7, 2)), [X, w, base7]);
    }

    [Theory]
    [InlineData(WeightStorage.F32)]
    [InlineData(WeightStorage.BF16)]
    public void ProductWithFrozenWeight(WeightStorage storage)
    {
        var w = GradientCheck.Random("frozen", 45, 12).ToArray();
        var frozen = FrozenMatrix.Pack("w", 45, 12, storage, (row, rows) => w.AsSpan((int)row * 12, rows.Length).CopyTo(rows), null);
        GradientCheck.Run(t => t.MatMul(X, frozen), [X]);
    }

    [Theory]
    [InlineData(WeightStorage.F32)]
    [InlineData(WeightStorage.BF16)]
    public void ScaledProductWithFrozenWeightAlsoWhereItsResultIsChanged(WeightStorage storage)
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
    public void ProductWithASpectrum()
    {
        var s = GradientCheck.Random("spectrum", 1, 9);
        int[] rows = [0, 3, 3, 6, 1, 2, 5, 4, 0], columns = [0, 11, 2, 5, 5, 7, 1, 9, 4];
        GradientCheck.Run(t => t.SpectrumInto(X, s, rows, columns, 0.4f, t.Scale(Z7, 2)), [X, s, Z7]);
    }

    [Fact]
    public void ProductWithCirculantBlocks()
    {
        var y = GradientCheck.Random("y18", 5, 18);
        var kernels = GradientCheck.Random("kernels", 2, 12 * 18 / 6);
        GradientCheck.Run(t => t.CirculantInto(X, kernels, 6, t.Scale(y, 2)), [X, kernels, y]);
    }

    [Fact]
    public void KroneckerProduct()
    {
        var y = GradientCheck.Random("y30", 5, 30);
        var (first, second) = (GradientCheck.Random("first", 5, 4), GradientCheck.Random("second", 6, 3));
        GradientCheck.Run(t => t.KroneckerInto(X, first, second, 0.5f, t.Scale(y, 2)), [X, first, second, y]);
    }

    [Theory, InlineData(2), InlineData(6), InlineData(12)]
    public void TurnOfPairs(int group)
    {
        var (f, s) = (GradientCheck.Random("f", 1, 12), GradientCheck.Random("s", 1, 12));
        GradientCheck.Run(t => t.PairTurn(X, f, s, group), [X, f, s]);
    }

    [Fact]
    public void ScaledProductAddedInPlace()
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
    public void SelectedAndStackedRows() => GradientCheck.Run(t => t.Stack([t.SelectRows(X, [4, 0, 2]), t.Rows(t.Scale(Y, 1), 1, 3), X]), [X, Y]);

    [Fact]
    public void AttentionWithSharedPrefixesAndGroupedHeads()
    {
        // Rows: two completions of one prompt (last), and a sequence alone; heads 4 on 2, size 3.
        var q = GradientCheck.Random("q", 12, 12);
        var k = GradientCheck.Random("k", 12, 6);
        var v = GradientCheck.Random("values", 12, 6);
        var layout = AttentionLayout.ForBatch([new TokenRun(0, 2, 4, 2), new TokenRun(2, 3, 4, 2), new TokenRun(5, 4, 0), new TokenRun(9, 3, 0)]);
        GradientCheck.Run(t => t.Attention(q, k, v, 4, 2, layout), [q, k, v]);
    }

    [Fact]
    public void AttentionOverSeveralPagesAndTiles()
    {
        var q = GradientCheck.Random("q2", 50, 4);
        var k = GradientCheck.Random("k2", 50, 4);
        var v = GradientCheck.Random("v2", 50, 4);
        GradientCheck.Run(t => t.Attention(q, k, v, 1, 1, AttentionLayout.ForBatch([new TokenRun(0, 15, 35, 1), new TokenRun(15, 35, 0)])), [q, k, v]);
    }

    [Fact]
    public void CheckpointedPartGivesTheSameBits()
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
    public void LogProbabilitiesAndEntropies()
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
                return Enumerable.Range(0, 5).Sum(i => (double)dlogp[i] * head.LogProbabilities[i] + (double)dentropy[i] * head.Entropies[i]);
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

    [Fact]
    public void ResultsDoNotDependOnThreads()
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
    public void DropoutKeepsAShareAndScalesIt()
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
    public void ReplacedEmbeddingRows()
    {
        var table = FrozenMatrix.Pack("table", 6, 4, WeightStorage.F32, (row, values) =>
        {
            for (var i = 0; i < values.Length; i++) values[i] = (row * 4 + i) * 0.1f;
        }, null);
        var rows = GradientCheck.Random("rows", 2, 4);
        GradientCheck.Run(t => t.EmbedReplacing(table, rows, [-1, 1, 0, 1], [0, 5, 2, 5]), [rows]);
    }

    [Fact]
    public void ReplacedColumns()
    {
        var from = GradientCheck.Random("from", 5, 3);
        GradientCheck.Run(t => t.ReplaceColumns(t.Scale(X, 1), from, [2, 7], [1, 0]), [X, from]);
    }

    [Fact]
    public void ColumnsByToken()
    {
        var a = GradientCheck.Random("a", 3, 6);
        GradientCheck.Run(t => t.EmbedColumns(a, [4, 0, 4, 5]), [a]);
    }

    [Fact]
    public void ARowTableThatIsHeadAndEmbedding()
    {
        var table = GradientCheck.Random("table", 12, 12);
        var deferred = new DeferredRows(table);
        GradientCheck.Run(t => t.MatMul(t.Embed(deferred, [3, 1, 3]), table), [table]);
    }

    [Fact]
    public void AnAliasSumsApart()
    {
        var w = GradientCheck.Random("weight", 12, 12);
        var alias = w.Alias("again");
        GradientCheck.Run(t => t.MatMul(t.MatMul(X, w), alias), [X, w]);
    }

    [Fact]
    public void ADerivedParameterCarriesItsGradientOver()
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
    public void BlockProduct()
    {
        var blocks = Parameter.Create("blocks", 3, 4, 2);
        blocks.Set(GradientCheck.Random("values", 3, 8).Value);
        GradientCheck.Run(t => t.BlockMatMul(X, blocks), [X, blocks]);
    }

    [Fact]
    public void TransposedChunks() => GradientCheck.Run(t => t.TransposeChunks(X, 2), [X]);

    [Theory, InlineData(4), InlineData(5), InlineData(12)]
    public void FoldedColumns(int width) => GradientCheck.Run(t => t.Fold(X, width), [X]);

    [Fact]
    public void TurnedMatrix() => GradientCheck.Run(t => t.Turned(X), [X]);
}
