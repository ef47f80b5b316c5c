using System.Runtime.InteropServices;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// SHiRA (Bhardwaj et al. 2024): as many scattered entries of the weight as a LoRA of that rank has values, r (in + out), are trained.
/// Their places are in the file.
/// </summary>
public sealed class Shira : SparseMethod<ShiraOptions>
{
    /// <inheritdoc/>
    public override string Name => "shira";

    /// <inheritdoc/>
    public override string Summary => "r (in + out) scattered entries of each weight";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    private protected override int[] Places(Linear layer, int count, AdapterSettings settings, int index)
    {
        int[] places = OptionsIn(settings).RandomSeed is { } seed
            ? [.. new TorchRandom((ulong)seed).Permutation(layer.Outputs * layer.Inputs).Take(count).Select(p => (int)p)]
            : new RandomKey(settings.StartSeed).Permutation(layer.Outputs * layer.Inputs, RandomPurpose.AdapterInit, 0, (uint)index, 0)
            .Take(count).ToArray();
        Array.Sort(places);
        return places;
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("SHIRA", Rank: "r");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("SHIRA", """
            {"r": 32, "mask_type": "random", "random_seed": null, "target_modules": null, "fan_in_fan_out": false, "init_weights": true,
            "modules_to_save": null}
            """);
}

/// <summary>Methods that train entries of the weight: SHiRA's file format, the places as an int32 tensor beside the values.</summary>
/// <typeparam name="TOptions">The method's options.</typeparam>
public abstract class SparseMethod<TOptions> : AdapterMethod<TOptions>
    where TOptions : class, ISettings, new()
{
    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank;

    /// <summary>Number of trained entries of a layer: as many as a LoRA of the rank has values, r (in + out).</summary>
    private int Size(string path, long outputs, long inputs, AdapterSettings settings)
    {
        var size = Fit.Rank(settings) * (outputs + inputs);
        return size <= outputs * inputs ? (int)size
            : throw new TenonException($"rank of '{path}' ({Name})", $"r (in + out) at most the layer's {outputs * inputs} weights",
            $"r = {settings.CommonRank}: {size}", usage: true);
    }

    /// <summary>The entries of layer number <paramref name="index"/>, row times inputs plus column, ascending.</summary>
    private protected abstract int[] Places(Linear layer, int count, AdapterSettings settings, int index);

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var index = 0;
        foreach (var layer in Targets.Linears(set))
        {
            var count = Size(layer.Path, layer.Outputs, layer.Inputs, set.Settings);
            set.Add(new ShiraLayer(layer, Places(layer, count, set.Settings, index++)));
        }
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Sum(s => (long)Size(s.Path, s.Outputs, s.Inputs, settings));

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter) =>
        base.FileTensors(adapter)
        .Concat(adapter.Linears.OfType<ShiraLayer>()
        .Select(l =>
        SafetensorsEntry.FromBytes(l.IndicesName, SafetensorsType.I32, [2, l.Count], MemoryMarshal.AsBytes<int>(l.Places()).ToArray())));

    /// <inheritdoc/>
    public override void ReadTensors(AdapterSet adapter, SafetensorsFile file, string folder)
    {
        var layers = adapter.Linears.OfType<ShiraLayer>().ToList();
        foreach (var layer in layers)
        {
            if (!file.Tensors.TryGetValue(layer.IndicesName, out var info) || !info.Shape.SequenceEqual([2L, layer.Count]))
                throw new TenonException($"adapter folder '{folder}'", $"a tensor '{layer.IndicesName}' of shape [2, {layer.Count}]",
                    info is null ? "none" : $"[{string.Join(", ", info.Shape)}]");
            // On Windows PEFT writes the places as float32.
            int[] places = info.Type == SafetensorsType.I32 ? MemoryMarshal.Cast<byte, int>(file.Bytes(layer.IndicesName)).ToArray()
                : [.. file.ReadDoubles(layer.IndicesName).Select(v => (int)v)];
            layer.SetPlaces(places, folder);
        }

        PeftFolder.ReadAll(adapter.Tensors, file, folder, Name, layers.Select(l => l.IndicesName).ToHashSet());
    }
}

/// <summary>The trained entries of one layer.</summary>
public sealed class ShiraLayer : SparseUpdate
{
    private int[] _outputs;
    private int[] _inputs;

    /// <summary>Zero values at the given places.</summary>
    public ShiraLayer(Linear layer, int[] places)
        : base(layer)
    {
        _outputs = [.. places.Select(p => p / layer.Inputs)];
        _inputs = [.. places.Select(p => p % layer.Inputs)];
        Weight = Parameter.Create($"{layer.Path}.shira_weight", places.Length);
    }

    /// <summary>What is added to each entry [k].</summary>
    public Parameter Weight { get; }

    /// <summary>Number of entries.</summary>
    public int Count => _outputs.Length;

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("shira_weight", Weight)];

    internal string IndicesName => PeftKeys.Of(Layer.Path, "shira_indices");

    private protected override int[] Outputs => _outputs;

    private protected override int[] Inputs => _inputs;

    private protected override Parameter Values => Weight;

    /// <summary>All rows, then all columns.</summary>
    internal int[] Places() => [.. _outputs, .. _inputs];

    internal void SetPlaces(int[] places, string folder)
    {
        var count = places.Length / 2;
        for (var k = 0; k < count; k++)
            if (places[k] < 0 || places[k] >= Layer.Outputs || places[count + k] < 0 || places[count + k] >= Layer.Inputs)
                throw new TenonException($"tensor '{IndicesName}' of '{folder}'", $"places within [{Layer.Outputs}, {Layer.Inputs}]",
                    $"({places[k]}, {places[count + k]})", "the folder belongs to another model");
        (_outputs, _inputs) = (places[..count], places[count..]);
    }
}

/// <summary>SHiRA's options.</summary>
public sealed record ShiraOptions : ISettings
{
    /// <summary>Seed of the places, drawn as PyTorch draws them.</summary>
    [Default("the adapter's seed, drawn as the rest of the adapter is")]
    [Bounds(0, int.MaxValue)]
    [Peft("random_seed")]
    public int? RandomSeed { get; init; }
}
