using Tenon.Adapters.Peft;
using Tenon.Models.Layers;

namespace Tenon.Adapters.Methods;

/// <summary>
/// Sparse-mask tuning: as many entries of each weight as a LoRA of the rank has values are trained, chosen by their size in the frozen
/// model: the <c>smallest</c> (where reinforcement learning moves weights, by "The Path Not Taken", 2025), the
/// <c>largest</c>, or at <c>random</c>. Saved as SHiRA, which says the same function.
/// </summary>
public sealed class Sparse : SparseMethod<SparseOptions>
{
    /// <inheritdoc/>
    public override string Name => "sparse";

    /// <inheritdoc/>
    public override string Summary => "r (in + out) entries of each weight: the smallest, the largest or random ones";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    private protected override int[] Places(Linear layer, int count, AdapterSettings settings, int index)
    {
        var mask = OptionsIn(settings).Mask;
        var size = layer.Outputs * layer.Inputs;
        var places = new int[size];
        if (mask == "random") places = new RandomKey(settings.StartSeed).Permutation(size, RandomPurpose.AdapterInit, 0, (uint)index, 0);
        else
        {
            var weight = layer.Weight.ToArray();
            for (var i = 0; i < size; i++) places[i] = i;
            // Entries of one size stand in their order, so that the choice is the same everywhere.
            var sign = mask == "largest" ? -1 : 1;
            Array.Sort(places, (a, b) => sign * Math.Abs(weight[a]).CompareTo(Math.Abs(weight[b])) is var order and not 0 ? order
                : a.CompareTo(b));
        }

        var chosen = places[..count];
        Array.Sort(chosen);
        return chosen;
    }

    /// <summary>SHiRA's configuration does not say how the entries were chosen; the record does.</summary>
    public override bool KeepsRecord(AdapterSet adapter) => true;

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = PeftConfig.Create("SHIRA", baseModel);
        config["r"] = adapter.Settings.CommonRank;
        return config;
    }
}

/// <summary>Options of sparse training.</summary>
public sealed record SparseOptions : ISettings
{
    /// <summary>Which entries are trained, by their magnitude.</summary>
    [Words("smallest", "largest", "random")]
    public string Mask { get; init; } = "smallest";
}
