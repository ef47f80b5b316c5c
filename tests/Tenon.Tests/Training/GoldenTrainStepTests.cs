using System.Text.Json;
using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Checkpoints;
using Tenon.Models.Decoders;
using Tenon.Models.Generation;
using Tenon.Models.Weights;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Objectives;
using OptimizerSettings = Tenon.Training.Settings.OptimizerSettings;

namespace Tenon.Tests.Training;

/// <summary>Whole optimizer steps against TRL's formulas on transformers and PEFT in float64.</summary>
public class GoldenTrainStepTests(ITestOutputHelper output)
{
    [Fact]
    public void Loss_norm_and_adapter_after_every_update_equal_the_references_in_any_split()
    {
        var root = GoldenFolder.Require("train-steps");
        var bases = GoldenFolder.Require("adapters");
        var count = 0;
        foreach (var path in Directory.GetFiles(root, "*.json").Order())
        {
            float[]? whole = null;
            foreach (var (budget, share) in new[] { (1_000_000, true), (60, true), (30, true), (1, true), (1_000_000, false), (20, false) })
            {
                var adapter = Run(path, bases, budget, share);
                if (!share) continue;
                whole ??= adapter;
                adapter.ShouldBe(whole, $"{path} cut at {budget} tokens");
            }

            count++;
        }

        output.WriteLine($"{count} cases, six splits each");
        count.ShouldBePositive();
    }

    private static float[] Run(string path, string bases, int budget, bool share)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        using var golden = SafetensorsFile.Open(Path.ChangeExtension(path, ".safetensors"));
        var settings = document.RootElement.GetProperty("settings");
        using var source = ModelSource.Open(Path.Combine(bases, settings.GetProperty("base").GetString()!));
        var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(MaxLength: 64), "");
        var lora = settings.GetProperty("lora");
        using var adapter = new Lora()
            .Create(model, new AdapterSettings { Rank = lora.GetProperty("r").GetInt32(), Alpha = lora.GetProperty("alpha").GetDouble() });
        foreach (var (name, tensor) in adapter.Tensors) tensor.Set(golden.ReadFloats("start." + name));
        var objective = Objective(settings);
        var updater =
            new PolicyUpdater(model, settings.GetProperty("temperature").GetDouble(), new PassOptions(budget, share, budget < 50),
            new Tape());
        var optimizer = new AdapterOptimizer(adapter.Trainable, new OptimizerSettings
        {
            LearningRate = settings.GetProperty("learning_rate").GetDouble(),
            WeightDecay = settings.GetProperty("weight_decay").GetDouble(), MaxGradNorm = settings.GetProperty("max_grad_norm").GetDouble(),
        }, 4);
        var updates = document.RootElement.GetProperty("updates").EnumerateArray().ToList();
        var batches = document.RootElement.GetProperty("batches").EnumerateArray().ToList();
        for (var b = 0; b < batches.Count; b++)
        {
            var groups = Groups(batches[b]);
            var statistics = new RolloutStatistics([new WeightedReward(new Fixed())]);
            var batch = PolicyBatch.Of(groups, statistics, objective);
            batch = batch with { SampledLogps = updater.Score(groups, adapter).Logps };
            if (objective.NeedsReference) batch = batch with { RefLogps = updater.Score(groups, null).Logps };
            var advantages = batch.Advantages(objective, [1]);
            foreach (var update in updates.Where(u => u.GetProperty("batch").GetInt32() == b))
            {
                var window = batch.Window(0, groups.Count, advantages);
                var report =
                    updater.Accumulate(groups, adapter, objective, window,
                    LossPlan.Of(objective, window, settings.GetProperty("max_new_tokens").GetInt32()));
                var (norm, _, _) = optimizer.Step();
                Math.Abs(report[StepMetric.Loss] - update.GetProperty("loss").GetDouble()).ShouldBeLessThan(1e-5, path);
                Math.Abs(norm / update.GetProperty("grad_norm").GetDouble() - 1).ShouldBeLessThan(1e-4, path);
                foreach (var (name, tensor) in adapter.Tensors)
                {
                    var expected = golden.ReadFloats($"after.{b}.{update.GetProperty("update").GetInt32()}.{name}");
                    for (var i = 0; i < expected.Length; i++)
                        Math.Abs(expected[i] - tensor.Value[i]).ShouldBeLessThan(2e-4f, $"{path} {name}");
                }
            }
        }

        return [.. adapter.Tensors.SelectMany(t => t.Tensor.ToArray())];
    }

    private static ObjectiveSettings Objective(JsonElement s)
    {
        var loss = s.GetProperty("loss").GetString();
        var preset = ObjectivePresets.Named(loss switch { "dr_grpo" => "dr-grpo", "cispo" => "cispo", "dapo" => "dapo", _ => "grpo" });
        var high = s.GetProperty("high").GetDouble();
        return preset with
        {
            Scale = s.GetProperty("scale")
            .GetString() switch
            { "group" => AdvantageScale.Group, "batch" => AdvantageScale.Batch, _ => AdvantageScale.None },
            ClipLow = s.GetProperty("low").GetDouble(),
            ClipHigh = high,
            WeightCap = loss == "cispo" ? high : preset.WeightCap,
            Kl = s.GetProperty("beta").GetDouble(),
            Ratio = s.TryGetProperty("sequence", out var sequence) && sequence.GetBoolean() ? RatioLevel.Sequence : RatioLevel.Token,
            MaskTruncated = s.TryGetProperty("mask_truncated", out var mask) && mask.GetBoolean(),
        };
    }

    private static List<RolloutGroup> Groups(JsonElement rows) =>
        [.. rows.EnumerateArray().GroupBy(r => r.GetProperty("group").GetInt32()).Select(g => new RolloutGroup(
        new Problem($"{g.Key}", "", ""), g.Key, Ids(g.First().GetProperty("prompt")), [.. g.Select((r, i) =>
        {
            var ids = Ids(r.GetProperty("completion"));
            var finish = r.GetProperty("truncated").GetBoolean() ? FinishReason.Length : FinishReason.Stop;
            return new Rollout(new GeneratedSample(g.Key, i, ids, new float[ids.Length], new float[ids.Length], finish), "",
                [new Verdict(r.GetProperty("reward").GetDouble(), null, "given")]);
        })]))];

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    private sealed class Fixed : IReward
    {
        public string Name => "given";

        public bool IsOutcome => true;

        public Verdict Judge(Problem problem, in Completion completion) => Verdict.Skip("given");
    }
}
