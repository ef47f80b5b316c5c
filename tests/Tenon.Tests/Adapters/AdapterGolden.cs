using System.Text.Json;
using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Models.Decoders;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters;

/// <summary>The reference adapters' base models with their batch and loss: what tests of single methods compare on.</summary>
internal sealed class AdapterGolden : IDisposable
{
    private readonly ModelSource _source;
    private readonly float[] _weights;
    private readonly int[] _ids;
    private readonly int[] _lengths;

    private AdapterGolden(string root, string name)
    {
        Root = root;
        _source = ModelSource.Open(Path.Combine(root, name));
        Model = DecoderBuilder.Build(_source.Config, _source.Weights, new LoadOptions(MaxLength: 64), "");
        using var batch = SafetensorsFile.Open(Path.Combine(root, name, "batch.safetensors"));
        _ids = [.. batch.ReadLongs("ids").Select(v => (int)v)];
        _lengths = [.. batch.ReadLongs("lengths").Select(v => (int)v)];
        _weights = [.. batch.ReadFloats("w").Select(v => -v)];
    }

    /// <summary>The folder of all cases.</summary>
    public string Root { get; }

    /// <summary>The base model.</summary>
    public CausalModel Model { get; }

    /// <summary>Opens a base model (<c>base-qwen2</c>, <c>base-llama</c>); skips the test where there is none.</summary>
    public static AdapterGolden Open(string name) => new(GoldenFolder.Require("adapters"), name);

    /// <summary>Opens the base model of a case; skips the test where there is no such case.</summary>
    public static AdapterGolden OfCase(string name)
    {
        using var document = JsonDocument.Parse(System.IO.File.ReadAllText(File(name, "case.json")));
        return Open(document.RootElement.GetProperty("base").GetString()!);
    }

    /// <summary>A file of a case; skips the test where there is none.</summary>
    public static string File(string name, string file)
    {
        var path = Path.Combine(GoldenFolder.Require("adapters"), name, file);
        Assert.SkipUnless(System.IO.File.Exists(path), $"the reference holds no '{name}/{file}'");
        return path;
    }

    /// <summary>Logits of the batch, of the base where the adapter is null.</summary>
    public float[] Logits(AdapterSet? adapter)
    {
        var (tape, batch) = (new Tape(), TokenBatch.Of(_ids, Runs, adapter));
        return Model.Logits(tape, Model.Forward(tape, batch), batch).ToArray();
    }

    /// <summary>Adds the gradient of the batch's loss; returns the loss.</summary>
    public double Backward(AdapterSet adapter) => LogProbabilities(adapter).Select((p, i) => (double)p * _weights[i]).Sum();

    /// <summary>Adds the gradient of the batch's loss; returns the log-probability of each predicted token.</summary>
    public float[] LogProbabilities(AdapterSet adapter)
    {
        var (tape, batch) = (new Tape { Recording = true }, TokenBatch.Of(_ids, Runs, adapter));
        int[] rows = [.. Enumerable.Range(0, _lengths[0] - 1), .. Enumerable.Range(_lengths[0], _lengths[1] - 1)];
        var head =
            Model.LogProbabilities(tape, tape.SelectRows(Model.Forward(tape, batch), rows), [.. rows.Select(r => _ids[r + 1])], batch);
        head.Backward(_weights);
        return head.LogProbabilities;
    }

    /// <summary>Opens a stored folder as a method of its own makes it: the folder's settings, changed, and its tensors.</summary>
    public AdapterSet Open(string folder, Func<AdapterSettings, AdapterSettings> change)
    {
        AdapterSettings settings;
        using (var read = PeftFolder.Load(Model, Path.Combine(Root, folder))) settings = change(read.Settings);
        var adapter = AdapterMethod.Of(settings.Method).Create(Model, settings);
        PeftFolder.LoadTensors(adapter, Path.Combine(Root, folder));
        return adapter;
    }

    /// <summary>Largest distance of values from what a file holds.</summary>
    public static double Distance(ReadOnlySpan<float> actual, double[] expected)
    {
        actual.Length.ShouldBe(expected.Length);
        var worst = 0.0;
        for (var i = 0; i < actual.Length; i++)
            worst = Math.Max(worst, float.IsNaN(actual[i]) ? double.PositiveInfinity : Math.Abs(actual[i] - expected[i]));
        return worst;
    }

    public void Dispose() => _source.Dispose();

    private TokenRun[] Runs => [new(0, _lengths[0], 0), new(_lengths[0], _lengths[1], 0)];
}
