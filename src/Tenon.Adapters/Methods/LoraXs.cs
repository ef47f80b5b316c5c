using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA-XS (Balazy et al. 2024): y = W x + b + s B R A x with frozen A = the first right singular vectors and B = the left ones times their
/// values; R [r, r] alone is trained, s = alpha / r. Saved as
/// plain LoRA, which says the same function.
/// </summary>
public sealed class LoraXs : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "lora-xs";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => ["loraxs"];

    /// <inheritdoc/>
    public override string Summary => "a trained r x r matrix between frozen singular vectors of the weight";

    /// <summary>The paper starts R at normal values of deviation 1e-5; a recipe starts it at zero, the base model itself.</summary>
    public override IReadOnlyList<string> Inits => ["gaussian"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var index = 0;
        foreach (var layer in Targets.Linears(set))
        {
            var rank = Rank(settings, layer.Path, layer.Outputs, layer.Inputs);
            var part = new LoraXsLayer(layer, rank, (float)(settings.AlphaOf(layer.Path) / rank));
            if (settings.Init == "gaussian") AdapterInit.Normal(part.R, settings.StartSeed, index, 0, 1e-5);
            if (!settings.Start.SkipStart)
            {
                var svd = WeightSvd.Of(layer.Weight);
                part.A.Set(svd.Rows(svd.Top(rank)));
                part.B.Set(svd.Columns(svd.Top(rank), s => s));
            }

            set.Add(part);
            index++;
        }
    }

    private static int Rank(AdapterSettings settings, string path, long outputs, long inputs)
    {
        var rank = settings.RankOf(path);
        return rank >= 1 && rank <= Math.Min(outputs, inputs) ? rank
            : throw new TenonException($"rank of '{path}' (lora-xs)", $"from 1 to {Math.Min(outputs, inputs)}, the smaller side", $"{rank}",
            usage: true);
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Sum(s => (long)Rank(settings, s.Path, s.Outputs, s.Inputs) * settings.RankOf(s.Path));

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel) => PlainLora.Config(adapter, baseModel);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter) => PlainLora.Tensors(adapter);
}

/// <summary>LoRA-XS's part of one layer.</summary>
public sealed class LoraXsLayer : FactoredAdapter
{
    private readonly float _scale;

    /// <summary>R zero; the frozen factors are still to be set.</summary>
    public LoraXsLayer(Linear layer, int rank, float scale)
        : base(layer)
    {
        _scale = scale;
        A = Parameter.Create($"{layer.Path}.lora_xs_A", rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.lora_xs_B", layer.Outputs, rank);
        R = Parameter.Create($"{layer.Path}.lora_xs_R", rank, rank);
        A.Trainable = B.Trainable = false;
    }

    /// <summary>A [r, in], frozen.</summary>
    public Parameter A { get; }

    /// <summary>B [out, r], frozen.</summary>
    public Parameter B { get; }

    /// <summary>R [r, r], trained.</summary>
    public Parameter R { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("lora_xs_R", R)];

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> PrivateTensors => [("lora_xs_A", A), ("lora_xs_B", B)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        tape.MatMulInto(tape.Scale(tape.MatMul(tape.MatMul(Drop(tape, x), A), R), _scale), B, Base(tape, x));

    /// <inheritdoc/>
    public override LowRankFactors ToLora() =>
        new(A.ToArray(), LowRank.Scaled(LowRank.Product(B.Value, R.Value, Layer.Outputs, (int)A.Rows), _scale), (int)A.Rows);
}
