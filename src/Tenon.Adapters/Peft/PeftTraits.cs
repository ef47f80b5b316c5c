using System.Collections.Frozen;

namespace Tenon.Adapters.Peft;

/// <summary>
/// What PEFT's own code does for one of its types where types differ; the method that the type belongs to says it in its file.
/// </summary>
/// <param name="Type"><c>peft_type</c>.</param>
/// <param name="Fields">
/// The fields of its configuration with PEFT's defaults beside those that every type has, as JSON; null for a type that no method has.
/// </param>
internal sealed record PeftTraits(string Type, string? Fields = null)
{
    private static readonly Lazy<FrozenDictionary<string, PeftTraits>> S_all = new(() =>
        AdapterMethod.All.Values.Select(method => method.Traits).OfType<PeftTraits>().DistinctBy(traits => traits.Type)
            .ToFrozenDictionary(traits => traits.Type));

    /// <summary>The word of <c>bias</c> that trains the biases of adapted layers alone.</summary>
    public string BiasWord { get; init; } = Type.ToLowerInvariant() + "_only";

    /// <summary>Modules that it adapts.</summary>
    public IReadOnlyList<ModuleKind> Carries { get; init; } = [ModuleKind.Linear, ModuleKind.Head];

    /// <summary>The same in words.</summary>
    public string CarriesWords { get; init; } = "a linear layer";

    /// <summary>False where a long list of targets is saved as it is.</summary>
    public bool CondensesTargets { get; init; } = true;

    /// <summary>False where <c>rank_pattern</c> holds something else than ranks.</summary>
    public bool PatternsAreRanks { get; init; } = true;

    /// <summary>True where <c>r</c> may be 0.</summary>
    public bool RankMayBeZero { get; init; }

    /// <summary>True where <c>layers_to_transform</c> and <c>layers_pattern</c> need a list of targets.</summary>
    public bool LayersNeedList { get; init; }

    /// <summary>True where <c>layers_pattern</c> needs <c>layers_to_transform</c>.</summary>
    public bool PatternNeedsLayers { get; init; }

    /// <summary>The targets of a configuration that names none, for llama (true) and for the families of Qwen.</summary>
    public Func<bool, IReadOnlyList<string>> DefaultTargets { get; init; } = _ => ["q_proj", "v_proj"];

    /// <summary>What is wrong with a configuration of the type, one sentence each.</summary>
    public Func<PeftConfig, IEnumerable<string>> Faults { get; init; } = _ => [];

    /// <summary>
    /// Why vLLM does not compute the function of a configuration of the type, whatever its tensors are; null where it does.
    /// </summary>
    public Func<PeftConfig, string?> VllmObstacle { get; init; } = config => $"it does not know {config.PeftType}";

    /// <summary>The types that a method has, in order, LoRA's before all others.</summary>
    public static IReadOnlyList<string> Types =>
        [.. S_all.Value.Keys.Order(StringComparer.Ordinal).OrderBy(type => type != AdapterMethod.Of(AdapterSettings.Plain).Traits!.Type)];

    /// <summary>The traits of a type.</summary>
    public static PeftTraits Of(string type) => S_all.Value.GetValueOrDefault(type) ?? new PeftTraits(type);

    /// <summary>
    /// The target modules that PEFT takes when a configuration names none, by PEFT type and <c>model_type</c> of <c>config.json</c>; null
    /// where it has none for the model.
    /// </summary>
    public static IReadOnlyList<string>? TargetsOf(string type, string? modelType) =>
        modelType is "qwen2" or "qwen3" or "llama" ? Of(type).DefaultTargets(modelType == "llama") : null;
}
