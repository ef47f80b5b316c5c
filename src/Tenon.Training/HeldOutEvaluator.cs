using System.Text.Json.Nodes;
using Tenon.Models.Generation;
using Tenon.Runs;
using Tenon.Training.Rollouts;

namespace Tenon.Training;

/// <summary>Evaluation during a run: K samples of every held-out problem at places of their own, the same at every step, judged by the run's outcome rewards.</summary>
public sealed class HeldOutEvaluator
{
    private readonly TrainingSetup setup;
    private readonly RolloutCollector collector;

    /// <summary>An evaluator with the run's prompts and rewards and the evaluation's own temperature.</summary>
    public HeldOutEvaluator(TrainingSetup setup, GeneratorOptions options)
    {
        this.setup = setup;
        collector = new RolloutCollector(setup.Model, setup.Encoder, setup.Rewards, options with { Sampling = new SamplingSettings { Temperature = setup.Settings.Evaluate.Temperature } });
    }

    /// <summary>Evaluates the adapter; returns what is shown and what <c>eval/</c> keeps.</summary>
    public (EvaluationShown Shown, JsonObject Json) Run(int step, HeldOut heldOut, CancellationToken cancel)
    {
        var settings = setup.Settings;
        var limit = settings.Evaluate.MaxNewTokens ?? settings.Rollout.MaxNewTokens;
        var prompts = heldOut.Problems.Select((p, i) => new DrawnPrompt(p, i, Settings.Prompts.Encode(setup.Encoder, settings.Data.Prompt, p, settings.Data.System)))
            .Where(p => p.Prompt.Length + limit <= setup.Model.MaxLength).ToList();
        var statistics = new BatchStatistics(setup.Rewards);
        foreach (var group in collector.Collect(prompts, heldOut.Samples, limit, new RandomPlace((ulong)settings.Seed, RandomPurpose.Evaluation), setup.Adapter, cancel: cancel)) statistics.Add(group);
        var shares = statistics.Drawn.Select(g => g.Rollouts.Count(r => statistics.IsRight(r) == true) / (double)g.Rollouts.Count).ToList();
        var mean = shares.Count == 0 ? double.NaN : shares.Sum() / shares.Count;
        var error = shares.Count < 2 ? double.NaN : Math.Sqrt(shares.Sum(s => (s - mean) * (s - mean)) / (shares.Count - 1) / shares.Count);
        var metrics = new MetricValues();
        statistics.Fill(metrics);
        var shown = new EvaluationShown(step, heldOut.Name, mean, error, shares.Count, heldOut.Samples, shares.Count == 0 ? double.NaN : shares.Count(s => s > 0) / (double)shares.Count, metrics[StepMetric.Truncated], metrics[StepMetric.LengthMean]);
        return (shown, ToJson(shown, statistics));
    }

    private static JsonObject ToJson(EvaluationShown shown, BatchStatistics statistics) => new()
    {
        ["step"] = shown.Step,
        ["benchmark"] = shown.Benchmark,
        ["accuracy"] = RunJson.Finite(shown.Accuracy),
        ["standard_error"] = RunJson.Finite(shown.StandardError),
        ["pass_at_k"] = RunJson.Finite(shown.PassAtK),
        ["samples"] = shown.Samples,
        ["problem_count"] = shown.Problems,
        ["truncated"] = RunJson.Finite(shown.Truncated),
        ["length_mean"] = RunJson.Finite(shown.LengthMean),
        ["problems"] = new JsonArray([.. statistics.Drawn.Select(g => (JsonNode)new JsonObject
        {
            ["id"] = g.Problem.Id,
            ["problem"] = g.Problem.Text,
            ["answer"] = g.Problem.Answer,
            ["samples"] = new JsonArray([.. g.Rollouts.Select(r => (JsonNode)new JsonObject
            {
                ["correct"] = statistics.IsRight(r), ["reason"] = r.Verdicts[0].Reason, ["completion"] = r.Text, ["tokens"] = r.Sampled.Ids.Length, ["truncated"] = r.IsTruncated,
            })]),
        })]),
    };
}
