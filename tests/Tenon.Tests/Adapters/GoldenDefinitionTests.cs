using System.Text.Json;
using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Checkpoints;
using Tenon.Tensors;
using Tenon.Tests.Support;
using Tenon.Training;
using OptimizerSettings = Tenon.Training.Settings.OptimizerSettings;

namespace Tenon.Tests.Adapters;

/// <summary>
/// Methods that PEFT does not know, against their definitions in float64: start, logits, gradients, AdamW, and the plain LoRA that their
/// folder holds.
/// </summary>
public class GoldenDefinitionTests
{
    [Theory]
    [InlineData("milora")]
    [InlineData("rlpo")]
    [InlineData("rlmo")]
    [InlineData("oplora")]
    [InlineData("geora")]
    [InlineData("lora-xs")]
    public void Gives_the_definitions_numbers(string method)
    {
        using var document =
            JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFolder.Require("adapters"), "definition-" + method, "case.json")));
        using var golden = AdapterGolden.Open(document.RootElement.GetProperty("base").GetString()!);
        var folder = Path.Combine(golden.Root, "definition-" + method);
        using var adapter = AdapterMethod.Of(method).Create(golden.Model, Settings(method, document.RootElement));
        golden.Logits(adapter).ShouldBe(golden.Logits(null));
        adapter.TrainableCount.ShouldBe(document.RootElement.GetProperty("trainable_parameters").GetInt64());
        RequireStart(adapter, folder, method == "oplora");

        using var parts = SafetensorsFile.Open(Path.Combine(folder, "parts.safetensors"));
        var trained = Put(adapter, parts);
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        AdapterGolden.Distance(golden.Logits(adapter), expected.ReadDoubles("logits")).ShouldBeLessThan(2e-5);
        RequirePlainLora(golden, adapter, expected);
        RequireMerged(adapter, expected);
        var optimizer = new AdapterOptimizer(adapter, new OptimizerSettings { LearningRate = 1e-2, MaxGradNorm = null }, 5);
        for (var step = 0; step < 5; step++)
        {
            golden.Backward(adapter);
            foreach (var (name, tensor) in trained)
                if (step == 0)
                {
                    var gradient = expected.ReadDoubles("grad." + name);
                    AdapterGolden.Distance(tensor.Gradient, gradient).ShouldBeLessThan(1e-4 * gradient.Max(Math.Abs), name);
                }

            optimizer.Step();
        }

        foreach (var (name, tensor) in trained)
            AdapterGolden.Distance(tensor.Value, expected.ReadDoubles("adamw5." + name)).ShouldBeLessThan(1e-4, name);
    }

    private static AdapterSettings Settings(string method, JsonElement document) => new()
    {
        Method = method,
        Rank = document.GetProperty("r").GetInt32(),
        Alpha = document.GetProperty("alpha").GetDouble(),
        Targets = string.Join(',', document.GetProperty("target_modules").EnumerateArray().Select(t => t.GetString())),
        Options = document.GetProperty("settings").EnumerateObject().ToDictionary(s => s.Name, s => s.Value),
    };

    // The stored start of OPLoRA's A is another generator's draw.
    private static void RequireStart(AdapterSet adapter, string folder, bool isDrawn)
    {
        using var init = SafetensorsFile.Open(Path.Combine(folder, "init.safetensors"));
        foreach (var part in adapter.Linears.OfType<LoraLayer>().Where(l => init.Tensors.ContainsKey($"{l.Layer.Path}.start.A")))
        {
            if (isDrawn) part.A.Value.ToArray().ShouldAllBe(a => Math.Abs(a) <= 1 / Math.Sqrt(part.Layer.Inputs));
            else AdapterGolden.Distance(part.A.Value, init.ReadDoubles($"{part.Layer.Path}.start.A")).ShouldBeLessThan(1e-6);
            AdapterGolden.Distance(part.B.Value, init.ReadDoubles($"{part.Layer.Path}.start.B")).ShouldBeLessThan(1e-6);
        }
    }

    private static Dictionary<string, Parameter> Put(AdapterSet adapter, SafetensorsFile parts)
    {
        var trained = new Dictionary<string, Parameter>();
        foreach (var part in adapter.Linears.OfType<LoraXsLayer>())
        {
            foreach (var (name, tensor) in new[] { ("A", part.A), ("B", part.B), ("R", part.R) })
                tensor.Set(parts.ReadFloats($"{part.Layer.Path}.{name}"));
            trained[$"{part.Layer.Path}.R"] = part.R;
        }

        foreach (var part in adapter.Linears.OfType<LoraLayer>())
        {
            foreach (var (name, tensor) in new[] { ("A", part.A), ("B", part.B) })
            {
                tensor.Set(parts.ReadFloats($"{part.Layer.Path}.{name}"));
                trained[$"{part.Layer.Path}.{name}"] = tensor;
            }

            if (part is SubtractedLoraLayer subtracted)
            {
                AdapterGolden.Distance(subtracted.StartA.Value, parts.ReadDoubles($"{part.Layer.Path}.A0")).ShouldBeLessThan(1e-6);
                subtracted.StartA.Set(parts.ReadFloats($"{part.Layer.Path}.A0"));
                subtracted.StartB.Set(parts.ReadFloats($"{part.Layer.Path}.B0"));
            }

            if (part is not OploraLayer projected) continue;
            projected.Left.Set(parts.ReadFloats($"{part.Layer.Path}.Uk"));
            var (v, kept, inputs) = (parts.ReadFloats($"{part.Layer.Path}.Vk"), (int)projected.Right.Rows, part.Layer.Inputs);
            projected.Right.Set([.. Enumerable.Range(0, v.Length).Select(i => v[i % inputs * kept + i / inputs])]);
        }

        return trained;
    }

    private static void RequirePlainLora(AdapterGolden golden, AdapterSet adapter, SafetensorsFile expected)
    {
        using var folder = new TempFolder();
        PeftFolder.Save(adapter, folder.Path, "base");
        foreach (var file in Directory.GetFiles(folder.Path, "tenon_*")) File.Delete(file);
        using var plain = PeftFolder.Load(golden.Model, folder.Path);
        plain.Method.Name.ShouldBe("lora");
        AdapterGolden.Distance(golden.Logits(plain), expected.ReadDoubles("logits")).ShouldBeLessThan(2e-5);
    }

    private static void RequireMerged(AdapterSet adapter, SafetensorsFile expected)
    {
        using var merged = MergedWeights.Of(adapter);
        foreach (var key in expected.Tensors.Keys.Where(k => k.StartsWith("merged.", StringComparison.Ordinal)))
        {
            var values = new float[expected.Tensors[key].Count];
            merged.Read(key["merged.".Length..], 0, values);
            AdapterGolden.Distance(values, expected.ReadDoubles(key)).ShouldBeLessThan(2e-6, key);
        }
    }
}
