using System.Text.Json;
using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Checkpoints;
using Tenon.Training;
using Tenon.Training.Optimizers;
using OptimizerSettings = Tenon.Training.Settings.OptimizerSettings;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>AdaLoRA's start, its allocator and penalty against PEFT's, and what a folder holds while ranks fall.</summary>
public class AdaLoraTests(ITestOutputHelper output)
{
    private static readonly AdapterSettings S_recipe = new() { Method = "adalora", Rank = 6, Targets = "q_proj,v_proj" };

    private static AdapterSettings Reference(JsonElement document) => S_recipe with
    {
        Rank = document.GetProperty("init_r").GetInt32(),
        Targets = string.Join(',', document.GetProperty("target_modules").EnumerateArray().Select(t => t.GetString())),
        Alpha = 8,
        Options = AdapterSettings.Texts(new Dictionary<string, string>
        {
            ["target-rank"] = document.GetProperty("target_r").ToString(),
            ["tinit"] = "5",
            ["tfinal"] = "10",
            ["delta-t"] = "2",
            ["total-step"] = "40",
        }),
    };

    [Fact]
    public void The_allocator_chooses_pefts_masks_at_every_step()
    {
        using var golden = AdapterGolden.OfCase("adalora-allocator");
        var folder = Path.Combine(golden.Root, "adalora-allocator");
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        using var file = SafetensorsFile.Open(Path.Combine(folder, "trajectory.safetensors"));
        using var adapter = AdapterMethod.Of("adalora").Create(golden.Model, Reference(document.RootElement));
        adapter.Method.BeforeRun(adapter, 40);
        var tensors = Start(adapter, file);
        var gradients = tensors.ToDictionary(t => t.Key, t => file.ReadFloats("gradients." + t.Key));
        foreach (var step in document.RootElement.GetProperty("steps").EnumerateArray())
        {
            var t = step.GetProperty("t").GetInt32();
            foreach (var (name, tensor) in tensors)
            {
                gradients[name].AsSpan(t * (int)tensor.Length, (int)tensor.Length).CopyTo(tensor.GradientOrZero());
                tensor.Update(values =>
                {
                    for (var i = 0; i < values.Length; i++) values[i] -= 0.05f * tensor.Gradient[i];
                });
            }

            RequireStep(adapter, step, file, t, 1e-5);
        }

        foreach (var (name, tensor) in tensors)
            AdapterGolden.Distance(tensor.Value, file.ReadDoubles("end." + name)).ShouldBeLessThan(2e-5, name);
        foreach (var (_, tensor) in tensors) tensor.ZeroGrad();
        adapter.Method.AddPenalty(adapter).ShouldBe(0.5 * document.RootElement.GetProperty("penalty_at_end").GetDouble(), 1e-5);
        foreach (var name in file.Tensors.Keys.Where(k => k.StartsWith("penalty_gradient.", StringComparison.Ordinal)))
            AdapterGolden.Distance(tensors[name["penalty_gradient.".Length..]].Gradient, [.. file.ReadDoubles(name).Select(v => v / 2)])
                .ShouldBeLessThan(1e-6, name);
        RequireFolder(adapter, folder, document.RootElement);
    }

    [Fact]
    public void Training_with_the_penalty_follows_pefts()
    {
        using var golden = AdapterGolden.OfCase("adalora-training");
        var folder = Path.Combine(golden.Root, "adalora-training");
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        using var file = SafetensorsFile.Open(Path.Combine(folder, "trajectory.safetensors"));
        using var adapter = AdapterMethod.Of("adalora").Create(golden.Model, Reference(document.RootElement));
        adapter.Method.BeforeRun(adapter, 40);
        Start(adapter, file);
        // The reference counts its steps from 0, a run from 1; so the update is done by hand here.
        var rule = UpdateRules.Of<float>(new OptimizerSettings());
        var slots = adapter.Trainable.Select(p => (Parameter: p, Shape: new TensorShape((int)p.Rows, (int)p.Columns, true)))
            .Select(s => (s.Parameter, s.Shape, State: rule.NewState(s.Shape))).ToList();
        foreach (var step in document.RootElement.GetProperty("steps").EnumerateArray())
        {
            var t = step.GetProperty("t").GetInt32();
            golden.Backward(adapter).ShouldBe(step.GetProperty("loss_without_penalty").GetDouble(), 2e-3);
            adapter.Method.AddPenalty(adapter).ShouldBe(0.5 * step.GetProperty("orthogonality_penalty").GetDouble(), 1e-4);
            foreach (var (parameter, shape, state) in slots)
                parameter.Update(values =>
                    rule.Apply(values, parameter.GradientOrZero(), shape, state, new UpdateArguments(t + 1, 5e-3, 0)));
            RequireStep(adapter, step, file, t, 1e-3);
            foreach (var slot in slots) slot.Parameter.ZeroGrad();
        }

        RequireFolder(adapter, folder, document.RootElement);
    }

    [Fact]
    public void Starts_at_the_base_and_keeps_its_budget()
    {
        using var golden = AdapterGolden.Open("base-qwen2");
        using var adapter = AdapterMethod.Of("adalora").Create(golden.Model, S_recipe with { Targets = "all-linear" });
        golden.Logits(adapter).ShouldBe(golden.Logits(null));
        adapter.TrainableCount.ShouldBe(adapter.Method.Count(golden.Model.Config, adapter.Settings)!.Value);
        var optimizer = new AdapterOptimizer(adapter, new OptimizerSettings { LearningRate = 5e-3 }, 20);
        var metrics = new Dictionary<string, double>();
        for (var step = 0; step < 20; step++)
        {
            golden.Backward(adapter);
            optimizer.Step((name, value) => metrics[name] = value);
        }

        metrics["adalora/budget"].ShouldBe(3 * adapter.Linears.Count);
        metrics["adalora/kept"].ShouldBe(3 * adapter.Linears.Count);
        metrics.ShouldContainKey("adalora/penalty");
    }

    [Theory]
    [InlineData(4)]
    [InlineData(17)]
    public void A_run_goes_on_from_a_folder_to_the_same_bits(int cut)
    {
        using var golden = AdapterGolden.Open("base-qwen2");
        using var whole = AdapterMethod.Of("adalora").Create(golden.Model, S_recipe);
        var optimizer = new AdapterOptimizer(whole, new OptimizerSettings { LearningRate = 5e-3 }, 20);
        var folder = Directory.CreateTempSubdirectory("tenon-adalora");
        Dictionary<string, float[]> state = [];
        for (var step = 0; step < 20; step++)
        {
            if (step == cut)
            {
                PeftFolder.Save(whole, folder.FullName, "base");
                state = optimizer.State.ToDictionary(s => s.Name, s => s.Values.ToArray());
            }

            golden.Backward(whole);
            optimizer.Step();
        }

        using var resumed = PeftFolder.Load(golden.Model, folder.FullName);
        var second = new AdapterOptimizer(resumed, new OptimizerSettings { LearningRate = 5e-3 }, 20);
        second.Restore(cut, name => state[name]);
        for (var step = cut; step < 20; step++)
        {
            golden.Backward(resumed);
            second.Step();
        }

        foreach (var (left, right) in whole.Tensors.Concat(whole.PrivateTensors).Zip(resumed.Tensors.Concat(resumed.PrivateTensors)))
            right.Tensor.ToArray().ShouldBe(left.Tensor.ToArray(), left.Name);
        PeftFolder.Save(whole, folder.FullName, "base");
        foreach (var file in Directory.GetFiles(folder.FullName, "tenon_*")) File.Delete(file);
        using var pruned = PeftFolder.Load(golden.Model, folder.FullName);
        pruned.TrainableCount.ShouldBeLessThan(whole.TrainableCount);
        AdapterGolden.Distance(golden.Logits(pruned), [.. golden.Logits(whole).Select(v => (double)v)]).ShouldBeLessThan(1e-5);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_target_of_the_first_rank_masks_nothing()
    {
        using var golden = AdapterGolden.Open("base-qwen2");
        using var adapter = AdapterMethod.Of("adalora")
            .Create(golden.Model, S_recipe
            with
            { Options = AdapterSettings.Texts(new Dictionary<string, string> { ["target-rank"] = "6" }) });
        var optimizer = new AdapterOptimizer(adapter, new OptimizerSettings { LearningRate = 1e-4 }, 8);
        var metrics = new Dictionary<string, double>();
        for (var step = 0; step < 8; step++)
        {
            golden.Backward(adapter);
            optimizer.Step((name, value) => metrics[name] = value);
        }

        metrics["adalora/kept"].ShouldBe(6 * adapter.Linears.Count);
    }

    [Theory]
    [InlineData("tinit", "40", "budgeting")]
    [InlineData("target-rank", "7", "only falls")]
    [InlineData("orth-reg-weight", "-1", "0 or more")]
    [InlineData("beta1", "1", "above 0, below 1")]
    public void Wrong_options_are_errors(string option, string value, string part)
    {
        using var golden = AdapterGolden.Open("base-qwen2");
        var settings = S_recipe
            with
        {
            Options = AdapterSettings.Texts(new Dictionary<string,
            string>
            { [option] = value, ["total-step"] = "40", ["tfinal"] = "5" })
        };
        Should.Throw<TenonException>(() => AdapterMethod.Of("adalora").Create(golden.Model, settings)).Message.ShouldContain(part);
    }

    private static Dictionary<string, Tenon.Tensors.Parameter> Start(AdapterSet adapter, SafetensorsFile file)
    {
        var tensors = new Dictionary<string, Tenon.Tensors.Parameter>();
        foreach (var (full, tensor) in adapter.Tensors)
        {
            var name =
                file.Tensors.Keys.Single(k => k.StartsWith("start.", StringComparison.Ordinal)
                && full.EndsWith(k["start.".Length..].Replace("base_model.model.", ""), StringComparison.Ordinal))["start.".Length..];
            tensor.Set(file.ReadFloats("start." + name));
            tensors[name] = tensor;
        }

        return tensors;
    }

    private void RequireStep(AdapterSet adapter, JsonElement step, SafetensorsFile file, int t, double tolerance)
    {
        var reports = new Dictionary<string, double>();
        adapter.Method.AfterStep(adapter, new MethodStep(t, 40, (name, value) => reports[name] = value));
        reports["adalora/budget"].ShouldBe(step.GetProperty("budget").GetInt32(), $"budget at {t}");
        if (step.TryGetProperty("threshold", out var threshold))
            reports["adalora/threshold"].ShouldBe(threshold.GetDouble(), 2e-3 * threshold.GetDouble(), $"threshold at {t}");
        foreach (var layer in adapter.Linears.OfType<AdaLoraLayer>())
            layer.E.ToArray().Select(e => e != 0)
                .ShouldBe(step.GetProperty("kept").GetProperty(layer.Layer.Path + ".lora_E").EnumerateArray().Select(k => k.GetBoolean()),
                $"{layer.Layer.Path} at {t}");
        float[] all = [.. adapter.Linears.OfType<AdaLoraLayer>().SelectMany(l => l.E.ToArray())];
        var worst = AdapterGolden.Distance(all, file.ReadDoubles("E")[(t * all.Length)..((t + 1) * all.Length)]);
        if (t % 10 == 0) output.WriteLine($"t {t}: E off by {worst}");
        worst.ShouldBeLessThan(tolerance, $"E at {t}");
    }

    private static void RequireFolder(AdapterSet adapter, string reference, JsonElement document)
    {
        var target = Directory.CreateTempSubdirectory("tenon-adalora");
        PeftFolder.Save(adapter, target.FullName, document.GetProperty("base").GetString()!);
        using (var ours = SafetensorsFile.Open(Path.Combine(target.FullName, PeftFolder.TensorFile)))
        using (var theirs = SafetensorsFile.Open(Path.Combine(reference, "adapter", PeftFolder.TensorFile)))
        {
            ours.Tensors.Keys.Order().ShouldBe(theirs.Tensors.Keys.Order());
            foreach (var (name, tensor) in theirs.Tensors) ours.Tensors[name].Shape.ShouldBe(tensor.Shape, name);
        }

        var config = Tenon.Adapters.Peft.PeftConfig.Read(target.FullName);
        JsonElement.DeepEquals(JsonDocument.Parse(config["rank_pattern"]!.ToJsonString()).RootElement, document.GetProperty("rank_pattern"))
            .ShouldBeTrue();
        config.Int("total_step").ShouldBe(40);
        target.Delete(recursive: true);
    }
}
