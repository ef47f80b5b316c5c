using System.Numerics;
using System.Text.Json;
using Tenon.Tests.Support;
using Tenon.Training.Optimizers;

namespace Tenon.Tests.Training.Optimizers;

/// <summary>Thirty updates of three tensors against torch 2.13 and transformers 5.23 (golden/optimizers, see its README).</summary>
public class OptimizerGoldenTests
{
    [Fact]
    public void Every_update_is_that_of_torch_and_transformers()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFolder.Require("optimizers"), "gradients.json")));
        GoldenLines.All(GoldenLines.Of("optimizers", "runs.jsonl"), "optimizer runs", run =>
        {
            if (run.Text("dtype") == "float64") Check<double>(file.RootElement, run);
            else Check<float>(file.RootElement, run);
        });
    }

    private static void Check<T>(JsonElement data, JsonElement run) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (name, s) = (run.Text("optimizer"), run.GetProperty("settings"));
        var rule = Rule<T>(name, s);
        var tensors = run.GetProperty("tensors").EnumerateArray().Select(x => x.GetInt32()).ToArray();
        T[] Numbers(JsonElement x) => x.Vector().Select(T.CreateTruncating).ToArray();
        var values = tensors.Select(t => Numbers(data.GetProperty("init")[t])).ToArray();
        var shapes = tensors.Select(t => data.GetProperty("shapes")[t].Vector()).Select(d =>
            d.Length == 1 ? new TensorShape(1, (int)d[0], false) : new TensorShape((int)d[0], (int)d[1], true)).ToArray();
        var states = shapes.Select(rule.NewState).ToArray();
        var decay = s.Optional("weight_decay") ?? (name == "AdamW" ? 0.01 : name.StartsWith("Muon", StringComparison.Ordinal) ? 0.1 : 0);
        var rate = s.Optional("lr") ?? 0;
        var bound = run.Optional("clip_grad_norm");
        var exact = typeof(T) == typeof(double);
        var tolerance = name == "Muon" ? 2e-2 : name == "MuonExact" ? exact ? 1e-10 : 1e-4 : exact ? 1e-12 : 2e-6;

        var expected = run.GetProperty("params");
        for (var step = 0; step < expected.GetArrayLength(); step++)
        {
            var gradients = tensors.Select(t => Numbers(data.GetProperty("gradients")[step][t])).ToArray();
            var norm = Math.Sqrt(gradients.Sum(g => GradientClipping.Squares<T>(g)));
            if (bound is not null)
                GoldenLines.ShouldBe("norm", norm, run.GetProperty("grad_norms")[step].Number(),
                    (exact ? 1e-12 : 2e-6) * Math.Max(1, norm));
            foreach (var gradient in gradients) GradientClipping.Scale<T>(gradient, GradientClipping.Factor(norm, bound));
            for (var i = 0; i < values.Length; i++)
            {
                rule.Apply(values[i], gradients[i], shapes[i], states[i], new UpdateArguments(step + 1, rate, decay));
                for (var k = 0; k < values[i].Length; k++)
                {
                    var wanted = expected[step][i][k].Number();
                    GoldenLines.ShouldBe($"step {step} tensor {i} [{k}]", double.CreateTruncating(values[i][k]), wanted,
                        tolerance * Math.Max(1, Math.Abs(wanted)));
                }
            }
        }
    }

    private static UpdateRule<T> Rule<T>(string name, JsonElement s) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (double First, double Second) Betas(double second) =>
            s.TryGetProperty("betas", out var betas) ? (betas[0].Number(), betas[1].Number()) : (0.9, second);
        bool Flag(string key, bool otherwise = false) => s.TryGetProperty(key, out var flag) ? flag.GetBoolean() : otherwise;
        double Or(string key, double otherwise) =>
            s.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : otherwise;
        var (b1, b2) = Betas(name == "Lion" ? 0.99 : 0.999);
        var eps = s.TryGetProperty("eps", out var pair) && pair.ValueKind == JsonValueKind.Array ? pair : default;
        return name switch
        {
            "AdamW" => new AdamRule<T>(b1, b2, Or("eps", 1e-8), decoupled: true, Flag("amsgrad")),
            "Adam" => new AdamRule<T>(b1, b2, Or("eps", 1e-8), decoupled: false, Flag("amsgrad")),
            "NAdam" => new NAdamRule<T>(b1, b2, Or("eps", 1e-8), Or("momentum_decay", 4e-3)),
            "RAdam" => new RAdamRule<T>(b1, b2, Or("eps", 1e-8)),
            "Adamax" => new AdamaxRule<T>(b1, b2, Or("eps", 1e-8)),
            "SGD" => new SgdRule<T>(Or("momentum", 0), Or("dampening", 0), Flag("nesterov")),
            "RMSprop" => new RmsPropRule<T>(Or("alpha", 0.99), Or("eps", 1e-8), Flag("centered"), Or("momentum", 0)),
            "Adagrad" => new AdagradRule<T>(Or("lr_decay", 0), Or("initial_accumulator_value", 0), Or("eps", 1e-10)),
            "Lion" => new LionRule<T>(b1, b2),
            "Adafactor" => new AdafactorRule<T>(
                Or("beta2_decay", -0.8), eps.ValueKind == JsonValueKind.Array && eps[0].ValueKind == JsonValueKind.Number ? eps[0].Number()
                : null,
                eps.ValueKind == JsonValueKind.Array ? eps[1].Number() : 1e-3, Or("d", 1)),
            "TransformersAdafactor" => new RelativeAdafactorRule<T>(new RelativeAdafactorSettings(
                Flag("relative_step", true), Flag("scale_parameter", true), Flag("warmup_init"), Or("decay_rate", -0.8),
                eps.ValueKind == JsonValueKind.Array ? eps[0].Number() : 1e-30, eps.ValueKind == JsonValueKind.Array ? eps[1].Number()
                : 1e-3,
                Or("clip_threshold", 1), s.Optional("beta1"))),
            "Muon" or "MuonExact" => new MuonRule<T>(
                Or("momentum", 0.95), Flag("nesterov", true), (int)Or("ns_steps", 5),
                s.TryGetProperty("adjust_lr_fn", out var kind) && kind.GetString() == "match_rms_adamw" ? MuonRate.MatchAdamW
                : MuonRate.Original,
                new AdamRule<T>(0.9, 0.999, 1e-8, decoupled: true)),
            _ => throw new ShouldAssertException($"unknown optimizer {name}"),
        };
    }
}
