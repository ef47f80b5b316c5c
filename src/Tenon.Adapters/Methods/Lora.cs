using System.Text.Json.Nodes;
using Tenon.Models;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA (Hu et al. 2021): y = W x + b + s B A x, A [r, in] uniform in +-1/sqrt(in), B [out, r] zero, s = alpha / r. Left out here: dropout while
/// scoring (always off) and PEFT's <c>lora_bias</c>.
/// </summary>
public sealed class Lora : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "lora";

    /// <inheritdoc/>
    public override string Summary => "low-rank update s B A beside each linear layer";

    /// <inheritdoc/>
    public override AdapterSet Create(CausalModel model, AdapterSettings settings)
    {
        var set = new AdapterSet("default", this, settings, model);
        var index = 0;
        foreach (var layer in Targets.Linears(model, settings))
        {
            var rank = settings.RankOf(layer.Path);
            var part = new LoraLayer(layer, rank, (float)(settings.AlphaOf(layer.Path) / rank));
            AdapterInit.Uniform(part.A, settings.Seed, index++, 0, 1 / Math.Sqrt(layer.Inputs));
            set.Add(part);
        }

        return set.Attach();
    }

    /// <inheritdoc/>
    public override long? Count(Tenon.Models.Config.ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Sum(s => settings.RankOf(s.Path) * (s.Inputs + s.Outputs));

    /// <inheritdoc/>
    public override JsonObject PeftConfig(AdapterSet adapter, string baseModel) => new()
    {
        ["base_model_name_or_path"] = baseModel,
        ["bias"] = "none",
        ["inference_mode"] = true,
        ["init_lora_weights"] = true,
        ["lora_alpha"] = adapter.Settings.Alpha ?? 2 * adapter.Settings.Rank,
        ["lora_dropout"] = adapter.Settings.Dropout,
        ["peft_type"] = "LORA",
        ["r"] = adapter.Settings.Rank,
        ["target_modules"] = new JsonArray([.. adapter.Linears.Select(l => (JsonNode)l.Layer.Path)]),
        ["task_type"] = "CAUSAL_LM",
        ["use_rslora"] = false,
    };
}

/// <summary>LoRA's part of one layer.</summary>
public sealed class LoraLayer : LinearAdapter
{
    /// <summary>A zero update of a rank and scale.</summary>
    public LoraLayer(Linear layer, int rank, float scale)
        : base(layer)
    {
        A = Parameter.Create($"{layer.Path}.lora_A.weight", rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.lora_B.weight", layer.Outputs, rank);
        Scale = scale;
    }

    /// <summary>A [r, in].</summary>
    public Parameter A { get; }

    /// <summary>B [out, r].</summary>
    public Parameter B { get; }

    /// <summary>s.</summary>
    public float Scale { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("lora_A.weight", A), ("lora_B.weight", B)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        // The scale goes onto the narrow middle: r values a token instead of out.
        tape.MatMulInto(tape.Scale(tape.MatMul(x, A), Scale), B, Layer.Base(tape, x));

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        LowRank.Add(weight, B.Value, A.Value, Layer.Outputs, (int)A.Rows, Layer.Inputs, Scale);
        return weight;
    }
}
