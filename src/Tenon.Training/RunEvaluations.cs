using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Benchmarks;
using Tenon.Evaluation.Statistics;
using Tenon.Evaluation.Texts;
using Tenon.Models.Generation;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Runs.Evaluations;
using Tenon.Training.Settings;

namespace Tenon.Training;

/// <summary>
/// A run's evaluations: before the first step, every so many steps, after the last; the same problems and random numbers each time. One
/// that is given up keeps the samples
/// it has, and is made when the run goes on.
/// </summary>
/// <param name="setup">The run.</param>
/// <param name="folder">Where its evaluations lie.</param>
/// <param name="events">Is told their figures.</param>
public sealed class RunEvaluations(TrainingSetup setup, RunFolder folder, Action<TrainingEvent> events)
{
    /// <summary>How a run's recipe evaluates.</summary>
    public static EvaluationSettings SettingsOf(RunSettings recipe) => new()
    {
        Prompt = Prompts.Of(recipe.Data.Prompt, recipe.Model),
        System = recipe.Data.System,
        Sampling = new SamplingSettings { Temperature = recipe.Evaluate.Temperature },
        MaxNewTokens = recipe.Evaluate.MaxNewTokens ?? recipe.Rollout.MaxNewTokens,
        MaxPromptTokens = recipe.Rollout.MaxPromptTokens,
        Seed = (ulong)recipe.Evaluate.Seed,
        Grader = recipe.Reward.Count == 0 ? string.Join('+', recipe.Data.AllSources.Select(source => source.Task?.Name ?? "math").Distinct())
        : new JsonArray([.. recipe.Reward.Select(r => SettingsJson.Write(r))]),
    };

    /// <summary>
    /// The options of <c>tenon eval</c> that repeat a run's evaluation, to the same figure; none where the recipe has no benchmark.
    /// </summary>
    public static IReadOnlyList<string> Arguments(RunSettings recipe, string folder)
    {
        if (recipe.Evaluate.Benchmarks.Count + recipe.Evaluate.Texts.Count == 0) return [];
        var settings = SettingsOf(recipe);
        var arguments = new List<string>();
        if (recipe.Evaluate.Benchmarks.Count > 0) arguments.AddRange(["--benchmark", string.Join(',', recipe.Evaluate.Benchmarks)]);
        if (recipe.Evaluate.Texts.Count > 0) arguments.AddRange(["--text", string.Join(',', recipe.Evaluate.Texts)]);
        void Add(string name, string? value, string? unless = null)
        {
            if (value is not null && value != unless) arguments.AddRange([name, value]);
        }

        Add("--data", recipe.Evaluate.Data, new EvaluateSettings().Data);
        Add("--prompt", settings.Prompt, Prompts.Of(Prompts.ModelsOwn, recipe.Model));
        Add("--system", settings.System);
        Add("--chat-template", recipe.Data.ChatTemplate?.ToString().ToLowerInvariant());
        Add("--temperature", settings.Sampling.Temperature.ToString(CultureInfo.InvariantCulture), "1");
        Add("--max-new-tokens", settings.MaxNewTokens.ToString(CultureInfo.InvariantCulture));
        Add("--max-prompt-tokens", settings.MaxPromptTokens?.ToString(CultureInfo.InvariantCulture));
        Add("--problems", recipe.Evaluate.Problems?.ToString(CultureInfo.InvariantCulture));
        Add("--seed", settings.Seed.ToString(CultureInfo.InvariantCulture), "42");
        Add("--precision", recipe.Precision == Tensors.Precision.F32 ? null : recipe.Precision.ToString().ToLowerInvariant());
        // Rewards, generated problems, columns and a template's variables are in the run's recipe alone.
        if (recipe.Reward.Count > 0 || recipe.Template is { Count: > 0 } || recipe.TokenizerPre is not null
            || recipe.Data.Tasks.Count > 0 || recipe.Data.Sources.Count > 0 || recipe.Evaluate.Columns is not null
            || recipe.Data.ProblemColumn is not null || recipe.Data.AnswerColumn is not null || recipe.Data.IdColumn is not null)
            Add("--run", folder);
        return arguments;
    }

    /// <summary>
    /// Makes the evaluations of the step that a run begins with, or goes on from, where they are not there yet; true where the step's
    /// metrics have got them now.
    /// </summary>
    public bool RunPending(int step, CancellationToken stop)
    {
        if (!IsDue(step)) return false;
        var metrics = step == 0 ? new StepMetrics(0) : MetricsLog.Last(folder.MetricsFile, step);
        if (metrics is null
            || (setup.HeldOut.All(h => metrics.Has(StepMetric.Evaluation[h.Name]) || File.Exists(folder.EvaluationFile(h.Name, step)))
            && setup.Texts.All(t => metrics.Has(StepMetric.Perplexity[t.Name]))))
            return false;
        if (!Run(metrics, stop) || step == 0) return false;
        folder.ReplaceMetrics(metrics);
        return true;
    }

    /// <summary>
    /// Makes the evaluations that are due after a step and adds their accuracies to its metrics: all of them, or none where they are given
    /// up, so that a mean over the benchmarks is always one over the same.
    /// </summary>
    /// <returns>True where the metrics have them.</returns>
    public bool Run(StepMetrics metrics, CancellationToken stop)
    {
        if (!IsDue(metrics.Step)) return false;
        events(new PhaseMoved(StepPhase.Evaluating, 0));
        try
        {
            var accuracies = new List<(Metric Metric, double Accuracy)>();
            foreach (var benchmark in setup.HeldOut)
            {
                var shown = Run(metrics.Step, benchmark, stop);
                events(shown);
                accuracies.Add((StepMetric.Evaluation[benchmark.Name], shown.Accuracy));
            }

            foreach (var text in setup.Texts)
            {
                var shown = Run(metrics.Step, text, stop);
                events(shown);
                accuracies.Add((StepMetric.Perplexity[text.Name], shown.Perplexity));
            }

            foreach (var (metric, accuracy) in accuracies) metrics[metric] = accuracy;
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            events(new Remark(metrics.Step == 0 ? "the evaluation before the first step was not finished"
                : $"the evaluation after step {metrics.Step} was not finished; it goes on with the run"));
            return false;
        }
    }

    private bool IsDue(int step)
    {
        var (evaluate, steps) = (setup.Settings.Evaluate, setup.Settings.Steps);
        return setup.HeldOut.Count + setup.Texts.Count > 0
            && (step == 0 || step == steps || (evaluate.Every > 0 && step % evaluate.Every == 0));
    }

    private EvaluationDone Run(int step, Benchmark benchmark, CancellationToken stop)
    {
        var settings = SettingsOf(setup.Settings).For(benchmark);
        var prompts = EvaluationPrompts.Of(benchmark, settings, setup.Encoder);
        // An engine of its own for each evaluation: its cache does not stay beside that of the rollouts.
        var evaluator = new Evaluator(setup.Model, setup.Encoder, benchmark.Rewards ?? setup.Rewards, setup.Generation());
        var identity = evaluator.Identity(benchmark, prompts, settings, Adapter(), step);
        using var results = EvaluationFolder.Open(Place(benchmark.Name, step, identity), identity);
        var figures =
            evaluator.Run(results, identity, benchmark, prompts, settings, setup.Adapter,
            (done, of) => events(new PhaseMoved(StepPhase.Evaluating, done / (double)of)), stop);
        if (step == 0 && EvaluationRemarks.Of(figures) is { } remark) events(new Remark(remark));
        return new EvaluationDone(step, benchmark.Name, figures.Average.Mean, figures.Average.StandardError, figures.Judged,
            benchmark.Samples, figures.PassAtK.Mean,
            figures.Truncated, figures.LengthMean)
        { Low = figures.Average.Low, High = figures.Average.High, PassAtKError = Error(figures.PassAtK) };
    }

    private static double Error(Estimate e) => EvaluationDone.Honest(e.StandardError, e.Low, e.High);

    private TextDone Run(int step, TextCorpus text, CancellationToken stop)
    {
        var settings = TextSettings.Of(null, null, LanguageModel.ContextOf(setup.Model.Config));
        var evaluation = new TextEvaluation(setup.Model, setup.Tokenizer!, text, settings, setup.Precision);
        var identity = evaluation.Identity(Adapter(), step);
        using var results = TextFolder.Open(Place(text.Name, step, identity), identity);
        var figures = evaluation.Run(results, identity, setup.Adapter,
            (done, of) => events(new PhaseMoved(StepPhase.Evaluating, done / (double)of)), stop);
        return new TextDone(step, text.Name, figures.Perplexity, figures.Interval.Low, figures.Interval.High,
            figures.PerToken.StandardError);
    }

    // A run may be given other evaluation settings when it goes on: what was begun under the old ones is no part of it.
    private string Place(string name, int step, EvaluationIdentity identity)
    {
        var path = folder.EvaluationFolder(name, step);
        if (EvaluationFiles.ReadIdentity(path) is { } there && identity.Differences(there).Count > 0)
            Directory.Delete(path, recursive: true);
        return path;
    }

    private JsonObject Adapter()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(SettingsJson.Write(setup.Settings.Adapter).ToJsonString()));
        foreach (var (name, tensor) in setup.Adapter.Tensors)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes(tensor.Value));
        }

        return new JsonObject { ["method"] = setup.Adapter.Method.Name, ["sha256"] = Convert.ToHexStringLower(hash.GetHashAndReset()) };
    }
}
