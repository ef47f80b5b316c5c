using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Rewards;
using Tenon.Rewards.External;
using Tenon.Rollouts;
using Tenon.Runs.Evaluations;
using Tenon.Tensors;
using Tenon.Text.Prompting;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>
/// K samples of every problem, judged by the outcome rewards: for a run's own evaluations and for <c>tenon eval</c>. Samples of all
/// problems go through one batch; each
/// is on disk as soon as it is done, so that an evaluation that was killed goes on to the same bytes. What a sample becomes depends on its
/// problem's id, its number,
/// the model and the settings alone.
/// </summary>
public sealed class Evaluator(CausalModel model, PromptEncoder encoder, IReadOnlyList<WeightedReward> rewards, GeneratorOptions options)
{
    private readonly GenerationEngine _engine = new(model, options);
    private readonly IReadOnlyList<WeightedReward> _outcomes = [.. rewards.Where(r => r.Reward.IsOutcome)];

    /// <summary>What identifies this evaluation: model and adapter, problems, settings, numerics.</summary>
    /// <param name="benchmark">The problems.</param>
    /// <param name="prompts">Their prompts.</param>
    /// <param name="settings">How they are put and judged.</param>
    /// <param name="adapter">What is known of the adapter, its fingerprint at least; null for the base model.</param>
    /// <param name="step">The step of a run's own evaluation.</param>
    public EvaluationIdentity Identity(Benchmark benchmark, EvaluationPrompts prompts, EvaluationSettings settings, JsonNode? adapter,
        int? step = null)
    {
        var identity = new JsonObject
        {
            ["benchmark"] = benchmark.Name,
            ["samples"] = benchmark.Samples,
            ["problems"] = benchmark.Problems.Count,
            ["problems_sha256"] = prompts.ProblemsHash,
            ["columns_sha256"] = prompts.ColumnsHash,
            ["model"] = model.Fingerprint,
            ["adapter"] = adapter?.DeepClone(),
            ["tokenizer"] = new JsonObject { ["prompts_sha256"] = prompts.IdsHash },
        };
        settings.AddTo(identity, prompts.Longest);
        identity["precision"] = options.Precision.ToString().ToLowerInvariant();
        identity["numerics"] = Numerics.Of(options.Precision);
        identity["tier"] = options.Precision.NamedTier();
        if (step is { } at) identity["step"] = at;
        return new EvaluationIdentity(identity);
    }

    /// <summary>Evaluates, or goes on with what the folder holds; gives the figures, which the folder's summary has too.</summary>
    /// <param name="folder">An evaluation of this identity.</param>
    /// <param name="identity">The identity.</param>
    /// <param name="benchmark">The problems.</param>
    /// <param name="prompts">Their prompts.</param>
    /// <param name="settings">How they are put and judged.</param>
    /// <param name="adapter">The adapter that answers; null for the base model.</param>
    /// <param name="progress">Is told the samples that are done, of how many.</param>
    /// <param name="cancel">Gives the evaluation up at the next token; what is done stays.</param>
    public EvaluationFigures Run(EvaluationFolder folder, EvaluationIdentity identity, Benchmark benchmark, EvaluationPrompts prompts,
        EvaluationSettings settings,
        IAdapter? adapter = null, Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        var total = benchmark.Problems.Count * benchmark.Samples;
        var finished = new List<(DrawnPrompt Prompt, GeneratedSample Sample)>();
        var unsampled = new List<EvaluationSample>();
        try
        {
            foreach (var prompt in prompts.All)
            {
                var missing = Enumerable.Range(0, benchmark.Samples).Where(j => !folder.Samples.ContainsKey((prompt.Problem.Id, j)))
                    .ToList();
                if (missing.Count == 0) continue;
                if (Unsampled(prompt, settings, prompts) is { } line) unsampled.AddRange(missing.Select(j => line with { Sample = j }));
                else
                    foreach (var (first, count) in Stretches(missing))
                        _engine.Submit(Request(prompt, settings, adapter, first, count), sample => finished.Add((prompt, sample)));
            }

            folder.Append(unsampled);
            progress?.Invoke(folder.Samples.Count, total);
            while (_engine.Step())
            {
                if (finished.Count > 0)
                {
                    folder.Append(Judged(finished, prompts, settings));
                    finished.Clear();
                    progress?.Invoke(folder.Samples.Count, total);
                }

                cancel.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            _engine.CancelAll();
        }

        var figures = EvaluationFigures.Of(benchmark.Name, benchmark.Samples, [.. folder.Ordered()], identity);
        folder.Finish(figures.Json);
        return figures;
    }

    private static GenerationRequest Request(DrawnPrompt prompt, EvaluationSettings settings, IAdapter? adapter, int first, int count,
        StopRule? stop) =>
        new(prompt.Prompt, count, settings.MaxNewTokens, EvaluationPrompts.PlaceOf(prompt.Problem, settings.Seed))
        {
            Adapter = adapter,
            FirstSample = first,
            Sampling = settings.Sampling,
            Stop = stop,
        };

    private GenerationRequest Request(DrawnPrompt prompt, EvaluationSettings settings, IAdapter? adapter, int first, int count) =>
        Request(prompt, settings, adapter, first, count, settings.Stop.Count == 0 ? null : StopTexts.Rule(settings.Stop, encoder));

    /// <summary>
    /// The line of a problem that is not sampled: its prompt leaves no room, or no reward could judge its gold. Null for any other.
    /// </summary>
    private EvaluationSample? Unsampled(DrawnPrompt prompt, EvaluationSettings settings, EvaluationPrompts prompts)
    {
        var completion =
            RolloutJudge.Completion(prompts.Rendered[prompt.Problem.Id], "", new GeneratedSample(0, 0, [], [], [], FinishReason.Stop),
            settings.MaxNewTokens);
        foreach (var reward in _outcomes.Select(r => r.Reward)
            .Where(r => r is not IBatchReward { JudgesBatches: true } and not IDisposable))
            if (reward.Judge(prompt.Problem, completion).Skipped is { } skipped)
                return Line(prompt, prompts) with { Skipped = skipped, Reason = skipped };
        var fits = prompt.Prompt.Length <= (settings.MaxPromptTokens ?? int.MaxValue)
            && prompt.Prompt.Length + settings.MaxNewTokens <= model.MaxLength;
        return fits ? null : Line(prompt, prompts)
            with
        { Score = 0, Correct = false, Reason = "prompt-too-long", Finish = EvaluationSample.TooLong };
    }

    private List<EvaluationSample> Judged(List<(DrawnPrompt Prompt, GeneratedSample Sample)> finished, EvaluationPrompts prompts,
        EvaluationSettings settings)
    {
        var texts = finished.Select(f => StopTexts.Cut(encoder.Decode(f.Sample.Ids), settings.Stop)).ToList();
        var verdicts = new RolloutJudge(_outcomes, options.Pool).Judge([.. finished.Select((f, i) =>
            (f.Prompt.Problem,
            RolloutJudge.Completion(prompts.Rendered[f.Prompt.Problem.Id], texts[i], f.Sample, settings.MaxNewTokens)))]);
        return [.. finished.Select((f, i) =>
        {
            var outcome = WeightedReward.Outcome(_outcomes, verdicts[i]);
            var skipped = verdicts[i].FirstOrDefault(v => v.Skipped is not null);
            var spoken = skipped ?? verdicts[i][0];
            return Line(f.Prompt, prompts) with
            {
                Sample = f.Sample.Sample,
                Text = texts[i],
                Answer = verdicts[i].Select(v => v.Extracted).FirstOrDefault(a => a is not null),
                Score = outcome is { } right ? right ? 1 : 0 : double.NaN,
                Correct = outcome,
                Reason = spoken.Reason,
                Skipped = outcome is null ? skipped?.Skipped ?? "no-verdict" : null,
                Tokens = f.Sample.Ids.Length,
                Finish = f.Sample.Finish == FinishReason.Stop ? EvaluationSample.Stopped : EvaluationSample.AtLimit,
            };
        })];
    }

    private static EvaluationSample Line(DrawnPrompt prompt, EvaluationPrompts prompts) => new()
    {
        Problem = prompt.Problem.Id,
        Sample = 0,
        Subject = Field(prompt.Problem, "subject", "type", "category"),
        Level = Field(prompt.Problem, "level", "difficulty"),
        Cluster = Field(prompt.Problem, "cluster"),
        Question = prompt.Problem.Text,
        Prompt = prompts.Rendered[prompt.Problem.Id],
        Gold = prompt.Problem.Answer,
    };

    private static string? Field(Problem problem, params string[] names)
    {
        foreach (var name in names)
            if (problem.Fields?.TryGetValue(name, out var value) == true && value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                return value.ToString();
        return null;
    }

    // Samples in a row share their prompt's computation.
    private static IEnumerable<(int First, int Count)> Stretches(List<int> numbers)
    {
        for (var i = 0; i < numbers.Count;)
        {
            var end = i + 1;
            while (end < numbers.Count && numbers[end] == numbers[end - 1] + 1) end++;
            yield return (numbers[i], end - i);
            i = end;
        }
    }
}
