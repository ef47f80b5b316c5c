using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>BOFT's part of one layer.</summary>
public sealed class BoftLayer : LinearAdapter
{
    private readonly OutputScale _scale;
    private DerivedParameter[] _blocks;

    /// <summary>No turn, scale one.</summary>
    public BoftLayer(Linear layer, int block)
        : base(layer)
    {
        Block = block;
        (D, _blocks) = Factors(1);
        S = Parameter.Create($"{layer.Path}.boft_s", layer.Outputs, 1);
        S.Update(values => values.Fill(1));
        _scale = new OutputScale(S);
    }

    /// <summary>b.</summary>
    public int Block { get; }

    /// <summary>D [factors, in / b, b, b].</summary>
    public Parameter D { get; private set; }

    /// <summary>s [out, 1].</summary>
    public Parameter S { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("boft_R", D), ("boft_s", S)];

    /// <summary>Gives the layer so many butterfly factors, all without a turn.</summary>
    internal void UseFactors(int count)
    {
        if (count == D.Dimensions[0]) return;
        var groups = (long)Block << (count - 1);
        if (Block % 2 != 0 || Layer.Inputs % groups != 0)
            throw new TenonException($"butterfly factors of '{Layer.Path}'",
                $"an even block size, and {groups} (block size times 2^(factors - 1)) dividing its {Layer.Inputs} inputs",
                $"{count} factors of blocks of {Block}", usage: true);
        (D, _blocks) = Factors(count);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var turned = x;
        for (var f = _blocks.Length - 1; f >= 0; f--)
        {
            var (there, back) = f == 0 ? (null, null) : Butterfly(f);
            turned = tape.BlockMatMul(there is null ? turned : tape.MoveChunks(turned, there, Block / 2), _blocks[f].Value);
            if (back is not null) turned = tape.MoveChunks(turned, back, Block / 2);
        }

        var y = _scale.IsInvertible ? _scale.Of(tape, tape.MatMulScaled(turned, Layer.Weight, S))
            : tape.MultiplyRow(tape.MatMul(turned, Layer.Weight), S);
        return WithBias(tape, y);
    }

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        for (var f = 0; f < _blocks.Length; f++)
        {
            var (there, back) = f == 0 ? (null, null) : Butterfly(f);
            if (there is not null) Move(weight, there);
            BlockTurns.Merge(weight, Layer.Outputs, Layer.Inputs, _blocks[f].Value);
            if (back is not null) Move(weight, back);
        }

        for (var i = 0; i < weight.Length; i++) weight[i] *= S.Value[i / Layer.Inputs];
        return weight;
    }

    private (Parameter D, DerivedParameter[] Blocks) Factors(int count)
    {
        var d = Parameter.Create($"{Layer.Path}.boft_R", count, Layer.Inputs / Block, Block, Block);
        return (d,
            [.. Enumerable.Range(0, count)
            .Select(f =>
            new DerivedParameter($"{Layer.Path}.boft_blocks.{f}", [Layer.Inputs / Block, Block, Block], [d], values => Compute(values, f),
            gradient => PullBack(gradient, f)))]);
    }

    /// <summary>
    /// The butterfly of factor <paramref name="level"/>, in halves of blocks: within each group of 2^(level + 1) halves those at even
    /// places come first. Where each half is taken from on the way to the blocks, and on the
    /// way back.
    /// </summary>
    private (int[] There, int[] Back) Butterfly(int level)
    {
        var (group, halves) = (2 << level, 2 * Layer.Inputs / Block);
        int[] back =
            [.. Enumerable.Range(0, halves)
            .Select(c => c / group * group + (c % group < group / 2 ? c % group * 2 : (c % group - group / 2) * 2 + 1))];
        var there = new int[halves];
        for (var c = 0; c < halves; c++) there[back[c]] = c;
        return (there, back);
    }

    private void Move(float[] weight, int[] sources)
    {
        var (half, row) = (Block / 2, new float[Layer.Inputs]);
        for (var o = 0; o < Layer.Outputs; o++)
        {
            var whole = weight.AsSpan(o * Layer.Inputs, Layer.Inputs);
            whole.CopyTo(row);
            for (var c = 0; c < sources.Length; c++) row.AsSpan(sources[c] * half, half).CopyTo(whole[(c * half)..]);
        }
    }

    private Matrix SkewOf(int j)
    {
        var d = Matrix.From(D.Value.Slice(j * Block * Block, Block * Block), Block, Block);
        return 0.5 * (d - d.Transposed());
    }

    private void Compute(Span<float> values, int factor)
    {
        var count = Layer.Inputs / Block;
        for (var j = 0; j < count; j++) Cayley.Exact(SkewOf(factor * count + j)).ToFloats().CopyTo(values[(j * Block * Block)..]);
    }

    private void PullBack(ReadOnlySpan<float> gradient, int factor)
    {
        var (area, count) = (Block * Block, Layer.Inputs / Block);
        for (var j = 0; j < count; j++)
        {
            var place = factor * count + j;
            var ds = Cayley.ExactBack(SkewOf(place), Matrix.From(gradient.Slice(j * area, area), Block, Block));
            for (var a = 0; a < Block; a++)
                for (var b = 0; b < Block; b++) D.GradientSum[place * area + a * Block + b] += (float)(0.5 * (ds[a, b] - ds[b, a]));
        }
    }
}
