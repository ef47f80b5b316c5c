using System.Text.Json;
using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>Methods whose update is exactly of low rank, written as plain LoRA: PEFT's own conversion gives the same weights.</summary>
public class ExactLoraTests
{
    [Theory]
    [InlineData("miss-default")]
    [InlineData("miss-mini")]
    [InlineData("vera-saved")]
    [InlineData("delora")]
    [InlineData("gralora")]
    public void Is_pefts_conversion(string folder)
    {
        using var golden = AdapterGolden.OfCase(folder);
        var rank = RankOf(folder);
        using var temporary = new TempFolder();
        using (var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, folder, "adapter")))
            LoraConversion.Save(adapter, temporary.Path, "base").Rank.ShouldBe(rank);
        using var plain = PeftFolder.Load(golden.Model, temporary.Path);
        plain.Method.Name.ShouldBe("lora");
        using var expected = SafetensorsFile.Open(Path.Combine(golden.Root, "convert-" + folder, "expected.safetensors"));
        AdapterGolden.Distance(golden.Logits(plain), expected.ReadDoubles("logits")).ShouldBeLessThan(2e-5);
        RequireMerged(golden, temporary.Path, folder);
    }

    private static int RankOf(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(AdapterGolden.File("convert-" + folder, "case.json")));
        return document.RootElement.GetProperty("rank").GetInt32();
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

    /// <summary>
    /// Updates that are not of low rank, at a rank that is asked for: the best approximation in the Frobenius norm is one, so PEFT's merged
    /// weights are ours.
    /// </summary>
    [Theory]
    [InlineData("fourierft")]
    [InlineData("waveft")]
    [InlineData("randlora")]
    [InlineData("miss-bat")]
    [InlineData("lora-patterns")]
    [InlineData("lokr")]
    [InlineData("loha")]
    [InlineData("tinylora-tied")]
    [InlineData("vblora")]
    public void Is_pefts_truncation(string folder)
    {
        using var golden = AdapterGolden.OfCase(folder);
        var rank = RankOf(folder);
        using var temporary = new TempFolder();
        using (var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, folder, "adapter")))
            LoraConversion.Save(adapter, temporary.Path, "base", rank).Rank.ShouldBe(rank);
        RequireMerged(golden, temporary.Path, folder);
    }

    /// <summary>
    /// Blocks of circulant matrices have singular values in pairs, and eight cut one: which half is kept is anyone's choice, how far it is
    /// from the update is not.
    /// </summary>
    [Fact]
    public void A_tie_is_cut_as_near_as_peft()
    {
        using var golden = AdapterGolden.OfCase("c3a");
        using var temporary = new TempFolder();
        using var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, "c3a", "adapter"));
        LoraConversion.Save(adapter, temporary.Path, "base", RankOf("c3a"));
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

    /// <summary>
    /// What PEFT refuses or gets wrong (it drops DoRA's magnitudes): the nearest factors hold all of the update at full rank, and less and
    /// less of it below.
    /// </summary>
    [Theory]
    [InlineData("dora-all-linear")]
    [InlineData("hra-even")]
    [InlineData("oft-neumann")]
    [InlineData("boft-blocks")]
    [InlineData("hira")]
    [InlineData("shira")]
    public void Holds_all_at_full_rank(string folder)
    {
        using var golden = AdapterGolden.OfCase(folder);
        using var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, folder, "adapter"));
        var logits = golden.Logits(adapter);
        var share = 0.0;
        var full = adapter.Linears.Max(l => Math.Min(l.Layer.Outputs, l.Layer.Inputs));
        foreach (var rank in new[] { 2, 8, full })
        {
            using var temporary = new TempFolder();
            var fit = LoraConversion.Save(adapter, temporary.Path, "base", rank);
            fit.Share.ShouldBeGreaterThanOrEqualTo(share);
            share = fit.Share;
            if (rank != full) continue;
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
