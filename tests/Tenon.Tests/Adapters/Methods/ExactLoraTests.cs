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
        using (var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, folder, "adapter"))) LoraConversion.Save(adapter, temporary.Path, "base").Rank.ShouldBe(rank);
        using var plain = PeftFolder.Load(golden.Model, temporary.Path);
        plain.Method.Name.ShouldBe("lora");
        using var expected = SafetensorsFile.Open(Path.Combine(golden.Root, "convert-" + folder, "expected.safetensors"));
        AdapterGolden.Distance(golden.Logits(plain), expected.ReadDoubles("logits")).ShouldBeLessThan(2e-5);
        RequireMerged(golden, temporary.Path, folder);
    }

    private static void RequireMerged(AdapterGolden golden, string converted, string folder)
    {
        using var plain = PeftFolder.Load(golden.Model, converted);
        using var expected = SafetensorsFile.Open(Path.Combine(golden.Root, "convert-" + folder, "expected.safetensors"));
        using var merged = MergedWeights.Of(plain);
        var compared = 0;
        foreach (var key in expected.Tensors.Keys.Where(k => k.StartsWith("merged.", StringComparison.Ordinal)))
        {
            var name = key["merged.".Length..].Replace("base_model.model.", "");
            AdapterGolden.Distance(Values(merged, name), expected.ReadDoubles(key)).ShouldBeLessThan(5e-6, key);
            compared++;
        }

        compared.ShouldBeGreaterThan(0);
    }

    /// <summary>Updates that are not of low rank, at a rank that is asked for: the best approximation in the Frobenius norm is one, so PEFT's merged weights are ours.</summary>
    [Theory]
    [InlineData("fourierft", 8)]
    [InlineData("waveft", 8)]
    [InlineData("randlora", 8)]
    [InlineData("miss-bat", 8)]
    [InlineData("lora-patterns", 4)]
    [InlineData("lokr", 8)]
    [InlineData("loha", 16)]
    [InlineData("tinylora-tied", 2)]
    [InlineData("vblora", 2)]
    public void IsPeftsTruncation(string folder, int rank)
    {
        using var golden = AdapterGolden.Open("base-qwen2");
        using var temporary = new TempFolder();
        using (var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, folder, "adapter"))) LoraConversion.Save(adapter, temporary.Path, "base", rank).Rank.ShouldBe(rank);
        RequireMerged(golden, temporary.Path, folder);
    }

    /// <summary>Blocks of circulant matrices have singular values in pairs, and eight cut one: which half is kept is anyone's choice, how far it is from the update is not.</summary>
    [Fact]
    public void ATieIsCutAsNearAsPeft()
    {
        using var golden = AdapterGolden.Open("base-qwen2");
        using var temporary = new TempFolder();
        using var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, "c3a", "adapter"));
        LoraConversion.Save(adapter, temporary.Path, "base", 8);
        using var plain = PeftFolder.Load(golden.Model, temporary.Path);
        using var expected = SafetensorsFile.Open(Path.Combine(golden.Root, "convert-c3a", "expected.safetensors"));
        using var whole = MergedWeights.Of(adapter);
        using var ours = MergedWeights.Of(plain);
        foreach (var key in expected.Tensors.Keys.Where(k => k.StartsWith("merged.", StringComparison.Ordinal)))
        {
            var name = key["merged.".Length..].Replace("base_model.model.", "");
            var update = Values(whole, name);
            Distance(Values(ours, name), update).ShouldBe(Distance(expected.ReadFloats(key), update), 1e-5);
        }

        static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => Math.Pow((double)x - y, 2)).Sum());
    }

    /// <summary>What PEFT refuses or gets wrong (it drops DoRA's magnitudes): the nearest factors hold all of the update at full rank, and less and less of it below.</summary>
    [Theory]
    [InlineData("dora-all-linear")]
    [InlineData("hra-even")]
    [InlineData("oft-neumann")]
    [InlineData("boft-blocks")]
    [InlineData("hira")]
    [InlineData("shira")]
    public void HoldsAllAtFullRank(string folder)
    {
        using var golden = AdapterGolden.Open("base-qwen2");
        using var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, folder, "adapter"));
        var logits = golden.Logits(adapter);
        var share = 0.0;
        foreach (var rank in new[] { 2, 8, 64 })
        {
            using var temporary = new TempFolder();
            var fit = LoraConversion.Save(adapter, temporary.Path, "base", rank);
            fit.Share.ShouldBeGreaterThanOrEqualTo(share);
            share = fit.Share;
            if (rank != 64) continue;
            share.ShouldBe(1, 1e-9);
            using var plain = PeftFolder.Load(golden.Model, temporary.Path);
            AdapterGolden.Distance(golden.Logits(plain), [.. logits.Select(l => (double)l)]).ShouldBeLessThan(2e-5);
        }
    }

    private static float[] Values(IWeightSource weights, string name)
    {
        var values = new float[weights.Tensors[name].Count];
        weights.Read(name, 0, values);
        return values;
    }
}
