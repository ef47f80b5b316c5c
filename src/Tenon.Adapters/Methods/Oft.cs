using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// OFT (Qiu et al. 2023): blocks of a layer's input are turned by orthogonal matrices, y = W (R x) + b. A block comes from its
/// skew-symmetric matrix by Cayley's formula, or by the cut
/// Neumann series of its inverse (PEFT's default; the two turn in opposite directions). Blocks act on activations: no [in, in] matrix
/// exists.
/// </summary>
public sealed class Oft : AdapterMethod<OftOptions>
{
    /// <inheritdoc/>
    public override string Name => "oft";

    /// <inheritdoc/>
    public override string Summary => "orthogonal turns of blocks of a layer's input";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["random"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var index = 0;
        foreach (var layer in Targets.Linears(set))
        {
            var part = new OftLayer(layer, Block(settings, layer.Path, layer.Inputs), settings);
            if (settings.Init == "random") AdapterInit.Normal(part.R, settings.StartSeed, index, 0, 0.1);
            set.Add(part);
            index++;
        }
    }

    /// <summary>The block size of a layer: what was asked for, or the nearest divisor of its inputs.</summary>
    private static int Block(AdapterSettings settings, string path, long inputs)
    {
        var (blocks, size) =
            (OptionsIn(settings).Blocks,
            (OptionsIn(settings).BlockSize ?? (OptionsIn(settings).Blocks > 0 ? 0 : 32)));
        if (blocks > 0 && size > 0)
            throw new TenonException($"adapter of method '{settings.Method}'",
                "blocks or block-size, not both: their product is the number of inputs", $"blocks {blocks}, block-size {size}",
                usage: true);
        if (blocks == 0 && size == 0)
            throw new TenonException($"adapter of method '{settings.Method}'", "blocks or block-size above 0", "both 0", usage: true);
        var wanted = blocks > 0 ? blocks : size;
        if (settings.Start.Peft is null && (blocks > 0 || OptionsIn(settings).BlockSize is not null)
            && (inputs % wanted != 0 || wanted > inputs))
            throw new TenonException($"adapter.{(blocks > 0 ? "blocks" : "block-size")} of method 'oft'",
                $"a number that divides the {inputs} inputs of '{path}'", $"{wanted}",
                "without it each layer gets the divisor nearest to 32", usage: true);
        if (inputs % wanted != 0 || wanted > inputs) wanted = Nearest((int)inputs, wanted);
        var block = blocks > 0 ? (int)inputs / wanted : wanted;
        return block >= 2 ? block : throw new TenonException($"block size of '{path}' (oft)", "2 or more", $"{block}", usage: true);
    }

    private static int Nearest(int inputs, int wanted)
    {
        if (wanted >= inputs) return inputs;
        var (lower, higher) = (wanted, wanted);
        while (lower > 1 && inputs % lower != 0) lower--;
        while (higher < inputs && inputs % higher != 0) higher++;
        return wanted - lower <= higher - wanted ? lower : higher;
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) => Targets.Shapes(config, settings).Sum(s =>
    {
        var block = Block(settings, s.Path, s.Inputs);
        return (OptionsIn(settings).BlockShare ? 1 : s.Inputs / block) * (block * (block - 1L) / 2);
    });

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("OFT");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("OFT", """
            {"r": 0, "oft_block_size": 32, "module_dropout": 0.0, "target_modules": null, "fan_in_fan_out": false, "bias": "none", "exclude_modules": null,
            "init_weights": true, "layers_to_transform": null, "layers_pattern": null, "modules_to_save": null, "coft": false, "eps": 6e-05,
            "block_share": false, "use_cayley_neumann": true, "num_cayley_neumann_terms": 5}
            """) { PatternNeedsLayers = true, RankMayBeZero = true, Faults = PeftFaults };

    private static IEnumerable<string> PeftFaults(PeftConfig config)
    {
        if (config.Int("r") != 0 && config.Int("oft_block_size") != 0)
            yield return $"you can only specify either r ({config.Int("r")}) or oft_block_size "
                + $"({config.Int("oft_block_size")}), but not both: r x oft_block_size == in_features";
        if (config.Int("r") == 0 && config.Int("oft_block_size") == 0) yield return "either r or oft_block_size must be non-zero";
    }

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter)
    {
        var options = OptionsIn(adapter.Settings);
        config["oft_block_size"] = options.BlockSize ?? (options.Blocks > 0 ? 0 : 32);
        config["use_cayley_neumann"] = options.Cayley == "neumann";
        config["init_weights"] = adapter.Settings.Init != "random";
    }

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config) =>
        (settings with { Init = config.Flag("init_weights") ? null : "random" }).With("cayley", config.Flag("use_cayley_neumann")
        ? "neumann" : "exact");
}

/// <summary>OFT's part of one layer.</summary>
public sealed class OftLayer : LinearAdapter
{
    private readonly int _block;
    private readonly int _terms;
    private readonly double? _bound;
    private readonly DerivedParameter _blocks;
    private long _boundVersion = -1;

    internal OftLayer(Linear layer, int block, AdapterSettings settings)
        : base(layer)
    {
        _block = block;
        var count = layer.Inputs / block;
        _terms = settings.OptionsAs<OftOptions>().Cayley == "exact" ? 0 : settings.OptionsAs<OftOptions>().NeumannTerms;
        var rows = settings.OptionsAs<OftOptions>().BlockShare ? 1 : count;
        if (settings.OptionsAs<OftOptions>().Coft) _bound = settings.OptionsAs<OftOptions>().Eps / Math.Sqrt(rows);
        R = Parameter.Create($"{layer.Path}.oft_R.weight", rows, block * (block - 1) / 2);
        _blocks = new DerivedParameter($"{layer.Path}.oft_blocks", [count, block, block], [R], Compute, PullBack);
    }

    /// <summary>Strict upper triangles of the skew matrices [blocks, b (b - 1) / 2].</summary>
    public Parameter R { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("oft_R.weight", R)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => Base(tape, tape.BlockMatMul(x, Blocks()));

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight) => BlockTurns.Merge(weight, Layer.Outputs, Layer.Inputs, Blocks());

    private Parameter Blocks()
    {
        Project();
        return _blocks.Value;
    }

    /// <summary>
    /// Constrained OFT: in every pass the parameter itself is brought back to the ball around no turn, without a gradient.
    /// </summary>
    private void Project()
    {
        if (_bound is not { } most || _boundVersion == R.Version) return;
        R.Update(values =>
        {
            var size = (int)R.Columns;
            for (var j = 0; j < (int)R.Rows; j++)
            {
                var row = values.Slice(j * size, size);
                var square = 0.0;
                foreach (var v in row) square += 2 * (double)v * v;
                var norm = Math.Sqrt(square);
                if (norm <= most) continue;
                foreach (ref var v in row) v = (float)(v * (most / norm));
            }
        });
        _boundVersion = R.Version;
    }

    private void Compute(Span<float> values)
    {
        var (size, area) = ((int)R.Columns, _block * _block);
        for (var j = 0; j < values.Length / area; j++)
        {
            var q = Cayley.Skew(R.Value.Slice(j % (int)R.Rows * size, size), _block);
            (_terms == 0 ? Cayley.Exact(q) : Cayley.Neumann(q, _terms)).ToFloats().CopyTo(values[(j * area)..]);
        }
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        var (size, area) = ((int)R.Columns, _block * _block);
        for (var j = 0; j < gradient.Length / area; j++)
        {
            var place = j % (int)R.Rows * size;
            var q = Cayley.Skew(R.Value.Slice(place, size), _block);
            var g = Matrix.From(gradient.Slice(j * area, area), _block, _block);
            Cayley.SkewBack(_terms == 0 ? Cayley.ExactBack(q, g) : Cayley.NeumannBack(q, g, _terms), R.GradientSum.Slice(place, size));
        }
    }
}

/// <summary>Merging block turns of the input into a weight.</summary>
internal static class BlockTurns
{
    /// <summary>W' = W blockdiag(M)^T, in place; blocks [k, b, b] as <see cref="BlockOps.BlockMatMul"/> takes them.</summary>
    public static float[] Merge(float[] weight, int outputs, int inputs, Parameter blocks)
    {
        var block = (int)blocks.Dimensions[1];
        var m = blocks.Value;
        var row = new double[block];
        for (var o = 0; o < outputs; o++)
            for (var start = 0; start < inputs; start += block)
            {
                var place = start / block * block * block;
                for (var p = 0; p < block; p++)
                {
                    row[p] = 0;
                    for (var q = 0; q < block; q++) row[p] += (double)weight[o * inputs + start + q] * m[place + p * block + q];
                }

                for (var p = 0; p < block; p++) weight[o * inputs + start + p] = (float)row[p];
            }

        return weight;
    }
}

/// <summary>OFT's options.</summary>
public sealed record OftOptions : ISettings
{
    /// <summary>Inputs that are turned together.</summary>
    [Default("32, or the divisor of the inputs nearest to it")]
    [Bounds(0, int.MaxValue)]
    [Peft("oft_block_size")]
    public int? BlockSize { get; init; }

    /// <summary>Number of blocks, in place of their size.</summary>
    [Bounds(0, int.MaxValue)]
    [Peft("r")]
    public int Blocks { get; init; }

    /// <summary>How a turn comes from its skew-symmetric matrix: a cut series, or exactly.</summary>
    [Words("neumann", "exact")]
    public string Cayley { get; init; } = "neumann";

    /// <summary>Terms of the series.</summary>
    [Bounds(1, int.MaxValue)]
    [Peft("num_cayley_neumann_terms")]
    public int NeumannTerms { get; init; } = 5;

    /// <summary>One turn for all blocks of a layer.</summary>
    [Peft("block_share")]
    public bool BlockShare { get; init; }

    /// <summary>Whether the turns are held close to none.</summary>
    [Peft("coft")]
    public bool Coft { get; init; }

    /// <summary>How close (<c>coft</c>).</summary>
    [Bounds(0, double.PositiveInfinity)]
    [Peft("eps")]
    public double Eps { get; init; } = 6e-5;
}
