using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// IA3 (Liu et al. 2022): a trained vector scales a layer's output, y = l * (W x + b), or, for the feed-forward modules, its input, y = W
/// (l * x) + b.
/// </summary>
public sealed class Ia3 : AdapterMethod<Ia3Options>
{
    /// <inheritdoc/>
    public override string Name => "ia3";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => ["(ia)3"];

    /// <inheritdoc/>
    public override string Summary => "a trained scale of each output (of each input in the feed-forward's last layer)";

    /// <inheritdoc/>
    protected override double TunedRate => 1e-2;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var layers = Targets.Linears(set);
        RequireTargets(set.Settings, layers.Select(l => l.Path));
        var isFeedForward = FeedForward(set.Settings);
        foreach (var layer in layers) set.Add(new Ia3Layer(layer, isFeedForward(layer.Path)));
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var isFeedForward = FeedForward(settings);
        return Targets.Shapes(config, settings).Sum(s => isFeedForward(s.Path) ? s.Inputs : s.Outputs);
    }

    private static string Words(AdapterSettings settings) => OptionsIn(settings).Feedforward ?? "down_proj";

    private static string[] Names(AdapterSettings settings) =>
        Words(settings).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsPattern(string words) => words.AsSpan().IndexOfAny("*()[]|^$\\+?{}") >= 0;

    /// <summary>PEFT's rule: a list entry is the end of the path, no dot needed; a text is a pattern of the whole path.</summary>
    private static Func<string, bool> FeedForward(AdapterSettings settings)
    {
        var words = Words(settings);
        if (IsPattern(words)) return new PythonRegex(words, "feedforward").FullMatch;
        var names = Names(settings);
        return path => names.Any(n => path.EndsWith(n, StringComparison.Ordinal));
    }

    /// <summary>What the recipe names must be among its targets; the default only takes what is there.</summary>
    private static void RequireTargets(AdapterSettings settings, IEnumerable<string> paths)
    {
        if (OptionsIn(settings).Feedforward is null || IsPattern(Words(settings))) return;
        var list = paths.ToList();
        foreach (var name in Names(settings))
            if (!list.Any(p => p.EndsWith(name, StringComparison.Ordinal)))
                throw new TenonException("adapter.feedforward", "names among the targets", $"'{name}'", usage: true);
    }

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("IA3", """
            {"target_modules": null, "exclude_modules": null, "feedforward_modules": null, "fan_in_fan_out": false, "modules_to_save": null,
            "init_ia3_weights": true}
            """)
    {
        CondensesTargets = false,
        DefaultTargets = llama => llama ? ["k_proj", "v_proj", "down_proj"] : ["q_proj", "v_proj", "down_proj"],
        Faults = PeftFaults,
    };

    private static IEnumerable<string> PeftFaults(PeftConfig config)
    {
        if (config["target_modules"] is JsonArray && config["feedforward_modules"] is JsonArray
            && config.Texts("feedforward_modules")!.Except(config.Texts("target_modules")!).Any())
            yield return "'feedforward_modules' should be a subset of 'target_modules'";
    }

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = PeftConfig.Create("IA3", baseModel);
        if (adapter.Settings.Start.Peft is not null)
        {
            config["feedforward_modules"] = IsPattern(Words(adapter.Settings)) ? Words(adapter.Settings)
                : new JsonArray([.. Names(adapter.Settings).Select(n => (JsonNode)n)]);
            return config;
        }

        // PEFT wants the feed-forward modules to be a subset of the targets, entry by entry: both are written as whole paths.
        var parts = adapter.Linears.OfType<Ia3Layer>().ToList();
        config["target_modules"] = Paths(parts);
        config["feedforward_modules"] = Paths(parts.Where(p => p.IsFeedForward));
        return config;
    }

    private static JsonArray Paths(IEnumerable<Ia3Layer> parts) =>
        new([.. parts.Select(p => p.Layer.Path).Order(StringComparer.Ordinal).Select(p => (JsonNode)p)]);

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config)
    {
        if (config.PeftType != "IA3") return null;
        var words = config["feedforward_modules"] switch
        {
            null => config["target_modules"] is null ? "down_proj" : "",
            JsonValue v when v.GetValueKind() == JsonValueKind.String => v.GetValue<string>(),
            _ => string.Join(',', config.Texts("feedforward_modules")!),
        };
        return new AdapterSettings
        {
            Method = Name,
            Options = AdapterSettings.Texts(new Dictionary<string, string> { ["feedforward"] = words })
        };
    }
}

/// <summary>IA3's part of one layer.</summary>
public sealed class Ia3Layer : LinearAdapter
{
    private readonly OutputScale _scale;
    private DerivedParameter? _scaledBias;

    /// <summary>A scale of ones.</summary>
    public Ia3Layer(Linear layer, bool isFeedForward)
        : base(layer)
    {
        IsFeedForward = isFeedForward;
        L = isFeedForward ? Parameter.Create($"{layer.Path}.ia3_l", 1, layer.Inputs)
            : Parameter.Create($"{layer.Path}.ia3_l", layer.Outputs, 1);
        L.Update(values => values.Fill(1));
        _scale = new OutputScale(L);
    }

    /// <summary>True where the input is scaled.</summary>
    public bool IsFeedForward { get; }

    /// <summary>l [out, 1], or [1, in].</summary>
    public Parameter L { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("ia3_l", L)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        if (IsFeedForward) return Base(tape, tape.MultiplyRow(x, L));
        if (!_scale.IsInvertible) return tape.MultiplyRow(Base(tape, x), L);
        var y = tape.MatMulScaled(x, Layer.Weight, L);
        if (Bias is { } bias) y = tape.AddRowInPlace(y, (_scaledBias ??= _scale.Rows($"{L.Name}.bias", bias, 1)).Value);
        return _scale.Of(tape, y);
    }

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        for (var o = 0; o < Layer.Outputs; o++)
            for (var i = 0; i < Layer.Inputs; i++) weight[o * Layer.Inputs + i] *= L.Value[IsFeedForward ? i : o];
        return weight;
    }

    /// <inheritdoc/>
    public override float[]? EffectiveBias(float[]? bias)
    {
        if (bias is null || IsFeedForward) return bias;
        for (var o = 0; o < bias.Length; o++) bias[o] *= L.Value[o];
        return bias;
    }
}

/// <summary>IA3's options.</summary>
public sealed record Ia3Options : ISettings
{
    /// <summary>Targets that are scaled at their input: ends of names, separated by commas, or a regular expression.</summary>
    [Default("down_proj")]
    public string? Feedforward { get; init; }
}
