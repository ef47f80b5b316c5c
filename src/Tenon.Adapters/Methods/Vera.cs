using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// VeRA (Kopiczko et al. 2024): all layers share frozen random A [r, largest in] and B [largest out, r]; each trains two vectors, y = W x +
/// b + l_b * (B[:out] (l_d * (A[:, :in] x))).
/// The draws are PyTorch's, from the projection key, so that a file without them is read right.
/// </summary>
public sealed class Vera : AdapterMethod<VeraOptions>
{
    /// <inheritdoc/>
    public override string Name => "vera";

    /// <inheritdoc/>
    public override string Summary => "two trained vectors a layer around frozen random matrices that all layers share";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-2;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank | SharedKeys.Dropout;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var rank = Fit.Rank(settings);
        var layers = Targets.Linears(set);
        var (inputs, outputs) = (layers.Max(l => l.Inputs), layers.Max(l => l.Outputs));
        var random = new TorchRandom((ulong)OptionsIn(settings).ProjectionKey);
        var a = Draw(random, "base_model.vera_A", rank, inputs);
        var b = Draw(random, "base_model.vera_B", outputs, rank);
        var shared = new VeraMatrices(a, b);
        foreach (var layer in layers) set.Add(new VeraLayer(layer, shared, (float)OptionsIn(settings).DInitial));
        if (!OptionsIn(settings).SaveProjection) return;
        set.AddShared(a.Name, a);
        set.AddShared(b.Name, b);
    }

    private static Parameter Draw(TorchRandom random, string name, int rows, int columns)
    {
        var matrix = Parameter.Create(name, rows, columns);
        matrix.Trainable = false;
        var bound = (float)Math.Sqrt(6.0 / columns);
        matrix.Update(values => random.Uniform(values, -bound, bound));
        return matrix;
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Sum(s => Fit.Rank(settings) + s.Outputs);

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("VERA", Rank: "r", Dropout: "vera_dropout");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("VERA", """
            {"r": 256, "target_modules": null, "projection_prng_key": 0, "save_projection": true, "vera_dropout": 0.0, "d_initial": 0.1, "fan_in_fan_out": false,
            "bias": "none", "modules_to_save": null, "init_weights": true, "layers_to_transform": null, "layers_pattern": null}
            """) { PatternNeedsLayers = true };
}

/// <summary>The matrices that all layers share, and the parts of them that layers of each size take.</summary>
internal sealed class VeraMatrices(Parameter a, Parameter b)
{
    private readonly Dictionary<int, DerivedParameter> _inputs = [];
    private readonly Dictionary<int, DerivedParameter> _outputs = [];

    /// <summary>A[:, :in].</summary>
    public Parameter A(int count)
    {
        if (count == (int)a.Columns) return a;
        if (!_inputs.TryGetValue(count, out var part))
            part = _inputs[count] = new DerivedParameter($"{a.Name}[:, :{count}]", [a.Rows, count], [a], values =>
            {
                for (var k = 0; k < (int)a.Rows; k++) a.Value.Slice(k * (int)a.Columns, count).CopyTo(values[(k * count)..]);
            }, _ => { });
        return part.Value;
    }

    /// <summary>B[:out].</summary>
    public Parameter B(int count)
    {
        if (count == (int)b.Rows) return b;
        if (!_outputs.TryGetValue(count, out var part))
            part = _outputs[count] =
                new DerivedParameter($"{b.Name}[:{count}]", [count, b.Columns], [b], values => b.Value[..values.Length].CopyTo(values),
                _ => { });
        return part.Value;
    }
}

/// <summary>VeRA's part of one layer.</summary>
public sealed class VeraLayer : FactoredAdapter
{
    private readonly VeraMatrices _shared;

    internal VeraLayer(Linear layer, VeraMatrices shared, float start)
        : base(layer)
    {
        _shared = shared;
        Outer = Parameter.Create($"{layer.Path}.vera_lambda_b", layer.Outputs);
        Inner = Parameter.Create($"{layer.Path}.vera_lambda_d", shared.A(layer.Inputs).Rows);
        Inner.Update(values => values.Fill(start));
    }

    /// <summary>l_b [out], zero at the start.</summary>
    public Parameter Outer { get; }

    /// <summary>l_d [r].</summary>
    public Parameter Inner { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("vera_lambda_b", Outer), ("vera_lambda_d", Inner)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var y = Base(tape, x);
        var inner = tape.MultiplyRow(tape.MatMul(Drop(tape, x), _shared.A(Layer.Inputs)), Inner);
        return tape.MatMulScaledInto(inner, _shared.B(Layer.Outputs), Outer, y);
    }

    /// <inheritdoc/>
    public override LowRankFactors ToLora()
    {
        var rank = (int)Inner.Length;
        var b = _shared.B(Layer.Outputs).ToArray();
        for (var o = 0; o < Layer.Outputs; o++)
            for (var k = 0; k < rank; k++) b[o * rank + k] = (float)((double)b[o * rank + k] * Outer.Value[o] * Inner.Value[k]);
        return new LowRankFactors(_shared.A(Layer.Inputs).ToArray(), b, rank);
    }
}

/// <summary>VeRA's options.</summary>
public sealed record VeraOptions : ISettings
{
    /// <summary>Seed of the shared matrices.</summary>
    [Bounds(0, int.MaxValue)]
    [Peft("projection_prng_key")]
    public int ProjectionKey { get; init; }

    /// <summary>Whether the shared matrices are written into the adapter's file.</summary>
    [Peft("save_projection")]
    public bool SaveProjection { get; init; } = true;

    /// <summary>Start of the inner vector.</summary>
    [Peft("d_initial")]
    public double DInitial { get; init; } = 0.1;
}
