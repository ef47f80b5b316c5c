using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoKr (Yeh et al. 2024, LyCORIS): dW = s kron(w1, w2), s = alpha / r, w1 [l, m] and w2 [k, n] with out = l k and in = m n; a factor that
/// is large beside the rank is itself a product of rank r.
/// </summary>
public sealed class Lokr : AdapterMethod<LokrOptions>
{
    /// <inheritdoc/>
    public override string Name => "lokr";

    /// <inheritdoc/>
    public override string Summary => "Kronecker product of two factors, large ones of low rank";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-3;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank | SharedKeys.Alpha;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["lycoris"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var index = 0;
        foreach (var layer in Targets.Linears(set))
        {
            var sizes = LokrSizes.Of(layer.Path, layer.Outputs, layer.Inputs, settings);
            var part = new LokrLayer(layer, sizes, (float)(settings.AlphaOf(layer.Path) / sizes.Rank));
            // PEFT starts the first factor at zero, LyCORIS the second.
            var zero = settings.Init == "lycoris" ? part.W2B ?? part.W2 : part.W1 ?? part.W1A;
            uint which = 0;
            foreach (var (_, tensor) in part.Tensors)
                if (!ReferenceEquals(tensor, zero))
                    AdapterInit.Uniform(tensor, settings.StartSeed, index, (int)which++, 1 / Math.Sqrt(tensor.Columns));
            set.Add(part);
            index++;
        }
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Sum(s => LokrSizes.Of(s.Path, s.Outputs, s.Inputs, settings).Count);

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("LOKR", Rank: "r", Alpha: "alpha", RankPattern: true, AlphaPattern: true);

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("LOKR", """
            {"rank_pattern": {}, "alpha_pattern": {}, "r": 8, "alpha": 8, "rank_dropout": 0.0, "module_dropout": 0.0, "use_effective_conv2d": false,
            "decompose_both": false, "decompose_factor": -1, "rank_dropout_scale": false, "target_modules": null, "exclude_modules": null, "init_weights": true,
            "layers_to_transform": null, "layers_pattern": null, "modules_to_save": null}
            """) { PatternNeedsLayers = true };

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter) =>
        config["init_weights"] = adapter.Settings.Init == "lycoris" ? "lycoris" : true;

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config)
    {
        var init = config["init_weights"];
        var isLycoris = init?.GetValueKind() == System.Text.Json.JsonValueKind.String && config.Text("init_weights") == "lycoris";
        return settings with { Init = isLycoris ? "lycoris" : null };
    }
}

/// <summary>Sizes of the factors of one layer.</summary>
internal sealed record LokrSizes(int Rank, int L, int K, int M, int N, bool FirstIsLow, bool SecondIsLow)
{
    public long Count => (FirstIsLow ? (long)Rank * (L + M) : (long)L * M) + (SecondIsLow ? (long)Rank * (K + N) : (long)K * N);

    public static LokrSizes Of(string path, long outputs, long inputs, AdapterSettings settings)
    {
        var rank = Fit.Rank(settings, path);
        var factor = settings.OptionsAs<LokrOptions>().DecomposeFactor;
        var (l, k) = Factors((int)outputs, factor);
        var (m, n) = Factors((int)inputs, factor);
        return new LokrSizes(rank, l, k, m, n, settings.OptionsAs<LokrOptions>().DecomposeBoth
            && rank < Math.Max(l, m) / 2.0, rank < Math.Max(k, n) / 2.0);
    }

    /// <summary>
    /// The wanted factor first where it divides, though it be the larger one; else the two divisors closest to each other, the smaller
    /// first and at most the wanted one.
    /// </summary>
    private static (int First, int Second) Factors(int size, int wanted)
    {
        if (wanted > 0 && size % wanted == 0) return (wanted, size / wanted);
        var (m, n) = (1, size);
        var length = m + n;
        var most = wanted < 0 ? size : wanted;
        while (m < n)
        {
            var next = m + 1;
            while (size % next != 0) next++;
            var other = size / next;
            if (next + other > length || next > most) break;
            (m, n) = (next, other);
            length = m + n;
        }

        return m <= n ? (m, n) : (n, m);
    }
}

/// <summary>
/// LoKr's part of one layer: a token goes through the two small matrices, and their Kronecker product is made only to merge.
/// </summary>
public sealed class LokrLayer : LinearAdapter
{
    private readonly LokrSizes _sizes;
    private readonly float _scale;
    private readonly DerivedParameter? _first;
    private readonly DerivedParameter? _second;

    internal LokrLayer(Linear layer, LokrSizes sizes, float scale)
        : base(layer)
    {
        _sizes = sizes;
        _scale = scale;
        if (sizes.FirstIsLow)
        {
            W1A = Parameter.Create($"{layer.Path}.lokr_w1_a", sizes.L, sizes.Rank);
            W1B = Parameter.Create($"{layer.Path}.lokr_w1_b", sizes.Rank, sizes.M);
            _first = DerivedParameter.Of($"{layer.Path}.lokr_first", [sizes.L, sizes.M], [W1A, W1B], t => t.Product(W1A, W1B));
        }
        else W1 = Parameter.Create($"{layer.Path}.lokr_w1", sizes.L, sizes.M);

        if (sizes.SecondIsLow)
        {
            W2A = Parameter.Create($"{layer.Path}.lokr_w2_a", sizes.K, sizes.Rank);
            W2B = Parameter.Create($"{layer.Path}.lokr_w2_b", sizes.Rank, sizes.N);
            _second = DerivedParameter.Of($"{layer.Path}.lokr_second", [sizes.K, sizes.N], [W2A, W2B], t => t.Product(W2A, W2B));
        }
        else W2 = Parameter.Create($"{layer.Path}.lokr_w2", sizes.K, sizes.N);
    }

    /// <summary>w1 [l, m], where it is whole.</summary>
    public Parameter? W1 { get; }

    /// <summary>w1a [l, r], where w1 is low-rank.</summary>
    public Parameter? W1A { get; }

    /// <summary>w1b [r, m].</summary>
    public Parameter? W1B { get; }

    /// <summary>w2 [k, n], where it is whole.</summary>
    public Parameter? W2 { get; }

    /// <summary>w2a [k, r], where w2 is low-rank.</summary>
    public Parameter? W2A { get; }

    /// <summary>w2b [r, n].</summary>
    public Parameter? W2B { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors
    {
        get
        {
            if (W1 is not null) yield return ("lokr_w1", W1);
            if (W1A is not null) yield return ("lokr_w1_a", W1A);
            if (W1B is not null) yield return ("lokr_w1_b", W1B);
            if (W2 is not null) yield return ("lokr_w2", W2);
            if (W2A is not null) yield return ("lokr_w2_a", W2A);
            if (W2B is not null) yield return ("lokr_w2_b", W2B);
        }
    }

    private Parameter First => W1 ?? _first!.Value;

    private Parameter Second => W2 ?? _second!.Value;

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => tape.KroneckerInto(Drop(tape, x), First, Second, _scale, Base(tape, x));

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        var (w1, w2) = (First.ToArray(), Second.ToArray());
        for (var o = 0; o < Layer.Outputs; o++)
            for (var i = 0; i < Layer.Inputs; i++)
                weight[o * Layer.Inputs + i] +=
                    (float)((double)_scale * w1[o / _sizes.K * _sizes.M + i / _sizes.N] * w2[o % _sizes.K * _sizes.N + i % _sizes.N]);
        return weight;
    }
}

/// <summary>LoKr's options.</summary>
public sealed record LokrOptions : ISettings
{
    /// <summary>Whether the first factor is low-rank too where it is large.</summary>
    [Peft("decompose_both")]
    public bool DecomposeBoth { get; init; }

    /// <summary>Wanted size of the first factor; -1 takes the most even one.</summary>
    [Bounds(-1, int.MaxValue)]
    [Peft("decompose_factor")]
    public int DecomposeFactor { get; init; } = -1;
}
