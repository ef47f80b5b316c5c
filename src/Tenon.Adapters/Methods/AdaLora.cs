using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// AdaLoRA (Zhang et al. 2023): an update in the form of a singular value decomposition, k B diag(E) A, whose triplets are scored by
/// importance and masked down to a
/// falling budget over the run; a penalty keeps A's rows and B's columns nearly orthonormal. Masked triplets keep their gradient and may
/// come back until the final
/// phase. Departs from PEFT in one point: before the final phase a saved folder holds every triplet, so that it is the function that was
/// trained.
/// </summary>
public sealed class AdaLora : AdapterMethod<AdaLoraOptions>
{
    private const string Final = "adalora.final-phase";

    /// <inheritdoc/>
    public override string Name => "adalora";

    /// <inheritdoc/>
    public override string Summary => "LoRA in the form of an SVD whose rank budget goes to the layers that need it";

    /// <inheritdoc/>
    protected override double TunedRate => 1e-2;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["default", "random"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        Require(settings);
        var index = 0;
        foreach (var layer in Targets.Linears(set))
        {
            var pattern = PatternOf(settings, layer.Path);
            var part = new AdaLoraLayer(layer, pattern, settings.Alpha ?? 2 * settings.CommonRank);
            var deviation = settings.Init == "random" ? 1 : 0.02;
            AdapterInit.Normal(part.A, settings.StartSeed, index, 0, deviation);
            AdapterInit.Normal(part.B, settings.StartSeed, index, 1, deviation);
            if (settings.Init == "random") AdapterInit.Normal(part.E, settings.StartSeed, index, 2, 1);
            index++;
            set.Add(part);
        }

        var final = Parameter.Create(Final, 1);
        final.Trainable = false;
        set.AddPrivate(Final, final);
        set.State = new AdaLoraAllocator([.. set.Linears.OfType<AdaLoraLayer>()], settings, final);
    }

    private static void Require(AdapterSettings settings)
    {
        if (settings.CommonRank < 1) throw new TenonException("adapter.rank", "a positive integer", $"{settings.CommonRank}", usage: true);
        if (settings.RankPattern.Count > 0 || settings.AlphaPattern.Count > 0)
            throw new TenonException("adapter.rank-pattern and adapter.alpha-pattern", "none: AdaLoRA finds its ranks itself", "patterns",
                usage: true);
        if (OptionsIn(settings).TotalStep is not null) AdaLoraSchedule.Of(settings, 0).Require();
        if (settings.Start.SkipStart) return;
        if (settings.Start.Peft is null) RequireBudget(settings);
    }

    /// <summary>A budget cannot rise. A target equal to the rank is taken at its word: nothing is ever masked.</summary>
    private static void RequireBudget(AdapterSettings settings)
    {
        if (AdaLoraSchedule.TargetRank(settings) > settings.CommonRank)
            throw new TenonException("adapter.target-rank of method 'adalora'",
                $"at most the initial rank ({settings.CommonRank}): the budget only falls", $"{AdaLoraSchedule.TargetRank(settings)}",
                usage: true);
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        Require(settings);
        return Targets.Shapes(config, settings)
            .Sum(s => PatternOf(settings, s.Path).Count(k => k) * (s.Inputs + s.Outputs + 1));
    }

    /// <inheritdoc/>
    public override void BeforeRun(AdapterSet adapter, long updates)
    {
        RequireBudget(adapter.Settings);
        Allocator(adapter).Begin(updates);
    }

    /// <inheritdoc/>
    public override double AddPenalty(AdapterSet adapter) =>
        AdaLoraPenalty.Add(Allocator(adapter).Layers, OptionsIn(adapter.Settings).OrthRegWeight);

    /// <inheritdoc/>
    public override void AfterStep(AdapterSet adapter, MethodStep step) => Allocator(adapter).Step(step);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter)
    {
        if (!Allocator(adapter).IsFinal) return base.FileTensors(adapter);
        var slices = Allocator(adapter).Layers.SelectMany(l => l.Sliced()).ToDictionary(s => s.Tensor, s => (s.Dimensions, s.Values));
        return adapter.Tensors.Select(t => slices.TryGetValue(t.Tensor, out var slice)
            ? SafetensorsEntry.FromFloats(t.Name, slice.Dimensions, slice.Values)
            : SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray()));
    }

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("ADALORA", """
            {"r": 8, "target_modules": null, "exclude_modules": null, "lora_alpha": 8, "lora_dropout": 0.0, "fan_in_fan_out": false, "bias": "none",
            "use_rslora": false, "modules_to_save": null, "init_lora_weights": true, "layers_to_transform": null, "layers_pattern": null, "rank_pattern": null,
            "alpha_pattern": {}, "megatron_config": null, "megatron_core": "megatron.core", "trainable_token_indices": null, "loftq_config": {},
            "eva_config": null, "corda_config": null, "lora_ga_config": null, "use_dora": false, "velora_config": null, "alora_invocation_tokens": null,
            "use_qalora": false, "qalora_group_size": 16, "monteclora_config": null, "layer_replication": null, "lora_bias": false, "target_parameters": null,
            "use_bdlora": null, "arrow_config": null, "kasa_config": null, "ensure_weight_tying": false, "target_r": 8, "init_r": 12, "tinit": 0, "tfinal": 0,
            "deltaT": 1, "beta1": 0.85, "beta2": 0.85, "orth_reg_weight": 0.5, "total_step": null}
            """)
    {
        LayersNeedList = true,
        PatternNeedsLayers = true,
        BiasWord = "lora_only",
        PatternsAreRanks = false,
        RankMayBeZero = true,
        Faults = PeftFaults,
    };

    private static IEnumerable<string> PeftFaults(PeftConfig config)
    {
        if (config.Int("init_r") < 0)
            yield return $"'init_r' should be a positive integer or 0, but the value passed is {config.Int("init_r")}";
        if (config["total_step"] is not null && config.Int("tinit") >= config.Int("total_step") - config.Int("tfinal"))
            yield return "the schedule does not allow for a budgeting phase: decrease tfinal or tinit, or increase total_step";
    }

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var settings = adapter.Settings;
        var config = PeftAttribute.Write(PeftConfig.Create("ADALORA", baseModel), OptionsIn(settings));
        var schedule = Allocator(adapter).Schedule;
        config["init_r"] = settings.CommonRank;
        config["target_r"] = AdaLoraSchedule.TargetRank(settings);
        config["tinit"] = schedule.Initial;
        config["tfinal"] = schedule.Final;
        config["deltaT"] = schedule.Every;
        config["total_step"] = schedule.Total;
        config["lora_alpha"] = PeftNumbers.Whole(settings.Alpha ?? 2 * settings.CommonRank);
        config["lora_dropout"] = settings.Dropout;
        if (settings.Init == "random") config["init_lora_weights"] = false;
        config["rank_pattern"] = RankPattern(Allocator(adapter));
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config)
    {
        if (config.PeftType != "ADALORA") return null;
        if (config.Flag("use_dora"))
            throw new TenonException($"'use_dora' of {config.Source}", "false", "true", "AdaLoRA does not support DoRA", usage: true);
        if (config["loftq_config"] is JsonObject { Count: > 0 })
            throw new TenonException($"'loftq_config' of {config.Source}", "empty", config["loftq_config"]!.ToJsonString(),
                "AdaLoRA does not support LoftQ", usage: true);
        if (config["total_step"] is null || config.Int("total_step") <= 0)
            throw new TenonException($"'total_step' of {config.Source}", "a positive integer", config["total_step"]?.ToJsonString()
                ?? "null", usage: true);
        var options = new Dictionary<string, string>(PeftAttribute.Read<AdaLoraOptions>(config))
        {
            ["target-rank"] = Text(config.Number("target_r")),
            ["tinit"] = Text(config.Number("tinit")),
            ["tfinal"] = Text(config.Number("tfinal")),
            ["delta-t"] = Text(config.Number("deltaT")),
            ["total-step"] = Text(config.Number("total_step")),
        };
        return new AdapterSettings
        {
            Method = Name,
            Rank = config.Int("init_r"),
            Alpha = config.Number("lora_alpha"),
            Dropout = config.Number("lora_dropout"),
            Init = config["init_lora_weights"] is JsonValue v && v.GetValueKind() == JsonValueKind.False ? "random" : null,
            Options = AdapterSettings.Texts(options),
            Start = new AdapterStart
            {
                Kept = (config["rank_pattern"] as JsonObject ?? []).ToDictionary(p => Path(p.Key), p => Bits(p.Value, config.Source)),
            },
        };
    }

    /// <summary>Training changes the ranks that are kept.</summary>
    public override void Refresh(PeftConfig read, PeftConfig now) => read["rank_pattern"] = now["rank_pattern"]?.DeepClone();

    private static AdaLoraAllocator Allocator(AdapterSet adapter) => (AdaLoraAllocator)adapter.State!;

    private static JsonObject? RankPattern(AdaLoraAllocator allocator) =>
        !allocator.IsFinal && allocator.Layers.All(l => l.Pattern.All(k => k)) ? null
        : new JsonObject(
        allocator.Layers.Select(l =>
        KeyValuePair.Create(l.Layer.Path + ".lora_E",
        (JsonNode?)new JsonArray([.. l.SavedPattern(allocator.IsFinal).Select(k => (JsonNode)k)]))));

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    // Names end in .lora_E; older files keep the adapter's name and the prefix of the wrapped model.
    private static string Path(string key)
    {
        var end = key.LastIndexOf(".lora_E", StringComparison.Ordinal);
        var path = end < 0 ? key : key[..end];
        return path.StartsWith("base_model.model.", StringComparison.Ordinal) ? path["base_model.model.".Length..] : path;
    }

    private static bool[] Bits(JsonNode? value, string source) =>
        value is JsonArray list && list.All(i => i?.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
        ? [.. list.Select(i => i!.GetValueKind() == JsonValueKind.True)]
        : throw new TenonException($"'rank_pattern' of {source}", "lists of true and false by module", value?.ToJsonString()
        ?? "null", usage: true);

    private static bool[] PatternOf(AdapterSettings settings, string path)
    {
        if (!settings.Start.Kept.TryGetValue(path, out var kept)) return [.. Enumerable.Repeat(true, settings.CommonRank)];
        return kept.Length == settings.CommonRank ? kept
            : throw new TenonException($"'rank_pattern' of '{path}'", $"{settings.CommonRank} values, one a triplet", $"{kept.Length}",
                usage: true);
    }
}

/// <summary>AdaLoRA's options.</summary>
public sealed record AdaLoraOptions : ISettings
{
    /// <summary>Mean rank a layer at the end; at most the rank, since the budget only falls.</summary>
    [Default("half of rank, rounded up")]
    [Bounds(0, int.MaxValue)]
    public int? TargetRank { get; init; }

    /// <summary>Optimizer steps before the budget falls.</summary>
    [Default("a tenth of the run")]
    [Bounds(0, int.MaxValue)]
    public int? Tinit { get; init; }

    /// <summary>Optimizer steps at the end with a fixed mask.</summary>
    [Default("a quarter of the run")]
    [Bounds(0, int.MaxValue)]
    public int? Tfinal { get; init; }

    /// <summary>Optimizer steps from mask to mask.</summary>
    [Default("a hundredth of the run")]
    [Bounds(1, int.MaxValue)]
    public int? DeltaT { get; init; }

    /// <summary>Optimizer steps that the schedule is made for.</summary>
    [Default("the run's")]
    [Bounds(1, int.MaxValue)]
    public int? TotalStep { get; init; }

    /// <summary>Decay of the importance.</summary>
    [Bounds(0, 1, Above = true, Below = true)]
    [Peft("beta1")]
    public double Beta1 { get; init; } = 0.85;

    /// <summary>Decay of its uncertainty.</summary>
    [Bounds(0, 1, Above = true, Below = true)]
    [Peft("beta2")]
    public double Beta2 { get; init; } = 0.85;

    /// <summary>Weight of the orthogonality penalty.</summary>
    [Bounds(0, double.PositiveInfinity)]
    [Peft("orth_reg_weight")]
    public double OrthRegWeight { get; init; } = 0.5;
}
