using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Benchmarks;
using Tenon.Cli.Running;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Random;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters;

/// <summary>
/// PEFT itself reads what every method writes: the embedded model as Hugging Face folder, an adapter whose trained tensors all stand away from their start, and the logits of both. Runs where
/// <c>TENON_PEFT</c> holds the command that starts <c>bench/peft_peer.py</c> with PEFT on its path.
/// </summary>
public class RealPeftTests
{
    private static readonly int[] s_ids = [49, 50, 51, 43, 52, 53, 54, 61, 63, 49, 43, 50, 61, 51, 59, 10, 92, 98, 111, 120, 101, 100, 123, 53, 125];

    [Fact]
    public void ReadsEveryMethodsFolder()
    {
        if (Environment.GetEnvironmentVariable("TENON_PEFT") is not { Length: > 0 } command)
        {
            Assert.Skip("TENON_PEFT is not set");
            return;
        }

        using var folder = new TempFolder();
        var model = Path.Combine(folder.Path, "model");
        using (var source = ModelSource.Open("tiny")) HuggingFaceExport.Write(model, source.Config, source.Weights, SafetensorsType.F32, null);
        var loaded = LoadedModel.Open("tiny", Precision.F32, 256);
        var plain = Logits(loaded, null);
        using var peer = new PeftPeer(command, model, 1);
        var faults = new List<string>();
        var read = 0;
        foreach (var name in AdapterMethod.All.Keys)
        {
            using var set = Create(loaded, name);
            if (PeftFolder.FreshConfig(set, "tiny") is null) continue;
            Compare(name, set, Path.Combine(folder.Path, name), name == "pissa" ? 5e-4 : 5e-5, f => PeftFolder.Save(set, f, "tiny"));
            // PEFT subtracts PiSSA's start by a decomposition of its own, in float32: with that in float64, and as plain LoRA, which has none to make, it is as near as the others.
            if (name == "pissa") Compare("pissa, float64 svd", set, Path.Combine(folder.Path, "double"), 5e-5, f => PeftFolder.Save(set, f, "tiny"), "float64");
            if (name == "pissa") Compare("pissa, to-lora", set, Path.Combine(folder.Path, "plain"), 5e-5, f => LoraConversion.Save(set, f, "tiny"));
            read++;
        }

        Console.WriteLine($"{read} methods read");
        faults.ShouldBeEmpty();

        void Compare(string what, AdapterSet set, string adapter, double tolerance, Action<string> save, string? svd = null)
        {
            var ours = Logits(loaded, set);
            var (moved, output) = (Distance(ours, plain), adapter + ".safetensors");
            Directory.CreateDirectory(adapter);
            save(adapter);
            try
            {
                peer.Ask(new JsonObject { ["op"] = "logits", ["adapter"] = adapter, ["ids"] = new JsonArray([.. s_ids.Select(i => (JsonNode)i)]), ["output"] = output, ["svd"] = svd });
                using var file = SafetensorsFile.Open(output);
                var distance = Distance(ours, file.ReadFloats("logits"));
                Console.WriteLine($"{what,-18} {distance:E1} apart from PEFT {peer.Version}, {moved:F2} from the base");
                if (!(distance < tolerance)) faults.Add($"{what}: {distance:E1} apart");
                if (!(moved > 0.01)) faults.Add($"{what}: the adapter does nothing ({moved:E1})");
            }
            catch (TenonException e)
            {
                faults.Add($"{what}: {e.Message}");
            }
        }
    }

    /// <summary>A fresh adapter, every trained tensor moved by a twentieth of its own size, at least 0.01.</summary>
    private static AdapterSet Create(LoadedModel loaded, string name)
    {
        var settings = new AdapterSettings
        {
            Method = name, Rank = 8, Calibration = [s_ids],
            Options = name == "trainable-tokens" ? new Dictionary<string, string> { ["tokens"] = "49,50,51" } : [],
        };
        var set = AdapterMethod.Of(name).Create(loaded.Model, settings);
        var key = new RandomKey(3);
        uint index = 0;
        foreach (var tensor in set.Trainable)
        {
            var draw = index++;
            tensor.Update(values =>
            {
                var size = 0.0;
                foreach (var value in values) size += (double)value * value;
                var scale = Math.Max(0.01, 0.05 * Math.Sqrt(size / values.Length));
                for (var i = 0; i < values.Length; i++) values[i] += (float)(scale * key.Normal(RandomPurpose.ModelInit, 0, draw, 0, (uint)i));
            });
        }

        return set;
    }

    private static float[] Logits(LoadedModel loaded, AdapterSet? set)
    {
        var (tape, batch) = (new Tape(), TokenBatch.Of(s_ids, [new TokenRun(0, s_ids.Length, 0)], set));
        return loaded.Model.Logits(tape, loaded.Model.Forward(tape, batch), batch).ToArray();
    }

    private static double Distance(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max();
}
