using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// RoAd (Liao and Monz 2024): pairs (i, i + g/2) of a layer's outputs, bias included, are turned and scaled: y' = y * alpha cos(theta) +
/// quarter turn(y) * alpha sin(theta). Variant 1 has one
/// angle and scale a pair, 2 one an output, 4 separate ones for both factors.
/// </summary>
public sealed class Road : AdapterMethod<RoadOptions>
{
    /// <inheritdoc/>
    public override string Name => "road";

    /// <inheritdoc/>
    public override string OptionWord(string option, string word) => option == "variant" ? RoadOptions.NumberOf(word) : word;

    /// <inheritdoc/>
    public override string Summary => "turns and scales pairs of a layer's outputs";

    /// <inheritdoc/>
    protected override double TunedRate => 1e-2;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var layers = Targets.Linears(set);
        var group = Group(set.Settings, layers.Select(l => ((long)l.Outputs, l.Path)));
        foreach (var layer in layers) set.Add(new RoadLayer(layer, Variant(set.Settings), group));
    }

    private static int Variant(AdapterSettings settings) => OptionsIn(settings).Variant[^1] - '0';

    private static int Group(AdapterSettings settings, IEnumerable<(long Outputs, string Path)> layers)
    {
        var list = layers.ToList();
        var group = OptionsIn(settings).GroupSize ?? Fit.Divisor(list.Select(l => l.Outputs), 64, 2);
        if (group < 2 || group % 2 != 0)
            throw new TenonException("adapter.group-size of method 'road'", "an even number of 2 or more", $"{group}", usage: true);
        foreach (var (outputs, path) in list)
            if (outputs % group != 0)
                throw new TenonException("adapter.group-size of method 'road'", $"a number that divides the {outputs} outputs of '{path}'",
                    $"{group}", usage: true);
        return group;
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var shapes = Targets.Shapes(config, settings);
        _ = Group(settings, shapes.Select(s => (s.Outputs, s.Path)));
        return shapes.Sum(s => s.Outputs) * Variant(settings);
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("ROAD");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("ROAD", """
            {"variant": "road_1", "group_size": 64, "init_weights": true, "target_modules": null, "modules_to_save": null}
            """) { Faults = PeftFaults };

    private static IEnumerable<string> PeftFaults(PeftConfig config)
    {
        if (config.Int("group_size") % 2 != 0 || config.Int("group_size") <= 0)
            yield return $"the group_size must be divisible by 2, but got {config.Int("group_size")}";
    }

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter)
    {
        config["variant"] = $"road_{Variant(adapter.Settings)}";
        config["group_size"] = adapter.Linears.OfType<RoadLayer>().First().Group;
    }

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config) =>
        settings.With("variant", config.Text("variant") ?? "1");
}

/// <summary>RoAd's part of one layer.</summary>
public sealed class RoadLayer : LinearAdapter
{
    private readonly int _variant;
    private readonly DerivedParameter _first;
    private readonly DerivedParameter _second;

    /// <summary>No turn: theta 0, alpha 1.</summary>
    public RoadLayer(Linear layer, int variant, int group)
        : base(layer)
    {
        _variant = variant;
        Group = group;
        var size = variant switch { 1 => layer.Outputs / 2, 2 => layer.Outputs, _ => 2 * layer.Outputs };
        Theta = Parameter.Create($"{layer.Path}.road_theta", size);
        Alpha = Parameter.Create($"{layer.Path}.road_alpha", size);
        Alpha.Update(values => values.Fill(1));
        _first = Factor("cos", isSecond: false);
        _second = Factor("sin", isSecond: true);
    }

    /// <summary>Outputs that are paired within.</summary>
    public int Group { get; }

    /// <summary>Angles: [out / 2], [out] or [2 out].</summary>
    public Parameter Theta { get; }

    /// <summary>Scales, as many.</summary>
    public Parameter Alpha { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("road_theta", Theta), ("road_alpha", Alpha)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => tape.PairTurn(Base(tape, x), _first.Value, _second.Value, Group);

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        Turn(weight, Layer.Inputs);
        return weight;
    }

    /// <inheritdoc/>
    public override float[]? EffectiveBias(float[]? bias)
    {
        if (bias is not null) Turn(bias, 1);
        return bias;
    }

    private void Turn(float[] rows, int width)
    {
        var (original, half) = ((float[])rows.Clone(), Group / 2);
        for (var o = 0; o < Layer.Outputs; o++)
        {
            var isFirstHalf = o % Group < half;
            var other = isFirstHalf ? o + half : o - half;
            for (var i = 0; i < width; i++)
                rows[o * width + i] =
                    (float)((double)original[o * width + i] * _first.Value.Value[o]
                    + (double)original[other * width + i] * _second.Value.Value[o]);
        }
    }

    /// <summary>Where the angle and scale of an output stand.</summary>
    private int Place(int output, bool isSecond)
    {
        var (group, i, half) = (output / Group, output % Group, Group / 2);
        return _variant switch { 1 => group * half + i % half, 2 => output, _ => group * 2 * Group + (isSecond ? Group : 0) + i };
    }

    /// <summary>The quarter turn takes the partner with a minus in a group's first half.</summary>
    private double Sign(int output, bool isSecond) => isSecond && output % Group < Group / 2 ? -1 : 1;

    /// <summary>alpha cos theta, or alpha sin theta with its sign, of each output.</summary>
    private DerivedParameter Factor(string name, bool isSecond) =>
        new($"{Layer.Path}.road_{name}", [Layer.Outputs], [Theta, Alpha], values =>
    {
        for (var o = 0; o < values.Length; o++)
        {
            var (sin, cos) = (ExactMath.Sin(Theta.Value[Place(o, isSecond)]), ExactMath.Cos(Theta.Value[Place(o, isSecond)]));
            values[o] = (float)(Sign(o, isSecond) * Alpha.Value[Place(o, isSecond)] * (isSecond ? sin : cos));
        }
    }, gradient =>
    {
        for (var o = 0; o < gradient.Length; o++)
        {
            var place = Place(o, isSecond);
            double theta = Theta.Value[place], alpha = Alpha.Value[place];
            var (sin, cos) = (ExactMath.Sin(theta), ExactMath.Cos(theta));
            var g = Sign(o, isSecond) * gradient[o];
            Alpha.GradientSum[place] += (float)(g * (isSecond ? sin : cos));
            Theta.GradientSum[place] += (float)(g * alpha * (isSecond ? cos : -sin));
        }
    });
}

/// <summary>RoAd's options.</summary>
public sealed record RoadOptions : ISettings
{
    private const string Prefix = "road-";

    /// <summary>Angles for a pair, an output, or each factor.</summary>
    [Words("1", "2", "4")]
    public string Variant { get; init => field = NumberOf(value); } = "1";

    /// <summary>Outputs that are paired within; even.</summary>
    [Default("the largest even one up to 64 that divides all outputs")]
    [Bounds(2, int.MaxValue)]
    [Peft("group_size")]
    public int? GroupSize { get; init; }

    /// <summary>PEFT names the variants after the method: <c>road_2</c>.</summary>
    internal static string NumberOf(string word) =>
        word.Replace('_', '-') is var plain && plain.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? plain[Prefix.Length..] : word;
}
