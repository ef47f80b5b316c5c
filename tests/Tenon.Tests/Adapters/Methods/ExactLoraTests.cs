using Tenon.Adapters;
using Tenon.Models.Weights;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>Methods whose update is exactly of low rank, written as plain LoRA: PEFT's own conversion gives the same weights.</summary>
public class ExactLoraTests
{
    [Theory]
    [InlineData("miss-default", 5)]
    [InlineData("miss-mini", 4)]
    [InlineData("vera-saved", 8)]
    [InlineData("delora", 4)]
    [InlineData("gralora", 8)]
    public void IsPeftsConversion(string folder, int rank)
    {
        using var golden = AdapterGolden.Open("base-qwen2");
        using var temporary = new TempFolder();
        using (var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, folder, "adapter"))) LoraConversion.Save(adapter, temporary.Path, "base").ShouldBe(rank);
        using var plain = PeftFolder.Load(golden.Model, temporary.Path);
        plain.Method.Name.ShouldBe("lora");
        using var expected = SafetensorsFile.Open(Path.Combine(golden.Root, "convert-" + folder, "expected.safetensors"));
        AdapterGolden.Distance(golden.Logits(plain), expected.ReadDoubles("logits")).ShouldBeLessThan(2e-5);
        using var merged = MergedWeights.Of(plain);
        var compared = 0;
        foreach (var key in expected.Tensors.Keys.Where(k => k.StartsWith("merged.", StringComparison.Ordinal)))
        {
            var name = key["merged.".Length..].Replace("base_model.model.", "");
            var values = new float[merged.Tensors[name].Count];
            merged.Read(name, 0, values);
            AdapterGolden.Distance(values, expected.ReadDoubles(key)).ShouldBeLessThan(5e-6, key);
            compared++;
        }

        compared.ShouldBeGreaterThan(0);
    }
}
