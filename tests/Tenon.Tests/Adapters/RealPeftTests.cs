using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Benchmarks;
using Tenon.Checkpoints;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters;

/// <summary>
/// PEFT itself reads what every method writes: the embedded model as Hugging Face folder, an adapter whose trained tensors all stand away
/// from their start, and the logits of both. Runs where
/// <c>TENON_PEFT</c> holds the command that starts <c>bench/peft_peer.py</c> with PEFT on its path.
/// </summary>
public class RealPeftTests
{
    private static readonly int[] S_ids =
        [49, 50, 51, 43, 52, 53, 54, 61, 63, 49, 43, 50, 61, 51, 59, 10, 92, 98, 111, 120, 101, 100, 123, 53, 125];

    /// <summary>What recipes may ask for beyond each method's defaults.</summary>
    private static readonly AdapterSettings[] S_variants =
    [
        new() { Method = "lora", Targets = "embed_tokens,lm_head,q_proj" },
        new() { Method = "dora", Targets = "embed_tokens,v_proj" },
        new() { Method = "hira", Targets = "embed_tokens,v_proj" },
        new() { Method = "ia3", Targets = "lm_head,k_proj", Options = AdapterSettings.Texts(Of("feedforward=")) },
        new() { Method = "lora", Targets = "q_proj,o_proj", Bias = "all", ModulesToSave = ["norm"] },
        new() { Method = "lora", Targets = "v_proj", TrainableTokens = [49, 61, 50], RankPattern = new Dictionary<string,
            int> { ["v_proj"] = 3 }, Options = AdapterSettings.Texts(Of("rs-lora=true")) },
        new() { Method = "adalora", Bias = "only" },
        new() { Method = "fourierft", Bias = "only", Options = AdapterSettings.Texts(Of("frequencies=40")) },
        new() { Method = "miss", Options = AdapterSettings.Texts(Of("variant=mini;mini-r=4")), Bias = "only" },
        new() { Method = "miss", Options = AdapterSettings.Texts(Of("variant=bat")) },
        new() { Method = "vera", Options = AdapterSettings.Texts(Of("save-projection=false;projection-key=77")) },
        new() { Method = "tinylora", Options = AdapterSettings.Texts(Of("save-projection=false;u=7;r=3;weight-tying=0.4")) },
        new() { Method = "randlora", Options = AdapterSettings.Texts(Of("bases=sparse")) },
        new() { Method = "hra", Init = "random", Options = AdapterSettings.Texts(Of("apply-gs=true")) },
        new() { Method = "oft", Options = AdapterSettings.Texts(Of("cayley=exact;block-size=8")), ModulesToSave = ["lm_head"] },
        new() { Method = "oft", Options = AdapterSettings.Texts(Of("block-share=true;block-size=4;neumann-terms=3")) },
        new() { Method = "boft", Options = AdapterSettings.Texts(Of("blocks=8")) },
        new() { Method = "road", Options = AdapterSettings.Texts(Of("variant=road-4;group-size=4")) },
        new() { Method = "gralora", Options = AdapterSettings.Texts(Of("k=4;hybrid-rank=3")) },
        new() { Method = "lokr", Options = AdapterSettings.Texts(Of("decompose-both=true;decompose-factor=16")) },
        new() { Method = "loha", AlphaPattern = new Dictionary<string, double> { ["(q|k)_proj"] = 5 } },
        new() { Method = "waveft", Options = AdapterSettings.Texts(Of("wavelet=db2;frequencies=50")) },
        new() { Method = "eva", Start = new() { Calibration = [S_ids] }, Options = AdapterSettings.Texts(Of("rho=2")) },
        new() { Method = "vblora", Init = "peft", Options = AdapterSettings.Texts(Of("top-k=3")) },
    ];

    private static Dictionary<string, string> Of(string options) =>
        options.Split(';').Select(o => o.Split('=')).ToDictionary(o => o[0], o => o[1]);

    /// <summary>PEFT on the embedded model, exported into the folder; without PEFT the test ends here, skipped.</summary>
    private static PeftPeer OpenPeft(TempFolder folder)
    {
        var command = Environment.GetEnvironmentVariable("TENON_PEFT") ?? "";
        Assert.SkipWhen(command.Length == 0, "TENON_PEFT is not set");
        var model = Path.Combine(folder.Path, "model");
        using (var source = ModelSource.Open("tiny"))
            HuggingFaceExport.Write(model, source.Config, source.Weights, SafetensorsType.F32, null);
        return new PeftPeer(command, model, 1);
    }

    [Fact]
    public void Reads_every_methods_folder()
    {
        using var folder = new TempFolder();
        using var peer = OpenPeft(folder);
        var loaded = LanguageModel.Open("tiny", Precision.F32, 256);
        var plain = Logits(loaded, null);
        var faults = new List<string>();
        var read = 0;
        foreach (var name in AdapterMethod.All.Keys)
        {
            using var set = Create(loaded, name);
            if (PeftFolder.FreshConfig(set, "tiny") is null) continue;
            Compare(name, set, Path.Combine(folder.Path, name), 5e-5, f => PeftFolder.Save(set, f, "tiny"));
            read++;
        }

        // In its own form PEFT subtracts PiSSA's start by a decomposition of its own, in float32: with that in float64 it is as near as the
        // others.
        using (var set = Create(loaded, "pissa", new AdapterSettings { Method = "pissa", Init = "peft" }))
        {
            Compare("pissa, PEFT's form", set, Path.Combine(folder.Path, "single"), 5e-4, f => PeftFolder.Save(set, f, "tiny"));
            Compare("pissa, float64 svd", set, Path.Combine(folder.Path, "double"), 5e-5, f => PeftFolder.Save(set, f, "tiny"), "float64");
        }

        foreach (var settings in S_variants)
        {
            using var set = Create(loaded, settings.Method, settings);
            Compare($"{settings.Method}, {settings.Targets} {string.Join(' ', (settings.Options ?? []).Select(o => $"{o.Key}={o.Value}"))}",
                set, Path.Combine(folder.Path, $"variant-{read++}"), 2e-4, f => PeftFolder.Save(set, f, "tiny"));
        }

        Console.WriteLine($"{read} folders read");
        faults.ShouldBeEmpty();

        void Compare(string what, AdapterSet set, string adapter, double tolerance, Action<string> save, string? svd = null)
        {
            var ours = Logits(loaded, set);
            var (moved, output) = (Distance(ours, plain), adapter + ".safetensors");
            Directory.CreateDirectory(adapter);
            save(adapter);
            try
            {
                peer.Ask(
                    new JsonObject
                    {
                        ["op"] = "logits", ["adapter"] = adapter, ["ids"] = new JsonArray([.. S_ids.Select(i => (JsonNode)i)]),
                        ["output"] = output, ["svd"] = svd
                    });
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

    /// <summary>
    /// The other way: PEFT makes folders of drawn configurations, and and what is read here has its logits and counts.
    /// <c>TENON_PEFT_DRAW</c> is the seed of the draw.
    /// </summary>
    [Fact]
    public void Is_read_as_peft_reads_itself()
    {
        using var folder = new TempFolder();
        using var peer = OpenPeft(folder);
        var loaded = LanguageModel.Open("tiny", Precision.F32, 256);
        var faults = new List<string>();
        var number = 0;
        foreach (var (type, config) in
            PeftConfigurations.Draw(
            int.Parse(Environment.GetEnvironmentVariable("TENON_PEFT_DRAW") ?? "1", System.Globalization.CultureInfo.InvariantCulture)))
        {
            var (adapter, what) = (folder[$"peft-{number++}"], $"{type} {config.ToJsonString()}");
            try
            {
                var answer = peer.Ask(new JsonObject
                {
                    ["op"] = "make", ["type"] = type, ["config"] = config.DeepClone(), ["seed"] = number, ["adapter"] = adapter,
                    ["ids"] = new JsonArray([.. S_ids.Select(i => (JsonNode)i)]), ["output"] = adapter + ".safetensors",
                });
                using var set = PeftFolder.Load(loaded.Model, adapter);
                using var file = SafetensorsFile.Open(adapter + ".safetensors");
                var expected = file.ReadFloats("logits");
                var distance = Distance(Logits(loaded, set), expected) / Math.Max(1, expected.Max(Math.Abs) / 30);
                Console.WriteLine($"{distance:E1} {what}");
                // Both compute in float32, PEFT its decompositions too.
                if (!(distance < (set.Method.Name == "olora" ? 1e-3 : 2e-4))) faults.Add($"{what}: {distance:E1} apart");
                if (set.TrainableCount != (long)answer["trainable"]!)
                    faults.Add($"{what}: {set.TrainableCount} trained values, PEFT {answer["trainable"]}");
            }
            catch (TenonException e)
            {
                faults.Add($"{what}: {e.Message}");
            }
        }

        Console.WriteLine($"{number} configurations read");
        faults.ShouldBeEmpty();
    }

    /// <summary>A fresh adapter, every trained tensor moved by a twentieth of its own size, at least 0.01.</summary>
    private static AdapterSet Create(LanguageModel loaded, string name, AdapterSettings? variant = null)
    {
        var settings = variant is not null ? variant with { Rank = 8 } : new AdapterSettings
        {
            Method = name, Rank = 8, Start = new() { Calibration = [S_ids] },
            Options = AdapterSettings.Texts(name == "trainable-tokens" ? new Dictionary<string, string> { ["tokens"] = "49,50,51" } : []),
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
                for (var i = 0; i < values.Length; i++)
                    values[i] += (float)(scale * key.Normal(RandomPurpose.ModelInit, 0, draw, 0, (uint)i));
            });
        }

        return set;
    }

    private static float[] Logits(LanguageModel loaded, AdapterSet? set)
    {
        var (tape, batch) = (new Tape(), TokenBatch.Of(S_ids, [new TokenRun(0, S_ids.Length, 0)], set));
        return loaded.Model.Logits(tape, loaded.Model.Forward(tape, batch), batch).ToArray();
    }

    private static double Distance(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max();
}
