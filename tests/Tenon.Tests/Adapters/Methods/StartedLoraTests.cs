using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Tensors.Linalg;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>
/// LoRA's starts from the weight: their products are PEFT's, the base is untouched, and folders are the functions that were trained.
/// </summary>
public class StartedLoraTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("lora-init-pissa", "pissa", "")]
    [InlineData("lora-init-pissa-rslora", "pissa", "rs-lora=true")]
    [InlineData("lora-init-olora", "olora", "")]
    [InlineData("lora-init-mica", "mica", "")]
    public void Starts_at_pefts_products(string folder, string method, string option)
    {
        using var golden = AdapterGolden.OfCase(folder);
        var (rank, alpha) = Sizes(folder);
        using var init = SafetensorsFile.Open(Path.Combine(golden.Root, folder, "init.safetensors"));
        string[] paths = [.. init.Tensors.Keys.Where(k => k.EndsWith(".B0A0", StringComparison.Ordinal)).Select(k => k[..^5])];
        var options = option.Split('=') is [var key, var value] ? new Dictionary<string, string> { [key] = value } : [];
        using var adapter = AdapterMethod.Of(method)
            .Create(golden.Model,
            new AdapterSettings
            {
                Method = method, Rank = rank, Alpha = alpha, Targets = string.Join(',', paths),
                Options = AdapterSettings.Texts(options)
            });
        golden.Logits(adapter).ShouldBe(golden.Logits(null));
        adapter.Linears.Count.ShouldBe(paths.Length);
        foreach (var part in adapter.Linears.Cast<LoraLayer>())
        {
            var path = part.Layer.Path;
            var (a, b) = (Matrix.From(part.A), Matrix.From(part.B));
            const double tolerance = 1e-5;
            ((double)part.Scale).ShouldBe(init.ReadDoubles(path + ".scaling")[0], 1e-6);
            AdapterGolden.Distance((b * a).ToFloats(), init.ReadDoubles(path + ".B0A0")).ShouldBeLessThan(tolerance, path);
            AdapterGolden.Distance(b.TimesTranspose(b).ToFloats(), init.ReadDoubles(path + ".B0B0T")).ShouldBeLessThan(tolerance, path);
        }
    }

    [Theory]
    [InlineData("lora-init-pissa")]
    [InlineData("lora-init-pissa-rslora")]
    [InlineData("lora-init-olora")]
    public void Plain_lora_of_a_folder_is_pefts_conversion(string folder)
    {
        using var golden = AdapterGolden.OfCase(folder);
        using var temporary = new TempFolder();
        using (var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, folder, "adapter")))
            LoraConversion.Save(adapter, temporary.Path, "base").Rank.ShouldBe(2 * Sizes(folder).Rank);
        using var plain = PeftFolder.Load(golden.Model, temporary.Path);
        using var expected = SafetensorsFile.Open(Path.Combine(golden.Root, folder, "converted.safetensors"));
        AdapterGolden.Distance(golden.Logits(plain), expected.ReadDoubles("logits")).ShouldBeLessThan(2e-4);
    }

    [Fact]
    public void A_randomised_start_takes_as_much_of_the_weight_as_pefts()
    {
        using var golden = AdapterGolden.OfCase("lora-init-pissa-niter-4");
        var (rank, alpha) = Sizes("lora-init-pissa-niter-4");
        using var init = SafetensorsFile.Open(Path.Combine(golden.Root, "lora-init-pissa-niter-4", "init.safetensors"));
        using var adapter = AdapterMethod.Of("pissa")
            .Create(golden.Model,
            new AdapterSettings
            {
                Method = "pissa", Rank = rank, Alpha = alpha,
                Options = AdapterSettings.Texts(new Dictionary<string, string> { ["niter"] = "4" })
            });
        golden.Logits(adapter).ShouldBe(golden.Logits(null));
        foreach (var part in adapter.Linears.Cast<LoraLayer>().Where(l => init.Tensors.ContainsKey(l.Layer.Path + ".base_weight")))
        {
            var weight = Matrix.From(part.Layer.Weight);
            var left = (weight - part.Scale * (Matrix.From(part.B) * Matrix.From(part.A))).FrobeniusNorm();
            var best = Math.Sqrt(Svd.Values(weight).Skip(rank).Sum(v => v * v));
            var reference = Math.Sqrt(init.ReadDoubles(part.Layer.Path + ".base_weight").Sum(v => v * v));
            left.ShouldBeInRange(best * (1 - 1e-6), Math.Max(reference, best) * 1.05);
        }
    }

    // PEFT's SVD runs in float32. What rounding turns a singular subspace by is the machine epsilon times the largest value over the gap
    // behind the last one that is kept.
    [Theory]
    [InlineData("lora-init-pissa")]
    [InlineData("lora-init-pissa-rslora")]
    public void Pefts_start_is_the_exact_one_up_to_its_rounding_over_the_gap(string folder)
    {
        using var golden = AdapterGolden.OfCase(folder);
        var rank = Sizes(folder).Rank;
        using var adapter = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, folder, "adapter"));
        using var initial = SafetensorsFile.Open(Path.Combine(golden.Root, folder, "initial", PeftFolder.TensorFile));
        foreach (var part in adapter.Linears.Cast<SubtractedLoraLayer>())
        {
            var name = "base_model.model." + part.Layer.Path;
            var a = Matrix.From(initial.ReadFloats(name + ".lora_A.weight"), rank, part.Layer.Inputs);
            var b = Matrix.From(initial.ReadFloats(name + ".lora_B.weight"), part.Layer.Outputs, rank);
            var values = Svd.Values(Matrix.From(part.Layer.Weight));
            var difference = part.Scale * (b * a - Matrix.From(part.StartB) * Matrix.From(part.StartA)).FrobeniusNorm();
            var bound = 1.2e-7 * values[0] * values[rank - 1] / (values[rank - 1] - values[rank]);
            output.WriteLine($"{part.Layer.Path}: off by {difference}, epsilon over the gap {bound}");
            difference.ShouldBeLessThan(20 * bound, part.Layer.Path);
        }
    }

    [Fact]
    public void A_randomised_start_is_saved_as_plain_lora()
    {
        using var golden = AdapterGolden.Open("base-qwen2");
        using var folder = new TempFolder();
        using var adapter = AdapterMethod.Of("pissa")
            .Create(golden.Model,
            new AdapterSettings
            {
                Method = "pissa", Rank = 4,
                Options = AdapterSettings.Texts(new Dictionary<string, string> { ["niter"] = "4" })
            });
        foreach (var parameter in adapter.Trainable)
            parameter.Update(values =>
            {
                for (var i = 0; i < values.Length; i++) values[i] *= 1.1f;
            });
        PeftFolder.Save(adapter, folder.Path, "base");
        foreach (var file in Directory.GetFiles(folder.Path, "tenon_*")) File.Delete(file);
        using var plain = PeftFolder.Load(golden.Model, folder.Path);
        AdapterGolden.Distance(golden.Logits(plain), [.. golden.Logits(adapter).Select(v => (double)v)]).ShouldBeLessThan(2e-5);
    }

    [Fact]
    public void A_randomised_start_with_its_initial_factors_is_the_function_that_was_trained()
    {
        using var golden = AdapterGolden.OfCase("lora-init-pissa-niter-4");
        var folder = Path.Combine(golden.Root, "lora-init-pissa-niter-4");
        var (rank, alpha) = Sizes("lora-init-pissa-niter-4");
        using var adapter = AdapterMethod.Of("pissa")
            .Create(golden.Model, new AdapterSettings { Method = "pissa", Rank = rank, Alpha = alpha });
        using (var initial = SafetensorsFile.Open(Path.Combine(folder, "initial", PeftFolder.TensorFile)))
        using (var trained = SafetensorsFile.Open(Path.Combine(folder, "adapter", PeftFolder.TensorFile)))
            foreach (var part in adapter.Linears.Cast<SubtractedLoraLayer>())
            {
                var name = "base_model.model." + part.Layer.Path;
                part.StartA.Set(initial.ReadFloats(name + ".lora_A.weight"));
                part.StartB.Set(initial.ReadFloats(name + ".lora_B.weight"));
                part.A.Set(trained.ReadFloats(name + ".lora_A.weight"));
                part.B.Set(trained.ReadFloats(name + ".lora_B.weight"));
            }

        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        AdapterGolden.Distance(golden.Logits(adapter), expected.ReadDoubles("logits")).ShouldBeLessThan(2e-5);
    }

    [Fact]
    public void A_randomised_start_of_pefts_is_refused()
    {
        using var golden = AdapterGolden.OfCase("lora-init-pissa-niter-4");
        Should.Throw<TenonException>(() =>
            PeftFolder.Load(golden.Model,
            Path.Combine(golden.Root, "lora-init-pissa-niter-4",
            "adapter"))).Message.ShouldContain("path_initial_model_for_weight_conversion");
    }

    [Theory]
    [InlineData("orthogonal", 3, "", "even rank")]
    [InlineData("mica", 17, "", "at most 16")]
    [InlineData("rlpo", 17, "", "at most 16")]
    [InlineData("milora", 4, "mode=best", "min, mid, max, random")]
    [InlineData("geora", 4, "rho=0", "above 0, at most 1")]
    [InlineData("oplora", 4, "k=16", "less than 16")]
    [InlineData("slicefine", 4, "slice-mode=block", "column, row")]
    [InlineData("pissa", 4, "niter=-1", "0 to 1000")]
    public void Wrong_settings_are_errors(string method, int rank, string option, string part)
    {
        var model = RandomModel.Create();
        var settings =
            new AdapterSettings
            {
                Method = method, Rank = rank,
                Options = AdapterSettings.Texts(option.Split('=') is [var key, var value] ? new Dictionary<string, string> { [key] = value }
            : [])
            };
        Should.Throw<TenonException>(() => AdapterMethod.Of(method).Create(model, settings)).Message.ShouldContain(part);
    }

    [Theory]
    [InlineData("min", 12)]
    [InlineData("mid", 6)]
    [InlineData("max", 0)]
    public void Milora_plus_takes_the_vectors_that_its_mode_names(string mode, int first)
    {
        var model = RandomModel.Create();
        using var adapter = AdapterMethod.Of("milora+")
            .Create(model,
            new AdapterSettings
            {
                Method = "milora+", Rank = 4, Targets = "k_proj",
                Options = AdapterSettings.Texts(new Dictionary<string, string> { ["mode"] = mode })
            });
        foreach (var part in adapter.Linears.Cast<LoraLayer>())
        {
            var places = Enumerable.Range(first, 4).ToArray();
            part.A.ToArray().ShouldBe(WeightSvd.Of(part.Layer.Weight).Rows(places));
        }
    }

    [Theory]
    [InlineData("column", 100, 28)]
    [InlineData("row", 2, 2)]
    public void Slice_fine_trains_its_slice_alone(string mode, int position, int first)
    {
        var model = RandomModel.Create();
        using var adapter = AdapterMethod.Of("slicefine").Create(model, new AdapterSettings
        {
            Method = "slicefine",
            Rank = 4,
            Targets = "q_proj",
            Options = AdapterSettings.Texts(new Dictionary<string, string> { ["slice-mode"] = mode, ["slice-position"] = $"{position}" }),
        });
        var part = (SliceFineLayer)adapter.Linears[0];
        part.Part.Update(values => values.Fill(7));
        var (before, after) = (Matrix.From(part.Layer.Weight), part.EffectiveWeight(Matrix.From(part.Layer.Weight).ToFloats()));
        for (var o = 0; o < 32; o++)
            for (var i = 0; i < 32; i++)
                after[o * 32 + i]
                    .ShouldBe((mode == "column" ? i : o) >= first && (mode == "column" ? i : o) < first + 4 ? 7 : (float)before[o, i]);
    }

    private static (int Rank, double Alpha) Sizes(string folder)
    {
        var config = PeftConfig.Read(Path.GetDirectoryName(AdapterGolden.File(folder, "adapter/adapter_config.json"))!);
        return (config.Int("r"), config.Number("lora_alpha"));
    }
}
