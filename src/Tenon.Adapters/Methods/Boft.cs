using System.Globalization;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// BOFT (Liu et al. 2024) with one butterfly factor, as PEFT runs it without its CUDA extension: orthogonal turns (I - S)(I + S)^-1, S = (D - D^T) / 2, of blocks of the input, and a trained scale of each
/// output; the bias is not scaled.
/// </summary>
public sealed class Boft : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "boft";

    /// <inheritdoc/>
    public override string Summary => "orthogonal turns of blocks of the input and a scale of each output";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-3;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodOption> Options => [new("block-size", "largest up to 4 that divides all inputs", "inputs that are turned together"), new("blocks", "0", "number of blocks, in place of their size")];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var layers = Targets.Linears(set);
        var block = Blocks(set.Settings, layers.Select(l => (l.Path, (long)l.Inputs)));
        foreach (var layer in layers) set.Add(new BoftLayer(layer, block(layer.Inputs)));
    }

    private static Func<long, int> Blocks(AdapterSettings settings, IEnumerable<(string Path, long Inputs)> layers)
    {
        var list = layers.ToList();
        var blocks = settings.Int("blocks", 0, 0);
        var size = settings.Int("block-size", blocks > 0 ? 0 : Fit.Divisor(list.Select(l => l.Inputs), 4), 0);
        if (blocks > 0 && size > 0) throw new TenonException("adapter of method 'boft'", "blocks or block-size, not both: their product is the number of inputs", $"blocks {blocks}, block-size {size}", usage: true);
        if (blocks == 0 && size == 0) throw new TenonException("adapter of method 'boft'", "blocks or block-size above 0", "both 0", usage: true);
        foreach (var (path, inputs) in list)
            if (inputs % Math.Max(blocks, size) != 0) throw new TenonException($"adapter.{(blocks > 0 ? "blocks" : "block-size")} of method 'boft'", $"a number that divides the {inputs} inputs of '{path}'", $"{Math.Max(blocks, size)}", usage: true);
        return inputs => blocks > 0 ? (int)inputs / blocks : size;
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var shapes = Targets.Shapes(config, settings);
        var block = Blocks(settings, shapes.Select(s => (s.Path, s.Inputs)));
        return shapes.Sum(s => s.Inputs * block(s.Inputs) + s.Outputs);
    }

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = PeftConfig.Create("BOFT", baseModel);
        var settings = adapter.Settings;
        config["boft_block_num"] = settings.Int("blocks", 0);
        config["boft_block_size"] = settings.Int("block-size", settings.Int("blocks", 0) > 0 ? 0 : adapter.Linears.OfType<BoftLayer>().First().Block);
        return config;
    }

    /// <inheritdoc/>
    public override void ReadTensors(AdapterSet adapter, SafetensorsFile file, string folder)
    {
        // Without its CUDA extension PEFT takes one factor, whatever the configuration says; the file tells which it was.
        foreach (var (name, info) in file.Tensors)
            if (name.EndsWith(".boft_R", StringComparison.Ordinal) && info.Shape is [> 1, ..])
                throw new TenonException($"tensor '{name}' of '{folder}'", "one butterfly factor", $"{info.Shape[0]}", "more factors need PEFT's CUDA extension: merge the adapter there", usage: true);
        base.ReadTensors(adapter, file, folder);
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config)
    {
        if (config.PeftType != "BOFT") return null;
        return new AdapterSettings
        {
            Method = Name,
            Options = new Dictionary<string, string> { ["blocks"] = config.Int("boft_block_num").ToString(CultureInfo.InvariantCulture), ["block-size"] = config.Int("boft_block_size").ToString(CultureInfo.InvariantCulture) },
        };
    }
}

/// <summary>BOFT's part of one layer.</summary>
public sealed class BoftLayer : LinearAdapter
{
    private readonly DerivedParameter blocks;
    private readonly OutputScale scale;

    /// <summary>No turn, scale one.</summary>
    public BoftLayer(Linear layer, int block)
        : base(layer)
    {
        Block = block;
        D = Parameter.Create($"{layer.Path}.boft_R", 1, layer.Inputs / block, block, block);
        S = Parameter.Create($"{layer.Path}.boft_s", layer.Outputs, 1);
        S.Update(values => values.Fill(1));
        scale = new OutputScale(S);
        blocks = new DerivedParameter($"{layer.Path}.boft_blocks", [layer.Inputs / block, block, block], [D], Compute, PullBack);
    }

    /// <summary>b.</summary>
    public int Block { get; }

    /// <summary>D [1, in / b, b, b].</summary>
    public Parameter D { get; }

    /// <summary>s [out, 1].</summary>
    public Parameter S { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("boft_R", D), ("boft_s", S)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var turned = tape.BlockMatMul(x, blocks.Value);
        var y = scale.IsInvertible ? scale.Of(tape, tape.MatMulScaled(turned, Layer.Weight, S)) : tape.MultiplyRow(tape.MatMul(turned, Layer.Weight), S);
        return Bias is { } bias ? tape.AddRowInPlace(y, bias) : y;
    }

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        BlockTurns.Merge(weight, Layer.Outputs, Layer.Inputs, blocks.Value);
        for (var i = 0; i < weight.Length; i++) weight[i] *= S.Value[i / Layer.Inputs];
        return weight;
    }

    private Matrix SkewOf(int j)
    {
        var d = Matrix.From(D.Value.Slice(j * Block * Block, Block * Block), Block, Block);
        return 0.5 * (d - d.Transposed());
    }

    private void Compute(Span<float> values)
    {
        for (var j = 0; j < Layer.Inputs / Block; j++) Cayley.Exact(SkewOf(j)).ToFloats().CopyTo(values[(j * Block * Block)..]);
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        var area = Block * Block;
        for (var j = 0; j < Layer.Inputs / Block; j++)
        {
            var ds = Cayley.ExactBack(SkewOf(j), Matrix.From(gradient.Slice(j * area, area), Block, Block));
            for (var a = 0; a < Block; a++)
                for (var b = 0; b < Block; b++) D.GradientSum[j * area + a * Block + b] += (float)(0.5 * (ds[a, b] - ds[b, a]));
        }
    }
}
