using System.Globalization;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// DeLoRA (Bini et al. 2025): rank-one terms of length one and one trained strength a layer, dW = B diag(lambda / (r max(|A_k|, 1e-4)
/// max(|B_k|, 1e-4))) A diag(w), w the norms of the
/// frozen weight's columns.
/// </summary>
public sealed class Delora : AdapterMethod<DeloraOptions>
{
    /// <inheritdoc/>
    public override string Name => "delora";

    /// <inheritdoc/>
    public override string Summary => "normalised rank-one terms and one trained strength a layer";

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var strengths = new PeftPatterns(OptionsIn(settings).LambdaPattern, "lambda-pattern");
        var index = 0;
        foreach (var layer in Targets.Linears(set))
        {
            var rank = Fit.Rank(settings, layer.Path);
            var part =
                new DeloraLayer(layer, rank,
                (float)(strengths.Find(layer.Path) ?? (OptionsIn(settings).Lambda ?? Fitted(rank, layer.Inputs))));
            AdapterInit.Uniform(part.A, settings.StartSeed, index++, 0, 1 / Math.Sqrt(layer.Inputs));
            set.Add(part);
        }
    }

    /// <summary>
    /// The strength is where the first optimizer step takes the update, whatever the learning rate: its terms have length one as soon as B
    /// is not zero. This one makes it about two hundredths of the
    /// weight's norm, lambda / sqrt(r in); 15 would be a third on the embedded model, which it does not survive.
    /// </summary>
    private static double Fitted(int rank, int inputs) => Math.Sqrt((double)rank * inputs) / 45;

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Sum(s => settings.RankOf(s.Path) * (s.Inputs + s.Outputs) + 1);

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("DELORA", Rank: "r", RankPattern: true);

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("DELORA", """
            {"r": 8, "delora_lambda": 15, "module_dropout": 0.0, "target_modules": null, "exclude_modules": null, "bias": "none", "init_weights": true,
            "layers_to_transform": null, "layers_pattern": null, "rank_pattern": {}, "lambda_pattern": {}, "modules_to_save": null}
            """) { LayersNeedList = true, PatternNeedsLayers = true };

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter) =>
        config["delora_lambda"] = PeftNumbers.Whole(OptionsIn(adapter.Settings).Lambda ?? 15);

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config) =>
        settings.With("lambda", config.Number("delora_lambda").ToString("R", CultureInfo.InvariantCulture));
}

/// <summary>DeLoRA's part of one layer.</summary>
public sealed class DeloraLayer : FactoredAdapter
{
    private const double Least = 1e-4;
    private readonly int _rank;
    private readonly DerivedParameter _factor;
    private readonly DerivedParameter _weighted;

    /// <summary>A zero update: B zero, A not yet drawn.</summary>
    public DeloraLayer(Linear layer, int rank, float strength)
        : base(layer)
    {
        _rank = rank;
        A = Parameter.Create($"{layer.Path}.delora_A", rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.delora_B", layer.Outputs, rank);
        Lambda = Parameter.Create($"{layer.Path}.delora_lambda", 1);
        Lambda.Update(values => values[0] = strength);
        Norms = Parameter.Create($"{layer.Path}.delora_w_norm", layer.Inputs);
        Norms.Trainable = false;
        Norms.Set(ColumnNorms(layer));
        _factor = new DerivedParameter($"{layer.Path}.delora_factor", [rank], [A, B, Lambda], Compute, PullBack);
        _weighted =
            new DerivedParameter($"{layer.Path}.delora_weighted_A", [rank, layer.Inputs], [A, Norms],
            values => Weigh(A.Value, values, add: false), gradient => Weigh(gradient, A.GradientSum, add: true));
    }

    /// <summary>A [r, in].</summary>
    public Parameter A { get; }

    /// <summary>B [out, r].</summary>
    public Parameter B { get; }

    /// <summary>The strength [1].</summary>
    public Parameter Lambda { get; }

    /// <summary>Norms of the frozen weight's columns [in], kept in the file.</summary>
    public Parameter Norms { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors =>
        [("delora_A", A), ("delora_B", B), ("delora_lambda", Lambda), ("delora_w_norm", Norms)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        tape.MatMulInto(tape.MultiplyRow(tape.MatMul(x, _weighted.Value), _factor.Value), B, Base(tape, x));

    /// <summary>The columns of a matrix [r, in] times w: on A rather than on every token.</summary>
    private void Weigh(ReadOnlySpan<float> source, Span<float> target, bool add)
    {
        var norms = Norms.Value;
        for (var k = 0; k < source.Length; k += norms.Length)
            for (var i = 0; i < norms.Length; i++) target[k + i] = source[k + i] * norms[i] + (add ? target[k + i] : 0);
    }

    /// <inheritdoc/>
    public override LowRankFactors ToLora()
    {
        var (a, b) = (A.ToArray(), B.ToArray());
        for (var i = 0; i < a.Length; i++) a[i] *= Norms.Value[i % Layer.Inputs];
        for (var i = 0; i < b.Length; i++) b[i] *= _factor.Value.Value[i % _rank];
        return new LowRankFactors(a, b, _rank);
    }

    private static float[] ColumnNorms(Linear layer)
    {
        var (row, squares) = (new float[layer.Inputs], new double[layer.Inputs]);
        for (var o = 0; o < layer.Outputs; o++)
        {
            layer.Weight.CopyRows(o, row);
            for (var i = 0; i < row.Length; i++) squares[i] += (double)row[i] * row[i];
        }

        return [.. squares.Select(s => (float)Math.Sqrt(s))];
    }

    private (double A, double B) Lengths(int k)
    {
        var (a, b) = (0.0, 0.0);
        foreach (var value in A.Value.Slice(k * Layer.Inputs, Layer.Inputs)) a += (double)value * value;
        for (var o = 0; o < Layer.Outputs; o++) b += (double)B.Value[o * _rank + k] * B.Value[o * _rank + k];
        return (Math.Sqrt(a), Math.Sqrt(b));
    }

    private void Compute(Span<float> values)
    {
        for (var k = 0; k < _rank; k++)
        {
            var (a, b) = Lengths(k);
            values[k] = (float)(Lambda.Value[0] / (_rank * Math.Max(a, Least) * Math.Max(b, Least)));
        }
    }

    /// <summary>d factor / d A_k = -factor A_k / |A_k|^2 above the least length, else 0; the same for B.</summary>
    private void PullBack(ReadOnlySpan<float> gradient)
    {
        // The ranks' shares in the strength cancel for the most part.
        var strength = 0.0;
        for (var k = 0; k < _rank; k++)
        {
            var (a, b) = Lengths(k);
            var value = Lambda.Value[0] / (_rank * Math.Max(a, Least) * Math.Max(b, Least));
            strength += gradient[k] / (_rank * Math.Max(a, Least) * Math.Max(b, Least));
            if (a >= Least)
                for (var i = 0; i < Layer.Inputs; i++)
                    A.GradientSum[k * Layer.Inputs + i] -= (float)(gradient[k] * value / (a * a) * A.Value[k * Layer.Inputs + i]);
            if (b >= Least)
                for (var o = 0; o < Layer.Outputs; o++)
                    B.GradientSum[o * _rank + k] -= (float)(gradient[k] * value / (b * b) * B.Value[o * _rank + k]);
        }

        Lambda.GradientSum[0] += (float)strength;
    }
}

/// <summary>DeLoRA's options.</summary>
public sealed record DeloraOptions : ISettings
{
    /// <summary>Start of the strength; PEFT has 15 for every layer.</summary>
    [Default("a 45th of the root of rank times inputs")]
    public double? Lambda { get; init; }

    /// <summary>Strengths of single layers, by name or regular expression.</summary>
    [Peft("lambda_pattern")]
    public IReadOnlyDictionary<string, double> LambdaPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>Kept in a folder's file; whole modules are never dropped here.</summary>
    [Peft("module_dropout")]
    public double ModuleDropout { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (ModuleDropout != 0)
            yield return new("module-dropout", $"{ModuleDropout} is out of range", "0: whole modules are never dropped here");
    }
}
