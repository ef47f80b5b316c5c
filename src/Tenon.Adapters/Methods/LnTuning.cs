using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LN tuning (Zhao et al. 2023): the weights of the norms are trained, nothing else. <c>all-linear</c>, which every method takes, means all
/// norms here.
/// </summary>
public sealed class LnTuning : AdapterMethod
{
    private const string Prefix = "ln_tuning_layers.";

    /// <inheritdoc/>
    public override string Name => "ln-tuning";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => ["layernorm", "layer-norm", "lntuning"];

    /// <inheritdoc/>
    public override string Summary => "the weights of the norms";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-2;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var (model, settings) = (set.Model, set.Settings);
        foreach (var norm in model.Norms)
            if (Chosen(settings, norm.Path)) set.Add(norm, Trained.Copy(norm.Path + ".weight", norm.Weight), Prefix + "weight");
        // PEFT copies any module; a recipe's words mean norms alone.
        foreach (var layer in model.Linears)
            if (settings.Start.Peft is not null && Chosen(settings, layer.Path))
                set.Add(
                    new WholeLinear(layer, Trained.Copy(layer.Path + ".weight", layer.Weight))
                    {
                        Prefix = Prefix,
                        OwnBias = layer.Bias is { } bias ? Trained.Copy(layer.Path + ".bias", bias) : null
                    });
        if (set.Norms.Count + set.Linears.Count == 0)
            throw new TenonException($"adapter targets '{settings.Targets}'", "at least one norm of the model", "no match",
                "norms end in input_layernorm, post_attention_layernorm, norm; all-linear takes them all", usage: true);
    }

    private static bool Chosen(AdapterSettings settings, string path) => settings.Targets switch
    {
        AdapterTargets.Names { Paths: var ends } => ends.Any(end => path == end || path.EndsWith("." + end, StringComparison.Ordinal)),
        AdapterTargets.Pattern { Expression: var expression } => new PythonRegex(expression, "targets").FullMatch(path),
        _ => true,
    };

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        ModelModules.Of(config).Where(m => m.Kind == ModuleKind.Norm && Chosen(settings, m.Path)).Sum(m => (long)m.Shape[0]);

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("LN_TUNING", """
            {"target_modules": null, "exclude_modules": null, "modules_to_save": null}
            """)
    {
        Carries = [ModuleKind.Norm, ModuleKind.Linear],
        CarriesWords = "a norm or a linear layer",
        DefaultTargets = llama => llama ? ["input_layernorm", "post_attention_layernorm", "norm"] : ["post_attention_layernorm"],
    };

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = PeftConfig.Create("LN_TUNING", baseModel);
        config["target_modules"] =
            new JsonArray(
            [.. adapter.Norms.Where(n => n.Key != "weight").Select(n => n.Norm.Path).Order(StringComparer.Ordinal)
            .Select(p => (JsonNode)p)]);
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) =>
        config.PeftType == "LN_TUNING" ? new AdapterSettings { Method = Name } : null;
}
