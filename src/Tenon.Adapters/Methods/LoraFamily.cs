using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;

namespace Tenon.Adapters.Methods;

/// <summary>
/// What LoRA and its relatives share: low-rank factors A [r, in] and B [out, r] beside each linear layer (and the embedding), one scale a
/// layer, and PEFT's
/// <c>LORA</c> configuration. They differ in the scale (alpha / r, or alpha / sqrt(r)), in the start, and in what DoRA adds.
/// </summary>
public abstract class LoraFamily : AdapterMethod
{
    private static readonly string[] S_peftInits =
        ["gaussian", "eva", "olora", "pissa", "corda", "loftq", "orthogonal", "lora_ga", "mica"];

    /// <summary>True for the scale alpha / sqrt(r).</summary>
    private protected virtual bool RankStabilized => false;

    /// <summary>What <c>init_lora_weights</c> says in a file that the method reads and writes when nothing else is asked for.</summary>
    private protected virtual string? PeftInit => null;

    /// <inheritdoc/>
    public override ISettings StandardOptions => new LoraOptions { RsLora = RankStabilized };

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["default", "gaussian", "random"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var (model, settings) = (set.Model, set.Settings);
        if (Targets.Embedding(model.Config, settings)) set.Add(CreateEmbedding(set, model.Embedding));
        var index = 0;
        foreach (var layer in Targets.Linears(set, besideEmbedding: true))
        {
            var rank = Fit.Rank(settings, layer.Path);
            var part = CreateLayer(layer, rank, (float)Scale(settings, layer.Path, rank), settings);
            Start(part, set, index++);
            set.Add(part);
        }
    }

    private protected static bool WithBias(AdapterSettings settings) =>
        settings.OptionsAs<ScaleOptions>() is LoraOptions { LoraBias: true };

    /// <summary>The part of one layer, B zero and A not yet drawn.</summary>
    private protected virtual LoraLayer CreateLayer(Linear layer, int rank, float scale, AdapterSettings settings) =>
        new(layer, rank, scale, WithBias(settings));

    /// <summary>
    /// Start values of layer number <paramref name="index"/>: A uniform in +-1/sqrt(in) and B zero; <c>gaussian</c>: A normal with
    /// deviation 1/r; <c>random</c> (PEFT's <c>false</c>): both uniform.
    /// </summary>
    private protected virtual void Start(LoraLayer part, AdapterSet set, int index)
    {
        var seed = set.Settings.StartSeed;
        if (set.Settings.Init == "gaussian") AdapterInit.Normal(part.A, seed, index, 0, 1.0 / part.A.Rows);
        else AdapterInit.Uniform(part.A, seed, index, 0, 1 / Math.Sqrt(part.Layer.Inputs));
        if (set.Settings.Init != "random") return;
        AdapterInit.Uniform(part.B, seed, index, 1, 1 / Math.Sqrt(part.A.Rows));
        if (part.BiasOfB is { } bias) AdapterInit.Uniform(bias, seed, index, 2, 1 / Math.Sqrt(part.A.Rows));
    }

    /// <summary>The part of the embedding, A zero and B not yet drawn.</summary>
    private protected virtual LoraEmbedding CreateEmbedding(Embedding embedding, int rank, float scale) => new(embedding, rank, scale);

    private LoraEmbedding CreateEmbedding(AdapterSet set, Embedding embedding)
    {
        var rank = set.Settings.RankOf(embedding.Path);
        var part = CreateEmbedding(embedding, rank, (float)Scale(set.Settings, embedding.Path, rank));
        AdapterInit.Normal(part.B, set.Settings.StartSeed, 0, 8, 1);
        return part;
    }

    /// <summary>s of one layer.</summary>
    private protected double Scale(AdapterSettings settings, string path, int rank) =>
        settings.AlphaOf(path) / (settings.OptionsAs<ScaleOptions>().RsLora ? Math.Sqrt(rank) : rank);

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var count = Targets.Shapes(config, settings, besideEmbedding: true)
            .Sum(s => CountLayer(settings, settings.RankOf(s.Path), s.Outputs, s.Inputs));
        return Targets.Embedding(config, settings)
            ? count + CountEmbedding(settings.RankOf("model.embed_tokens"), config.VocabSize, config.HiddenSize) : count;
    }

    /// <summary>Trainable parameters of the embedding.</summary>
    private protected virtual long CountEmbedding(long rank, long words, long size) => rank * (words + size);

    /// <summary>Trainable parameters of one layer.</summary>
    private protected virtual long CountLayer(AdapterSettings settings, int rank, long outputs, long inputs) =>
        rank * (inputs + outputs) + (WithBias(settings) ? outputs : 0);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<Tenon.Tensors.Parameter, OptimizerPart> OptimizerParts(AdapterSet adapter) =>
        adapter.Settings.OptionsAs<ScaleOptions>() is LoraOptions { Riemannian: true } options
        ? Riemannian.Parts(adapter, options.RiemannianReg) : base.OptimizerParts(adapter);

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) =>
        adapter.Settings.OptionsAs<ScaleOptions>() is LoraOptions { Riemannian: true } || base.KeepsRecord(adapter);

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("LORA")
    {
        LayersNeedList = true,
        PatternNeedsLayers = true,
        Carries = [ModuleKind.Linear, ModuleKind.Head, ModuleKind.Embedding],
        CarriesWords = "a linear layer or the embedding",
        Faults = PeftFaults,
    };

    private static IEnumerable<string> PeftFaults(PeftConfig config)
    {
        if (config.Number("lora_alpha") == 0) yield return "'lora_alpha' 0 switches the adapter off";
        var init = config["init_lora_weights"];
        var isFlag = init?.GetValueKind() is JsonValueKind.True or JsonValueKind.False;
        if (!isFlag)
        {
            var name = init?.GetValueKind() == JsonValueKind.String ? init.GetValue<string>() : null;
            const string Niter = "pissa_niter_";
            if (name is null) yield return $"unknown initialization init_lora_weights={init?.ToJsonString() ?? "null"}";
            else if (name.StartsWith(Niter, StringComparison.Ordinal))
            {
                if (!int.TryParse(name[Niter.Length..], out _))
                    yield return $"init_lora_weights '{name}' needs a whole number at its end, as in pissa_niter_16";
            }
            else if (!S_peftInits.Contains(name.ToLowerInvariant()))
                yield return $"unknown initialization init_lora_weights='{name}'; it must be true, false, pissa_niter_N or one of "
                    + $"{string.Join(", ", S_peftInits)}";
            if (name == "loftq" && config["loftq_config"] is not JsonObject { Count: > 0 })
                yield return "'loftq_config' must be specified when 'init_lora_weights' is 'loftq'";
            if (name == "orthogonal"
                && PeftRules.Ranks(config).FirstOrDefault(r => r % 2 != 0) is > 0 and var odd)
                yield return $"orthogonal initialization requires the LoRA rank to be even, got {odd} instead";
        }
        if (config.Flag("lora_bias") && !isFlag) yield return "'lora_bias' is only supported with init_lora_weights true or false";
        if (config.Flag("lora_bias") && config.Flag("use_dora")) yield return "'lora_bias' is not supported for DoRA";
        if (config.Flag("use_dora") && config["megatron_config"] is not null) yield return "DoRA does not support megatron_core";
        if (config["target_parameters"]?.GetValueKind() == JsonValueKind.String)
            yield return "'target_parameters' must be a list of strings or null";
    }

    /// <inheritdoc/>
    public override PeftConfig? ToPeft(AdapterSet adapter, string baseModel)
    {
        var settings = adapter.Settings;
        var config = PeftAttribute.Write(PeftConfig.Create("LORA", baseModel), settings.OptionsAs<ScaleOptions>());
        config["r"] = settings.CommonRank;
        config["lora_alpha"] = PeftNumbers.Whole(settings.Alpha ?? 2 * settings.CommonRank);
        config["lora_dropout"] = settings.Dropout;
        config["rank_pattern"] = PeftNumbers.Ranks(settings.RankPattern);
        config["alpha_pattern"] = PeftNumbers.Pattern(settings.AlphaPattern);
        config["init_lora_weights"] =
            settings.Init switch { "gaussian" => "gaussian", "random" => false, _ => PeftInit is { } init ? init : true };
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config)
    {
        if (config.PeftType != "LORA" || !Reads(config)) return null;
        foreach (var field in
            new[] { "megatron_config", "velora_config", "alora_invocation_tokens", "monteclora_config", "layer_replication", "use_bdlora",
            "arrow_config", "kasa_config" })
            if (config[field] is not null)
                throw new TenonException($"'{field}' of {config.Source}", "null", config[field]!.ToJsonString(),
                    "this variant of LoRA is not supported", usage: true);
        if (config.Flag("use_qalora"))
            throw new TenonException($"'use_qalora' of {config.Source}", "false", "true", "this variant of LoRA is not supported",
                usage: true);
        var options = new Dictionary<string, string>();
        if (config.Flag("use_rslora") != RankStabilized) options["rs-lora"] = config.Flag("use_rslora") ? "true" : "false";
        if (config.Flag("lora_bias")) options["lora-bias"] = "true";
        return new AdapterSettings
        {
            Method = Name,
            Rank = config.Int("r"),
            Alpha = config.Number("lora_alpha"),
            Dropout = config.Number("lora_dropout"),
            RankPattern = PeftNumbers.Ranks(config["rank_pattern"]),
            AlphaPattern = PeftNumbers.Pattern(config["alpha_pattern"]),
            Init = InitOf(config) switch { "false" => "random", "gaussian" => "gaussian", _ => null },
            Options = AdapterSettings.Texts(options),
        };
    }

    /// <summary>True where a LORA configuration belongs to this method.</summary>
    private protected abstract bool Reads(PeftConfig config);

    /// <summary><c>init_lora_weights</c> as a word: <c>true</c>, <c>false</c>, <c>gaussian</c>, <c>pissa_niter_4</c> ...</summary>
    private protected static string InitOf(PeftConfig config) => config["init_lora_weights"] switch
    {
        null => "true",
        JsonValue v when v.GetValueKind() == JsonValueKind.String => v.GetValue<string>(),
        var v => v.ToJsonString(),
    };
}

/// <summary>The option of every method of LoRA's family.</summary>
public record ScaleOptions : ISettings
{
    /// <summary>Scale alpha / sqrt(r) in place of alpha / r.</summary>
    [Peft("use_rslora")]
    public bool RsLora { get; init; }
}

/// <summary>LoRA's options.</summary>
public record LoraOptions : ScaleOptions
{
    /// <summary>A trained bias beside B.</summary>
    [Peft("lora_bias")]
    public bool LoraBias { get; init; }

    /// <summary>Gradients preconditioned by the inverse Gram matrix of the other factor.</summary>
    public bool Riemannian { get; init; }

    /// <summary>What is added to the diagonal of that matrix.</summary>
    [Bounds(0, double.PositiveInfinity)]
    public double RiemannianReg { get; init; } = 0.01;
}
