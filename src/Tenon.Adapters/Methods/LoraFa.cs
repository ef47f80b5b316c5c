using Tenon.Adapters.Peft;
using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA-FA (Zhang et al. 2023; the projection as in PEFT): A keeps its random start, only B is trained, with the gradient g_B (A A^T + 1e-8
/// I)^-1 / s^2, which makes the
/// update of B A the nearest to a step of full training. Under <c>adamw</c> the update rule is the one PEFT has for it. Files are plain
/// LoRA.
/// </summary>
public sealed class LoraFa : LoraFamily<ScaleOptions>
{
    private const double Ridge = 1e-8;

    /// <inheritdoc/>
    public override string Name => "lora-fa";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => ["lorafa"];

    /// <inheritdoc/>
    public override string Summary => "LoRA with A frozen and B's gradient projected";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["default", "gaussian"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        if (Targets.Embedding(set.Model.Config, set.Settings))
            throw new TenonException("adapter.targets", "linear layers: an embedding's A starts at zero and would stay there",
                "an embedding", usage: true);
        base.Build(set);
    }

    private protected override LoraLayer CreateLayer(Linear layer, int rank, float scale, AdapterSettings settings)
    {
        var part = base.CreateLayer(layer, rank, scale, settings);
        part.A.Trainable = false;
        return part;
    }

    private protected override long CountLayer(AdapterSettings settings, int rank, long outputs, long inputs) => rank * outputs;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<Parameter, OptimizerPart> OptimizerParts(AdapterSet adapter)
    {
        var parts = adapter.Trainable.ToDictionary(p => p, _ => new OptimizerPart(Rule: UpdateForm.PlainRootAdamW));
        foreach (var part in adapter.Linears.OfType<LoraLayer>())
        {
            var gram = new GramInverse((int)part.A.Rows);
            var version = -1L;
            parts[part.B] = parts[part.B] with
            {
                Transform = gradient =>
                {
                    if (version != part.A.Version) gram.OfRows(part.A.Value, Ridge, 1 / ((double)part.Scale * part.Scale));
                    version = part.A.Version;
                    gram.FromRight(gradient);
                },
            };
        }

        return parts;
    }

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) => true;

    // Its files are LoRA's, and are read as such where no record says more.
    private protected override bool Reads(PeftConfig config) => false;
}
