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
/// <typeparam name="TOptions">The method's options.</typeparam>
public abstract class LoraFamily<TOptions> : AdapterMethod<TOptions>
    where TOptions : ScaleOptions, new()
{
    /// <summary>What <c>init_lora_weights</c> says in a file that the method reads and writes when nothing else is asked for.</summary>
    private protected virtual string? PeftInit => null;

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

    private protected static bool WithBias(AdapterSettings settings) => OptionsIn(settings) is LoraOptions { LoraBias: true };

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
        settings.AlphaOf(path) / (OptionsIn(settings).RsLora ? Math.Sqrt(rank) : rank);

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
        OptionsIn(adapter.Settings) is LoraOptions { Riemannian: true } options
        ? Riemannian.Parts(adapter, options.RiemannianReg) : base.OptimizerParts(adapter);

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) =>
        OptionsIn(adapter.Settings) is LoraOptions { Riemannian: true } || base.KeepsRecord(adapter);

    /// <inheritdoc/>
    internal override PeftTraits Traits => LoraPeft.Traits;

    /// <inheritdoc/>
    private protected override PeftShape Shape =>
        new(LoraPeft.Type, "r", "lora_alpha", "lora_dropout", RankPattern: true, AlphaPattern: true);

    private protected override void Complete(PeftConfig config, AdapterSet adapter) =>
        config["init_lora_weights"] =
            adapter.Settings.Init switch { "gaussian" => "gaussian", "random" => false, _ => PeftInit is { } init ? init : true };

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config)
    {
        if (config.PeftType != LoraPeft.Type || !Reads(config)) return null;
        foreach (var field in
            new[] { "megatron_config", "velora_config", "alora_invocation_tokens", "monteclora_config", "layer_replication", "use_bdlora",
            "arrow_config", "kasa_config" })
            if (config[field] is not null)
                throw new TenonException($"'{field}' of {config.Source}", "null", config[field]!.ToJsonString(),
                    "this variant of LoRA is not supported", usage: true);
        if (config.Flag("use_qalora"))
            throw new TenonException($"'use_qalora' of {config.Source}", "false", "true", "this variant of LoRA is not supported",
                usage: true);
        return base.FromPeft(config);
    }

    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config)
    {
        // The same file may be another method's of the family, which has other options: only what is set stands.
        var standard = SettingsJson.Write(new TOptions());
        return settings with
        {
            Init = InitOf(config) switch { "false" => "random", "gaussian" => "gaussian", _ => null },
            Options = settings.Options!.Where(option => standard[option.Key]?.ToString() != option.Value.GetString()).ToDictionary(),
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
