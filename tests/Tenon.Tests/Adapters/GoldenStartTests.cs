using System.Text.Json;
using Tenon.Adapters;
using Tenon.Adapters.Peft;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters;

/// <summary>
/// Fresh adapters of the reference's configurations: what is constant in PEFT's start is that constant here, and what is drawn has its
/// range and spread.
/// </summary>
public class GoldenStartTests(ITestOutputHelper output)
{
    /// <summary>Frozen factors that a folder brings along, and starts that are decompositions: their own tests compare those.</summary>
    private static readonly string[] S_decomposed = ["tinylora_", "psoft_"];

    [Fact]
    public void Every_kind_of_tensor_starts_as_pefts_does()
    {
        var (wrong, kinds, cases) = (new List<string>(), 0, 0);
        foreach (var folder in Directory.GetDirectories(GoldenFolder.Require("adapters")).Order()
            .Where(f => File.Exists(Path.Combine(f, "init.json")) && File.Exists(Path.Combine(f, "adapter", PeftFolder.ConfigFile))))
        {
            var name = Path.GetFileName(folder);
            using var golden = AdapterGolden.OfCase(name);
            var config = PeftConfig.Read(Path.Combine(folder, "adapter"));
            if (config.PeftType == "LORA" && config["init_lora_weights"]?.GetValueKind() == JsonValueKind.String
                && config.Text("init_lora_weights") != "gaussian") continue;
            AdapterSettings settings;
            try
            {
                settings = PeftSettings.Of(config.Validate(), golden.Model, folder);
            }
            catch (TenonException)
            {
                continue;
            }

            // A random start that the method does not offer: the folder's tensors say all.
            if (settings.Init is null
                && new[] { "init_weights", "init_ia3_weights" }.Any(f => config.Has(f) && config[f]?.GetValueKind() == JsonValueKind.False))
                continue;
            using var set = AdapterMethod.Of(settings.Method).Create(golden.Model, settings);
            var values = set.Tensors.DistinctBy(t => t.Name).GroupBy(t => Kind(t.Name))
                .ToDictionary(g => g.Key, g => g.SelectMany(t => t.Tensor.ToArray()).ToArray());
            using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "init.json")));
            foreach (var kind in document.RootElement.GetProperty("tensors").EnumerateObject())
            {
                if (S_decomposed.Any(d => kind.Name.Contains(d, StringComparison.Ordinal)
                    && !kind.Name.Contains("tinylora_v", StringComparison.Ordinal))
                    || kind.Name.Contains("base_layer", StringComparison.Ordinal)) continue;
                if (!values.TryGetValue(kind.Name, out var own) || own.Length == 0) continue;
                kinds++;
                if (Fault(own, kind.Value) is { } fault) wrong.Add($"{name} {kind.Name}: {fault}");
            }

            cases++;
        }

        output.WriteLine($"{cases} cases, {kinds} kinds of tensors");
        foreach (var fault in wrong) output.WriteLine("WRONG: " + fault);
        cases.ShouldBePositive();
        wrong.ShouldBeEmpty();
    }

    /// <summary>The reference's name of all tensors that differ by their layer alone.</summary>
    private static string Kind(string name)
    {
        const string layers = ".layers.";
        var at = name.IndexOf(layers, StringComparison.Ordinal);
        return at < 0 ? name : name[(name.IndexOf('.', at + layers.Length) + 1)..];
    }

    private static string? Fault(float[] own, JsonElement expected)
    {
        double Number(string field) => expected.GetProperty(field).GetDouble();
        if (own.Length != expected.GetProperty("count").GetInt32()) return $"{own.Length} values for {expected.GetProperty("count")}";
        if (expected.TryGetProperty("constant", out var constant))
            return own.All(v => Math.Abs(v - constant.GetDouble()) <= 1e-6 * Math.Max(1, Math.Abs(constant.GetDouble()))) ? null
                : $"from {own.Min()} to {own.Max()} for {constant}";
        if (own.Length < 32) return null;
        // Of n draws the spread is known to about 1 / sqrt(n).
        var (mean, slack) = (own.Average(v => (double)v), 8 / Math.Sqrt(own.Length));
        var deviation = Math.Sqrt(own.Average(v => (v - mean) * (v - mean)));
        var largest = Math.Max(Math.Abs(Number("min")), Math.Abs(Number("max")));
        if (Math.Abs(deviation / Number("std") - 1) > slack) return $"deviation {deviation} for {Number("std")}";
        if (Math.Abs(mean - Number("mean")) > slack * Number("std") * 1.5) return $"mean {mean} for {Number("mean")}";
        // A uniform start ends where PEFT's does: its largest draw and ours both come close to the bound.
        var isUniform = Number("std") > 0.5 * largest;
        return isUniform && own.Length > 200 && Math.Abs(own.Max(Math.Abs) / largest - 1) > 0.1 ? $"up to {own.Max(Math.Abs)} for {largest}"
            : null;
    }
}
