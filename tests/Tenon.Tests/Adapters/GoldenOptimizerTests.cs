using System.Text.Json;
using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Training;
using OptimizerSettings = Tenon.Training.Settings.OptimizerSettings;

namespace Tenon.Tests.Adapters;

/// <summary>
/// LoRA+, LoRA-FA, Riemannian preconditioning and the plain optimizers over adapters: parameters and losses after some steps are PEFT's.
/// </summary>
public class GoldenOptimizerTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("loraplus", "lora+", "", 0.001, 0)]
    [InlineData("loraplus-weight-decay", "lora+", "", 0.001, 0.1)]
    [InlineData("loraplus-dora", "lora+", "dora=true", 0.001, 0.1)]
    [InlineData("loraplus-embedding", "lora+", "embedding-learning-rate=1e-4", 0.001, 0)]
    [InlineData("loraplus-bias", "lora+", "", 0.001, 0.1)]
    [InlineData("lorafa", "lora-fa", "", 0.001, 0)]
    [InlineData("lorafa-weight-decay", "lora-fa", "", 0.001, 0.1)]
    [InlineData("riemannian-adamw", "lora", "riemannian=true", 0.001, 0)]
    [InlineData("riemannian-sgd", "lora", "riemannian=true", 0.001, 0)]
    [InlineData("adamw-20-decay-clip", "lora", "", 0.005, 0.1)]
    [InlineData("adamw-20-dora", "dora", "", 0.005, 0.1)]
    [InlineData("sgd-momentum", "lora", "", 0.002, 0)]
    public void Steps_are_those_of_the_reference(string name, string method, string option, double rate, double decay)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(AdapterGolden.File("", "optimizers.json")));
        var entry = document.RootElement.GetProperty(name);
        using var golden = AdapterGolden.OfCase(entry.GetProperty("start").GetString()!.Split('/')[0]);
        // Rates of the groups of B are those of A times the ratio.
        if (method == "lora+") option =
            $"ratio={Math.Round(entry.GetProperty("groups").EnumerateArray().Max(g => g.GetProperty("lr").GetDouble()) / rate)};{option}";
        using var adapter =
            golden.Open(entry.GetProperty("start").GetString()!,
            settings => settings with { Method = method, Options = Options(settings, option) });
        var optimizer = new AdapterOptimizer(adapter, Settings(name, rate, decay, entry), entry.GetProperty("steps").GetInt32());
        var losses = entry.GetProperty("losses").EnumerateArray().Select(l => l.GetDouble()).ToArray();
        for (var step = 0; step < losses.Length - 1; step++)
        {
            golden.Backward(adapter).ShouldBe(losses[step], 1e-4, $"loss {step}");
            optimizer.Step();
        }

        using var expected = SafetensorsFile.Open(Path.Combine(golden.Root, $"optimizer-{name}.safetensors"));
        var tensors = adapter.Tensors.DistinctBy(t => t.Name).ToDictionary(t => t.Name, t => t.Tensor);
        // A bias of k_proj moves all of a head's scores nearly alike: its gradient is float32 noise, which AdamW divides by its own size.
        // Single entries elsewhere may have as small a gradient.
        var differences =
            expected.Tensors.Keys.SelectMany(key =>
            Differences(tensors[key].Value, expected.ReadDoubles(key), key.EndsWith("k_proj.lora_B.bias", StringComparison.Ordinal) ? 100
            : 1)).ToList();
        var (worst, over) = (differences.Max(), differences.Count(d => d >= 2e-6));
        output.WriteLine($"{name}: largest difference {worst}, {over} of {differences.Count} above 2e-6");
        adapter.Trainable.Count.ShouldBe(expected.Tensors.Count);
        over.ShouldBeLessThanOrEqualTo(differences.Count / 2000);
        worst.ShouldBeLessThan(2e-5);
    }

    private static IEnumerable<double> Differences(ReadOnlySpan<float> ours, double[] expected, double slack)
    {
        var result = new double[expected.Length];
        for (var i = 0; i < result.Length; i++) result[i] = Math.Abs(ours[i] - expected[i]) / slack;
        return result;
    }

    private static Dictionary<string, JsonElement> Options(AdapterSettings settings, string option)
    {
        var options = new Dictionary<string, JsonElement>(settings.Options ?? []);
        foreach (var part in option.Split(';'))
            if (part.Split('=') is [var key, var value]) options[key] = JsonSerializer.SerializeToElement(value);
        return options;
    }

    private static OptimizerSettings Settings(string name, double rate, double decay, JsonElement entry)
    {
        var settings =
            new OptimizerSettings
            {
                LearningRate = rate, WeightDecay = decay, MaxGradNorm = entry.TryGetProperty("clip", out var clip)
            ? clip.GetDouble() : null
            };
        if (name.Contains("sgd", StringComparison.Ordinal))
            settings = settings with { Method = "sgd", Momentum = name == "sgd-momentum" ? 0.9 : null };
        return name == "adamw-20-dora" ? settings with { Beta2 = 0.95 } : settings;
    }
}
