using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models.Layers;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA whose factors start from the weight they stand beside. Methods that PEFT does not know are saved as the plain LoRA of the same
/// function, with Tenon's record beside
/// it, so that going on is exact.
/// </summary>
/// <typeparam name="TOptions">The method's options.</typeparam>
public abstract class StartedLora<TOptions> : LoraFamily<TOptions>
    where TOptions : ScaleOptions, new()
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => [];

    /// <summary>
    /// False where a folder's rank may be above a layer's smaller side, to which PEFT then lowers it; a recipe's never may.
    /// </summary>
    private protected virtual bool NeedsWholeRank => true;

    /// <summary>True where PEFT's files hold a plain LoRA.</summary>
    private protected virtual bool SavesPlainLora(AdapterSettings settings) => true;

    /// <summary>True where the start is needed although a folder of PEFT's is read next.</summary>
    private protected virtual bool StartsBeforeReading => true;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        if (Targets.Embedding(set.Model.Config, set.Settings))
            throw new TenonException("adapter.targets", $"linear layers: method '{Name}' starts from their weights", "an embedding",
                usage: true);
        base.Build(set);
    }

    private protected sealed override LoraLayer CreateLayer(Linear layer, int rank, float scale, AdapterSettings settings) =>
        CreateStarted(layer, Fit(layer.Path, rank, layer.Outputs, layer.Inputs, settings), scale, settings);

    /// <summary>The part of one layer with its values still zero.</summary>
    private protected virtual LoraLayer CreateStarted(Linear layer, int rank, float scale, AdapterSettings settings) =>
        new(layer, rank, scale);

    private protected sealed override void Start(LoraLayer part, AdapterSet set, int index)
    {
        if (set.Settings.Start.SkipStart || (set.Settings.Start.Peft is not null && !StartsBeforeReading)) return;
        StartFrom(part, set.Settings, index);
    }

    /// <summary>Start values of layer number <paramref name="index"/>.</summary>
    private protected abstract void StartFrom(LoraLayer part, AdapterSettings settings, int index);

    private protected override long CountLayer(AdapterSettings settings, int rank, long outputs, long inputs)
    {
        var fitted = Fit("a layer", rank, outputs, inputs, settings);
        return fitted * (inputs + outputs);
    }

    /// <summary>The rank that a layer of these sizes has.</summary>
    private protected virtual int Fit(string path, int rank, long outputs, long inputs, AdapterSettings settings)
    {
        var most = (int)Math.Min(outputs, inputs);
        if (rank <= most) return rank;
        return NeedsWholeRank || settings.Start.Peft is null
            ? throw new TenonException($"rank of '{path}'", $"at most {most}, the smaller side of [{outputs}, {inputs}]", $"{rank}",
            $"method '{Name}' takes its start from singular vectors: set a lower rank, or rank-pattern", usage: true) : most;
    }

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) => SavesPlainLora(adapter.Settings) || base.KeepsRecord(adapter);

    /// <inheritdoc/>
    public override PeftConfig? ToPeft(AdapterSet adapter, string baseModel) =>
        SavesPlainLora(adapter.Settings) ? PlainLora.Config(adapter, baseModel) : base.ToPeft(adapter, baseModel);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter) =>
        SavesPlainLora(adapter.Settings) ? PlainLora.Tensors(adapter) : base.FileTensors(adapter);

    /// <summary>Settings of a folder in PEFT's own form, which is written again in that form.</summary>
    private protected AdapterSettings? InPeftsForm(AdapterSettings? settings) => settings is null ? null : settings with { Init = "peft" };

    private protected override bool Reads(PeftConfig config) => false;
}
